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
    /// Thickness of ordinary lines, in points.
    pub stroke: f32,
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

impl Theme {
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
            bad: hex(0xDD5A3B),
            stroke: 1.0,
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
            good: hex(0x1E7F5C),
            warn: hex(0xA66E12),
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
                label: dark.label * 1.4,
                body: dark.body * 1.4,
                title: dark.title * 1.4,
                head: dark.head * 1.4,
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
