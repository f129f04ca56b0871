//! Every colour, size and duration of the window. Nothing else names one.

use egui::Color32;

/// Which look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Mode {
    /// Light surfaces on a dark ground.
    #[default]
    Dark,
    /// Dark text on a light ground.
    Light,
    /// For a room: light, 1.4 times as large, thick strokes, high contrast.
    Projector,
}

/// A look: read it from where it is needed, never copy a value out of it into code.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Which look this is.
    pub mode: Mode,
    /// The canvas' ground.
    pub canvas: Color32,
    /// The grid on it.
    pub grid: Color32,
    /// Panels.
    pub panel: Color32,
    /// Nodes, fields, buttons.
    pub node: Color32,
    /// Lines and borders.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Less important text.
    pub muted: Color32,
    /// Selection and focus.
    pub accent: Color32,
    /// State: fine.
    pub good: Color32,
    /// State: to be watched.
    pub warn: Color32,
    /// State: bad.
    pub bad: Color32,
    /// Text and marks on a ground of `accent`.
    pub on_accent: Color32,
    /// Thickness of ordinary lines, in points.
    pub stroke: f32,
    /// How large everything is, 1 or 1.4.
    pub scale: f32,
    /// Text sizes in points: labels, body, titles, the welcome screen's head.
    pub label: f32,
    /// See `label`.
    pub body: f32,
    /// See `label`.
    pub title: f32,
    /// See `label`.
    pub head: f32,
    /// The colours of event types in order of their definition (Okabe and Ito 2008, fit for colour-blind eyes).
    pub events: [Color32; 7],
}

/// The spacing grid, in points.
pub mod space {
    /// Between things that belong together.
    pub const XS: f32 = 4.0;
    /// Between controls.
    pub const S: f32 = 8.0;
    /// Inside panels.
    pub const M: f32 = 12.0;
    /// Between groups.
    pub const L: f32 = 16.0;
    /// Between sections.
    pub const XL: f32 = 24.0;
    /// Corner radius of controls.
    pub const RADIUS: f32 = 6.0;
    /// Corner radius of nodes.
    pub const NODE_RADIUS: f32 = 10.0;
}

/// Measures of the window's parts, in points; [`Theme::px`] scales them.
pub mod size {
    /// The smallest window in which everything works at its own size; see [`super::super::zoom`].
    pub const LEAST: [f32; 2] = [960.0, 600.0];
    /// A new window.
    pub const USUAL: [f32; 2] = [1280.0, 720.0];
    /// Height of the bar at the top.
    pub const TOP: f32 = 40.0;
    /// Height of the transport at the bottom.
    pub const TRANSPORT: f32 = 56.0;
    /// Width of the rail on the left.
    pub const RAIL: f32 = 72.0;
    /// Width of the inspector, and the range it can be dragged in.
    pub const INSPECTOR: (f32, f32, f32) = (300.0, 260.0, 480.0);
    /// Width of the lesson, and the range it can be dragged in.
    pub const LESSON: (f32, f32, f32) = (312.0, 260.0, 520.0);
    /// Height of the dock, and the range it can be dragged in.
    pub const DOCK: (f32, f32, f32) = (252.0, 120.0, 640.0);
    /// Height of the tabs of a panel.
    pub const TAB: f32 = 28.0;
    /// Height of buttons and fields.
    pub const CONTROL: f32 = 28.0;
    /// Size of icons in buttons.
    pub const ICON: f32 = 20.0;
    /// A scenario's card on the welcome screen.
    pub const CARD: [f32; 2] = [364.0, 212.0];
    /// Width of a dialog.
    pub const DIALOG: f32 = 520.0;
    /// Width of a text field with a slider beside it.
    pub const FIELD_WITH_SLIDER: f32 = 80.0;
    /// Width of the names before fields.
    pub const FIELD_NAME: f32 = 96.0;
}

/// Durations, in seconds.
pub mod motion {
    /// Things that fold and slide.
    pub const SLIDE: f32 = 0.15;
    /// How long a notice stays.
    pub const NOTICE: f64 = 5.0;
    /// Time between two pictures while playing.
    pub const FRAME: std::time::Duration = std::time::Duration::from_millis(16);
}

/// The mark of an event type, so that colour is never alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// Filled circle.
    Disc,
    /// Filled square.
    Square,
    /// Square on its corner.
    Diamond,
    /// Triangle pointing up.
    Triangle,
    /// Six corners.
    Hexagon,
    /// Empty circle.
    Ring,
    /// Two bars.
    Cross,
}

/// How much larger everything is for a room.
const PROJECTOR: f32 = 1.4;

impl Theme {
    /// A measure at this look's scale, in quarters of a point so that edges stay sharp.
    pub fn px(&self, points: f32) -> f32 {
        (points * self.scale * 4.0).round() / 4.0
    }

    /// Width of the inspector in this look: usual, least, most. It grows less than the text does, so that the canvas keeps its room.
    pub fn inspector(&self) -> (f32, f32, f32) {
        let (usual, least, most) = size::INSPECTOR;
        let by = 1.0 + (self.scale - 1.0) * 0.7;
        ((usual * by).round(), (least * by).round(), (most * by).round())
    }

    /// Width of the lesson in this look: usual, least, most.
    pub fn lesson(&self) -> (f32, f32, f32) {
        let (usual, least, most) = size::LESSON;
        let by = 1.0 + (self.scale - 1.0) * 0.9;
        ((usual * by).round(), (least * by).round(), (most * by).round())
    }

    /// Height of the dock in this look: usual, least, most.
    pub fn dock(&self) -> (f32, f32, f32) {
        let (usual, least, most) = size::DOCK;
        let by = 1.0 + (self.scale - 1.0) * 0.3;
        ((usual * by).round(), (least * by).round(), (most * by).round())
    }

    /// Whether the ground is dark.
    pub fn is_dark(&self) -> bool {
        self.mode == Mode::Dark
    }

    /// The ground of fields: the panel, a step towards the canvas.
    pub fn field(&self) -> Color32 {
        self.canvas
    }

    /// Borders of what can be operated: stronger than a mere line, so that fields and boxes are found at a glance.
    pub fn edge(&self) -> Color32 {
        self.line.lerp_to_gamma(self.muted, 0.55)
    }

    /// A colour as a wash on a ground, for selection, hovering and bands.
    pub fn wash(&self, colour: Color32, strength: f32) -> Color32 {
        colour.gamma_multiply(strength)
    }

    /// How many colours lines have before they repeat.
    pub const LINE_COLOURS: usize = 6;

    /// The colour of the node at `index`, for lines in plots: event colours that this ground shows well, in an order of their own.
    pub fn line_colour(&self, index: usize) -> Color32 {
        let set: [usize; Theme::LINE_COLOURS] = if self.is_dark() { [1, 0, 2, 5, 4, 6] } else { [3, 4, 2, 5, 0, 1] };
        self.events[set[index % set.len()]]
    }

    /// The look of a mode.
    pub fn of(mode: Mode) -> Theme {
        let hex = |v: u32| Color32::from_rgb((v >> 16) as u8, (v >> 8) as u8, v as u8);
        let okabe_ito = [0xE69F00, 0x56B4E9, 0x009E73, 0x0072B2, 0xD55E00, 0xCC79A7, 0xF0E442].map(hex);
        let dark = Theme {
            mode,
            canvas: hex(0x0E1116),
            grid: hex(0x1A2028),
            panel: hex(0x151A21),
            node: hex(0x1D242D),
            line: hex(0x2C3540),
            text: hex(0xE7ECF2),
            muted: hex(0x9BA8B5),
            accent: hex(0x3FA7D6),
            good: hex(0x2FA57A),
            warn: hex(0xD9982B),
            bad: hex(0xE8694B),
            on_accent: hex(0x06131B),
            stroke: 1.0,
            scale: 1.0,
            label: 12.0,
            body: 14.0,
            title: 18.0,
            head: 24.0,
            events: okabe_ito,
        };
        let light = Theme {
            canvas: hex(0xF6F7F9),
            grid: hex(0xE6EAEE),
            panel: hex(0xFFFFFF),
            node: hex(0xFFFFFF),
            line: hex(0xD5DBE2),
            text: hex(0x18202A),
            muted: hex(0x586573),
            accent: hex(0x0B72B5),
            on_accent: hex(0xFFFFFF),
            good: hex(0x1E7F5C),
            warn: hex(0x8F5E0E),
            bad: hex(0xC2442A),
            ..dark.clone()
        };
        match mode {
            Mode::Dark => dark,
            Mode::Light => light,
            Mode::Projector => Theme {
                line: hex(0x8A96A3),
                muted: hex(0x36414D),
                text: hex(0x05090E),
                stroke: 2.0,
                scale: PROJECTOR,
                label: dark.label * PROJECTOR,
                body: dark.body * PROJECTOR,
                title: dark.title * PROJECTOR,
                head: dark.head * PROJECTOR,
                ..light
            },
        }
    }

    /// Colour and mark of the event type at `index` in the scenario: the same everywhere.
    pub fn event(&self, index: usize) -> (Color32, Glyph) {
        const GLYPHS: [Glyph; 7] = [Glyph::Disc, Glyph::Square, Glyph::Diamond, Glyph::Triangle, Glyph::Hexagon, Glyph::Ring, Glyph::Cross];
        // Beyond seven types the marks shift against the colours, so that 49 pairs stay distinct.
        (self.events[index % 7], GLYPHS[(index + index / 7) % 7])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color32) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn all_text_can_be_read() {
        for mode in [Mode::Dark, Mode::Light, Mode::Projector] {
            let t = Theme::of(mode);
            for ground in [t.canvas, t.panel, t.node] {
                for (name, ink) in
                    [("text", t.text), ("muted", t.muted), ("good", t.good), ("warn", t.warn), ("bad", t.bad), ("accent", t.accent)]
                {
                    let found = contrast(ink, ground);
                    assert!(found >= 4.5, "{mode:?}: {name} on {ground:?} has a contrast of only {found:.2}");
                }
            }
            assert!(contrast(t.on_accent, t.accent) >= 4.5, "{mode:?}");
        }
    }
}
