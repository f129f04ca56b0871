//! Puts a [`Theme`] into egui: fonts once, colours, text and spacing at every change of the look.

use super::theme::{Theme, motion, size, space};
use egui::{CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Visuals, vec2};

/// The text style of the welcome screen's head.
pub fn head() -> TextStyle {
    TextStyle::Name("head".into())
}

/// Fonts: the default ones, the arrows and signs that only Hack has, and the icons.
pub fn install_fonts(ctx: &egui::Context) {
    let mut fonts = egui::FontDefinitions::default();
    if let Some(family) = fonts.families.get_mut(&FontFamily::Proportional) {
        family.push("Hack".to_owned());
    }
    ctx.set_fonts(fonts);
    egui_material_icons::initialize(ctx);
}

/// Makes everything that egui draws look like `theme`.
pub fn install(ctx: &egui::Context, theme: &Theme, reduce_motion: bool) {
    let kind = if theme.is_dark() { egui::Theme::Dark } else { egui::Theme::Light };
    ctx.set_theme(kind);
    ctx.set_style_of(kind, style(theme, reduce_motion));
}

/// Gives one part of a window, or another window, a look of its own.
pub fn wear(ui: &mut egui::Ui, theme: &Theme) {
    ui.set_style(style(theme, false));
}

fn style(theme: &Theme, reduce_motion: bool) -> Style {
    let px = |points: f32| theme.px(points);
    let text = |size: f32, family: FontFamily| FontId::new(size, family);
    let mut style = Style {
        text_styles: [
            (TextStyle::Small, text(theme.label, FontFamily::Proportional)),
            (TextStyle::Body, text(theme.body, FontFamily::Proportional)),
            (TextStyle::Button, text(theme.body, FontFamily::Proportional)),
            (TextStyle::Monospace, text(theme.body, FontFamily::Monospace)),
            (TextStyle::Heading, text(theme.title, FontFamily::Proportional)),
            (head(), text(theme.head, FontFamily::Proportional)),
        ]
        .into(),
        animation_time: if reduce_motion { 0.0 } else { motion::SLIDE },
        visuals: visuals(theme),
        ..Style::default()
    };
    style.drag_value_text_style = TextStyle::Body;
    style.interaction.selectable_labels = false;
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(px(space::S), px(space::XS));
    spacing.button_padding = vec2(px(space::S), px(space::XS));
    spacing.interact_size = vec2(px(size::CONTROL), px(size::CONTROL));
    spacing.slider_width = px(104.0);
    spacing.combo_width = px(80.0);
    spacing.combo_height = px(280.0);
    spacing.text_edit_width = px(160.0);
    spacing.icon_width = px(16.0);
    spacing.icon_width_inner = px(10.0);
    spacing.indent = px(space::L);
    spacing.window_margin = Margin::same(px(space::L) as i8);
    spacing.menu_margin = Margin::same(px(space::S) as i8);
    spacing.tooltip_width = px(320.0);
    // That there is more than what is seen shows without the pointer.
    spacing.scroll.dormant_handle_opacity = 0.4;
    style
}

fn visuals(theme: &Theme) -> Visuals {
    let mut v = if theme.is_dark() { Visuals::dark() } else { Visuals::light() };
    let radius = CornerRadius::same(space::RADIUS as u8);
    let line = Stroke::new(theme.stroke, theme.line);
    let focus = Stroke::new(theme.stroke * 1.5, theme.accent);
    v.override_text_color = None;
    v.weak_text_color = Some(theme.muted);
    v.hyperlink_color = theme.accent;
    v.faint_bg_color = theme.node;
    v.extreme_bg_color = theme.field();
    v.text_edit_bg_color = Some(theme.field());
    v.code_bg_color = theme.field();
    v.warn_fg_color = theme.warn;
    v.error_fg_color = theme.bad;
    v.panel_fill = theme.panel;
    v.window_fill = theme.panel;
    v.window_stroke = line;
    v.window_corner_radius = CornerRadius::same(space::NODE_RADIUS as u8);
    v.menu_corner_radius = radius;
    let shadow =
        Shadow { offset: [0, 4], blur: 16, spread: 0, color: egui::Color32::from_black_alpha(if theme.is_dark() { 120 } else { 40 }) };
    v.window_shadow = shadow;
    v.popup_shadow = shadow;
    v.selection.bg_fill = theme.wash(theme.accent, if theme.is_dark() { 0.35 } else { 0.22 });
    v.selection.stroke = Stroke::new(theme.stroke, theme.text);
    v.slider_trailing_fill = true;
    let w = &mut v.widgets;
    for widget in [&mut w.noninteractive, &mut w.inactive, &mut w.hovered, &mut w.active, &mut w.open] {
        widget.corner_radius = radius;
        widget.expansion = 0.0;
        widget.bg_stroke = line;
        widget.fg_stroke = Stroke::new(theme.stroke, theme.text);
        widget.bg_fill = theme.node;
        widget.weak_bg_fill = theme.node;
    }
    w.noninteractive.bg_fill = theme.panel;
    w.noninteractive.weak_bg_fill = theme.panel;
    // Sliders' rails and check boxes are filled with this: they must stand out from the panel.
    w.inactive.bg_fill = theme.line;
    w.inactive.bg_stroke = Stroke::new(theme.stroke, theme.edge());
    w.hovered.bg_stroke = Stroke::new(theme.stroke, theme.muted);
    w.hovered.weak_bg_fill = theme.wash(theme.accent, 0.16);
    w.hovered.bg_fill = theme.muted;
    w.active.bg_stroke = focus;
    w.active.weak_bg_fill = theme.wash(theme.accent, 0.28);
    w.active.bg_fill = theme.accent;
    w.open.bg_stroke = focus;
    v
}
