//! Fields of the inspector: a name on the left, what can be changed on the right. Each changes its value only when the
//! person has finished (Enter, leaving the field, end of a drag) and says so; wrong input never reaches the value, it
//! stays in the field, marked, with the reason below.

use super::defaults;
use crate::app::theme::{Theme, size, space};
use crate::app::widgets;
use crate::scenario::document::Node;
use crate::scenario::units::{Percent, Rate, Size};
use crate::time::Span;
use egui::{Align, DragValue, Id, Key, Layout, Response, RichText, Slider, Stroke, TextEdit, Ui, vec2};
use egui_material_icons::icons::ICON_LOCK;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

/// What is being typed, and the value it began from: when that changes underneath (undo, another node), the typing is void.
#[derive(Clone)]
struct Typing {
    text: String,
    began: String,
}

/// The keyboard goes on in the first text field that is drawn from now on.
pub fn take_focus(ctx: &egui::Context) {
    ctx.data_mut(|d| d.insert_temp(Id::NULL, FocusWanted));
}

/// That it does.
#[derive(Clone, Default)]
struct FocusWanted;

/// Whether fields show and change what holds from now on, not from the start.
#[derive(Clone, Copy, Default)]
struct FromNow(bool);

/// Says whether fields that are drawn from now on change a run at the moment that is shown.
pub(super) fn set_from_now(ctx: &egui::Context, from_now: bool) {
    ctx.data_mut(|d| d.insert_temp(Id::NULL, FromNow(from_now)));
}

/// Whether they do.
pub(super) fn is_from_now(ctx: &egui::Context) -> bool {
    ctx.data(|d| d.get_temp::<FromNow>(Id::NULL)).unwrap_or_default().0
}

/// Whether the fields that are being drawn are locked.
#[derive(Clone, Copy, Default)]
struct Locked(bool);

fn is_locked(ui: &Ui) -> bool {
    ui.data(|d| d.get_temp::<Locked>(Id::NULL)).unwrap_or_default().0
}

/// Fields of what stays as it is during a run: where a change would hold from now on they say so, and cannot be changed.
pub fn fixed<R>(ui: &mut Ui, fields: impl FnOnce(&mut Ui) -> R) -> R {
    locked(ui, is_from_now(ui.ctx()), fields)
}

/// Fields among fixed ones that are no setting: what is asked of a broker while the run goes on.
pub fn free<R>(ui: &mut Ui, fields: impl FnOnce(&mut Ui) -> R) -> R {
    locked(ui, false, fields)
}

fn locked<R>(ui: &mut Ui, lock: bool, fields: impl FnOnce(&mut Ui) -> R) -> R {
    let before = Locked(is_locked(ui));
    ui.data_mut(|d| d.insert_temp(Id::NULL, Locked(lock)));
    let result = fields(ui);
    ui.data_mut(|d| d.insert_temp(Id::NULL, before));
    result
}

/// What is said of a field that is locked.
const LOCKED: &str = "Stays as it is while the run goes on: change it from the start";

/// Where a field stands: under which heading, in which list. With its name that tells it from all others of its kind of node.
#[derive(Clone, Default)]
pub(super) struct SectionOf {
    section: String,
    entry: String,
    /// What the fields of this kind of node are when nobody gives them.
    defaults: Option<Arc<defaults::Table>>,
}

/// The fields of a node follow.
pub(super) fn begin(ui: &Ui, node: &Node) {
    let defaults = (!defaults::is_recording(ui.ctx())).then(|| defaults::table(ui.ctx(), node));
    ui.data_mut(|d| d.insert_temp(Id::NULL, SectionOf { defaults, ..SectionOf::default() }));
}

/// Says what a field shows now, and gives its help with what it is by default.
fn with_default(ui: &Ui, name: &str, help: &str, value: &str) -> String {
    let place = ui.data(|d| d.get_temp::<SectionOf>(Id::NULL)).unwrap_or_default();
    let key = format!("{}/{}/{name}", place.section, place.entry);
    defaults::record(ui.ctx(), &key, help, if value.is_empty() { "nothing" } else { value });
    match place.defaults.as_ref().and_then(|table| table.get(&key)) {
        Some(field) => format!("{help}\nDefault: {}", field.value),
        None => help.to_owned(),
    }
}

/// A name and, right of it, a control as wide as there is room. Gives the name's id too, for screen readers.
pub fn row<R>(ui: &mut Ui, theme: &Theme, name: &str, help: &str, control: impl FnOnce(&mut Ui, Id) -> R) -> R {
    let width = ui.available_width();
    ui.data_mut(|d| d.insert_temp(Id::NULL, Complaint::default()));
    let row = ui.allocate_ui_with_layout(vec2(width, theme.px(size::CONTROL)), Layout::left_to_right(Align::Center), |ui| {
        if is_locked(ui) {
            ui.disable();
        }
        let named = ui
            .allocate_ui_with_layout(
                vec2(theme.px(size::FIELD_NAME), theme.px(size::CONTROL)),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_min_width(theme.px(size::FIELD_NAME));
                    if !ui.is_enabled() {
                        ui.spacing_mut().item_spacing.x = theme.px(space::XS);
                        ui.label(ICON_LOCK.rich_text().size(theme.label)).on_disabled_hover_text(LOCKED);
                    }
                    let label = ui.add(egui::Label::new(widgets::muted(theme, name).size(theme.label)).truncate());
                    let label = label.on_disabled_hover_text(LOCKED);
                    if help.is_empty() { label } else { label.on_hover_text(help) }
                },
            )
            .inner;
        control(ui, named.id)
    });
    // Below the row: its field may have room for a few letters.
    if let Some(Complaint(Some(why))) = ui.data_mut(|d| d.remove_temp::<Complaint>(Id::NULL)) {
        ui.horizontal(|ui| {
            ui.add_space(theme.px(size::FIELD_NAME) + ui.spacing().item_spacing.x);
            ui.add(egui::Label::new(RichText::new(why).color(theme.bad).size(theme.label)).wrap());
        });
    }
    row.inner
}

/// What is wrong with what is typed in the row that is being built.
#[derive(Clone, Default)]
struct Complaint(Option<String>);

/// A quantity for which a range can be slid through, from little to much by its logarithm.
pub trait Slides: FromStr<Err = String> + Display {
    /// From least to most; nothing where every size is as natural as any other.
    const RANGE: Option<(f64, f64)>;
    /// In seconds, per second, or whatever its measure is.
    fn measure(&self) -> f64;
    /// The quantity of this measure.
    fn of(measure: f64) -> Self;
}

impl Slides for Span {
    const RANGE: Option<(f64, f64)> = Some((0.0, 600.0));
    fn measure(&self) -> f64 {
        self.seconds()
    }
    fn of(measure: f64) -> Span {
        Span::from_seconds(measure)
    }
}

impl Slides for Rate {
    const RANGE: Option<(f64, f64)> = Some((0.01, 100_000.0));
    fn measure(&self) -> f64 {
        self.0
    }
    fn of(measure: f64) -> Rate {
        Rate(measure)
    }
}

impl Slides for Percent {
    const RANGE: Option<(f64, f64)> = None;
    fn measure(&self) -> f64 {
        self.0
    }
    fn of(measure: f64) -> Percent {
        Percent(measure)
    }
}

impl Slides for Size {
    const RANGE: Option<(f64, f64)> = Some((1.0, 1e8));
    fn measure(&self) -> f64 {
        self.0 as f64
    }
    fn of(measure: f64) -> Size {
        Size(measure.round() as u64)
    }
}

/// A number with the digits that a hand can mean.
fn two_digits(value: f64) -> f64 {
    let unit = 10f64.powf(value.abs().max(1e-12).log10().floor() - 1.0);
    let rounded = (value / unit).round() * unit;
    // Through the text: 0.3 and not a neighbour of it.
    format!("{rounded:.9}").parse().unwrap_or(rounded)
}

/// A quantity with a unit: as text, and where that is natural with a slider beside it.
pub fn quantity<T: Slides>(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut T) -> bool {
    let parse = |text: &str| text.parse::<T>();
    let help = &with_default(ui, name, help, &value.to_string());
    row(ui, theme, name, help, |ui, label| {
        let id = ui.make_persistent_id(name);
        let now = value.to_string();
        let whole = ui.available_width();
        let range = T::RANGE.filter(|_| whole > theme.px(size::FIELD_WITH_SLIDER * 1.6));
        let Some((least, most)) = range else {
            let (response, done) = edit(ui, theme, id, &now, "", &parse);
            response.labelled_by(label);
            return done.map(|new| *value = new).is_some();
        };
        let text = vec2(theme.px(size::FIELD_WITH_SLIDER), theme.px(size::CONTROL));
        let (response, done) = ui.allocate_ui(text, |ui| edit(ui, theme, id, &now, "", &parse)).inner;
        response.labelled_by(label);
        let mut measure = value.measure();
        let slid = held(ui, id.with("slider"), &mut measure, |ui, measure| {
            ui.spacing_mut().slider_width = (ui.available_width() - theme.px(space::XS)).max(theme.px(24.0));
            // What lies outside stays as it is until it is slid.
            let slider = Slider::new(measure, least..=most).logarithmic(true).smallest_positive(1e-5).show_value(false);
            let slider = slider.clamping(egui::SliderClamping::Never);
            let response = ui.add(slider);
            widgets::name_field(&response, &format!("{name}, slider"));
            response.on_hover_text(T::of(two_digits(*measure)).to_string())
        });
        if let Some(new) = done {
            *value = new;
            return true;
        }
        if slid {
            *value = T::of(two_digits(measure));
        }
        slid
    })
}

/// The same where nothing at all may be given; `none` says what that means.
pub fn optional<T: FromStr<Err = String> + Display>(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    help: &str,
    none: &str,
    value: &mut Option<T>,
) -> bool {
    let now = value.as_ref().map(T::to_string).unwrap_or_default();
    let parse = |text: &str| if text.trim().is_empty() { Ok(None) } else { text.parse::<T>().map(Some) };
    typed(ui, theme, name, help, &now, none, parse).is_some_and(|new| {
        *value = new;
        true
    })
}

/// A text that `wrong` finds nothing wrong with.
pub fn text(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut String, wrong: impl Fn(&str) -> Option<String>) -> bool {
    let parse = |text: &str| match wrong(text.trim()) {
        Some(why) => Err(why),
        None => Ok(text.trim().to_owned()),
    };
    typed(ui, theme, name, help, value, "", parse).is_some_and(|new| {
        *value = new;
        true
    })
}

/// A text of a sentence or two, over the whole width.
pub fn paragraph(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut String) -> bool {
    let label = ui.label(widgets::muted(theme, name).size(theme.label)).on_hover_text(help);
    let id = ui.make_persistent_id(name);
    let parse = |text: &str| Ok(text.trim().to_owned());
    let (response, done) = lines(ui, theme, id, value, "", &parse, 3);
    response.labelled_by(label.id);
    done.is_some_and(|new| {
        *value = new;
        true
    })
}

/// A whole number that may be below zero.
pub fn whole_signed(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut i64) -> bool {
    let parse = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("`{text}` is not a whole number"));
    typed(ui, theme, name, help, &value.to_string(), "", parse).is_some_and(|new| {
        *value = new;
        true
    })
}

/// A number without a unit.
pub fn factor(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut f64, least: f64) -> bool {
    let parse = |text: &str| match text.trim().parse::<f64>() {
        Ok(v) if v.is_finite() && v >= least => Ok(v),
        Ok(v) if v.is_finite() => Err(format!("expected a number of at least {least}")),
        _ => Err(format!("`{text}` is not a number")),
    };
    typed(ui, theme, name, help, &value.to_string(), "", parse).is_some_and(|new| {
        *value = new;
        true
    })
}

/// A row with a text field; the parsed value once the person has finished with something that is right and different.
fn typed<T>(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    help: &str,
    now: &str,
    hint: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let help = &with_default(ui, name, help, if now.is_empty() { hint } else { now });
    row(ui, theme, name, help, |ui, label| {
        let id = ui.make_persistent_id(name);
        let (response, done) = edit(ui, theme, id, now, hint, &parse);
        response.labelled_by(label);
        done
    })
}

/// The text field itself.
pub fn edit<T>(
    ui: &mut Ui,
    theme: &Theme,
    id: Id,
    now: &str,
    hint: &str,
    parse: &dyn Fn(&str) -> Result<T, String>,
) -> (Response, Option<T>) {
    lines(ui, theme, id, now, hint, parse, 1)
}

/// The same with so many lines; Enter ends typing in any case.
fn lines<T>(
    ui: &mut Ui,
    theme: &Theme,
    id: Id,
    now: &str,
    hint: &str,
    parse: &dyn Fn(&str) -> Result<T, String>,
    rows: usize,
) -> (Response, Option<T>) {
    let known = ui.data(|d| d.get_temp::<Typing>(id)).filter(|t| t.began == now);
    let mut typing = known.clone().unwrap_or_else(|| Typing { text: now.to_owned(), began: now.to_owned() });
    let parsed = parse(&typing.text);
    let wrong = parsed.as_ref().err().cloned();
    let mut done = None;
    let response = ui
        .vertical(|ui| {
            if is_locked(ui) {
                ui.disable();
            }
            if wrong.is_some() {
                widgets::mark_wrong(ui, theme);
            }
            let field = match rows {
                1 => TextEdit::singleline(&mut typing.text).align(egui::Align2::LEFT_CENTER),
                _ => TextEdit::multiline(&mut typing.text).desired_rows(rows).return_key(None),
            };
            let field = field.id(id.with("field")).hint_text(hint.to_owned()).desired_width(ui.available_width());
            let response = ui.add(field.margin(vec2(theme.px(space::S), theme.px(space::XS))));
            if ui.data_mut(|d| d.remove_temp::<FocusWanted>(Id::NULL)).is_some() {
                response.request_focus();
            }
            if rows > 1 && response.has_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
                response.surrender_focus();
            }
            if let Some(why) = &wrong {
                let row = ui.data(|d| d.get_temp::<Complaint>(Id::NULL)).is_some();
                if row {
                    ui.data_mut(|d| d.insert_temp(Id::NULL, Complaint(Some(why.clone()))));
                } else {
                    ui.label(RichText::new(why).color(theme.bad).size(theme.label));
                }
            }
            response
        })
        .inner;
    let escaped = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Escape));
    if escaped || (response.lost_focus() && typing.text == now) {
        ui.data_mut(|d| d.remove::<Typing>(id));
    } else if response.lost_focus() {
        match parse(&typing.text) {
            Ok(value) => {
                ui.data_mut(|d| d.remove::<Typing>(id));
                done = Some(value);
            }
            Err(_) => {
                ui.data_mut(|d| d.insert_temp(id, typing));
            }
        }
    } else if response.changed() || known.is_some() {
        ui.data_mut(|d| d.insert_temp(id, typing));
    }
    (response, done)
}

/// A count, to be typed or dragged.
pub fn count(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut u32, range: std::ops::RangeInclusive<u32>) -> bool {
    let mut wide = u64::from(*value);
    let done = whole(ui, theme, name, help, &mut wide, u64::from(*range.start())..=u64::from(*range.end()));
    *value = u32::try_from(wide).unwrap_or(*value);
    done
}

/// A whole number, to be typed or dragged.
pub fn whole(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut u64, range: std::ops::RangeInclusive<u64>) -> bool {
    let help = &with_default(ui, name, help, &value.to_string());
    row(ui, theme, name, help, |ui, label| {
        let id = ui.make_persistent_id(name);
        held(ui, id, value, |ui, value| {
            // The wider the range, the faster the drag; small counts move by ones.
            let speed = (*value as f64 * 0.01).clamp(0.05, 1e6);
            let least = vec2(ui.available_width(), theme.px(size::CONTROL));
            ui.add(DragValue::new(value).range(range).speed(speed).min_size(least).update_while_editing(false)).labelled_by(label)
        })
    })
}

/// A share from 0 to 100 %, as a slider.
pub fn share(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut crate::scenario::units::Percent) -> bool {
    let mut percent = value.0 * 100.0;
    let help = &with_default(ui, name, help, &value.to_string());
    let changed = row(ui, theme, name, help, |ui, label| {
        let id = ui.make_persistent_id(name);
        held(ui, id, &mut percent, |ui, percent| {
            ui.spacing_mut().slider_width = (ui.available_width() - theme.px(76.0)).max(theme.px(40.0));
            let slider = Slider::new(percent, 0.0..=100.0).suffix(" %").max_decimals(3).update_while_editing(false);
            ui.add(slider).labelled_by(label)
        })
    });
    if changed {
        // Through the text, so that 7 % is 0.07 and not a neighbour of it.
        *value = format!("{}%", (percent * 1000.0).round() / 1000.0).parse().unwrap_or(*value);
    }
    changed
}

/// Holds back what a drag does until it ends.
fn held<T: Copy + PartialEq + Send + Sync + 'static>(
    ui: &mut Ui,
    id: Id,
    value: &mut T,
    control: impl FnOnce(&mut Ui, &mut T) -> Response,
) -> bool {
    let before = *value;
    let mut shown = ui.data(|d| d.get_temp::<T>(id)).unwrap_or(before);
    let response = control(ui, &mut shown);
    if response.dragged() && !response.drag_stopped() {
        ui.data_mut(|d| d.insert_temp(id, shown));
        return false;
    }
    ui.data_mut(|d| d.remove::<T>(id));
    *value = shown;
    shown != before
}

/// One of several, by position.
pub fn choice(ui: &mut Ui, theme: &Theme, name: &str, help: &str, options: &[&str], chosen: usize) -> Option<usize> {
    let help = &with_default(ui, name, help, options.get(chosen).copied().unwrap_or_default());
    row(ui, theme, name, help, |ui, label| pick(ui, name, label, options, chosen))
}

/// The list of [`choice`] without a name before it.
pub fn pick(ui: &mut Ui, salt: &str, label: Id, options: &[&str], chosen: usize) -> Option<usize> {
    let mut picked = None;
    let shown = options.get(chosen).copied().unwrap_or_default();
    let list = egui::ComboBox::from_id_salt(salt).selected_text(shown).width(ui.available_width()).truncate();
    let response = list.show_ui(ui, |ui| {
        for (i, option) in options.iter().enumerate() {
            if ui.selectable_label(i == chosen, *option).clicked() && i != chosen {
                picked = Some(i);
            }
        }
    });
    response.response.labelled_by(label);
    picked
}

/// One of known names; a name that is none of them is shown as it is, so that nothing changes by itself.
pub fn name_of(ui: &mut Ui, theme: &Theme, name: &str, help: &str, known: &[String], value: &mut String) -> bool {
    let mut options: Vec<&str> = known.iter().map(String::as_str).collect();
    let at = options.iter().position(|o| o == value).unwrap_or(options.len());
    let own = value.clone();
    if at == options.len() {
        options.push(&own);
    }
    match choice(ui, theme, name, help, &options, at) {
        Some(picked) => {
            *value = options[picked].to_owned();
            true
        }
        None => false,
    }
}

/// A yes or no.
pub fn flag(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut bool) -> bool {
    let help = &with_default(ui, name, help, if *value { "yes" } else { "no" });
    row(ui, theme, name, help, |ui, label| ui.checkbox(value, "").labelled_by(label).changed())
}

/// The head of a group of fields.
pub fn section(ui: &mut Ui, theme: &Theme, title: &str) {
    let section = title.trim_end_matches(|c: char| c.is_ascii_digit()).trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
    let place = ui.data(|d| d.get_temp::<SectionOf>(Id::NULL)).unwrap_or_default();
    ui.data_mut(|d| d.insert_temp(Id::NULL, SectionOf { section, entry: String::new(), ..place }));
    ui.add_space(theme.px(space::S));
    ui.label(RichText::new(title).strong().size(theme.body));
}

/// A group of fields in a frame, for the entries of a list; `true` if the entry is to go.
pub fn entry(ui: &mut Ui, theme: &Theme, title: &str, fields: impl FnOnce(&mut Ui)) -> bool {
    let mut remove = false;
    let before = ui.data(|d| d.get_temp::<SectionOf>(Id::NULL)).unwrap_or_default();
    // The first of a list, and every other of it.
    let kind = title.split_whitespace().next().unwrap_or_default();
    ui.data_mut(|d| d.insert_temp(Id::NULL, SectionOf { entry: format!("{}{kind}", before.entry), ..before.clone() }));
    egui::Frame::new()
        .fill(theme.node)
        .stroke(Stroke::new(theme.stroke, theme.line))
        .corner_radius(space::RADIUS)
        .inner_margin(theme.px(space::S))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let size = vec2(ui.available_width(), theme.px(size::CONTROL));
            // From the right: a long title leaves room for the button.
            ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                let icon = egui_material_icons::icons::ICON_CLOSE;
                remove = widgets::icon_button(ui, theme, icon, &format!("Remove {title}"), "", !is_locked(ui)).clicked();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(widgets::muted(theme, title).size(theme.label)).truncate());
                });
            });
            fields(ui);
        });
    ui.data_mut(|d| d.insert_temp(Id::NULL, before));
    remove
}

/// A text field for an entry of a list, called `name`, with a button that removes it: the new text, and whether it is to go.
pub fn removable<T>(ui: &mut Ui, theme: &Theme, name: &str, now: &str, parse: &dyn Fn(&str) -> Result<T, String>) -> (Option<T>, bool) {
    removable_line(ui, theme, name, now, parse, |_| ())
}

/// The same with another, narrow field behind the text.
pub fn removable_with<T>(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    now: &str,
    parse: &dyn Fn(&str) -> Result<T, String>,
    other: impl FnOnce(&mut Ui),
) -> (Option<T>, bool) {
    removable_line(ui, theme, name, now, parse, |ui| {
        ui.allocate_ui(vec2(theme.px(size::CONTROL * 2.0), theme.px(size::CONTROL)), other);
    })
}

fn removable_line<T>(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    now: &str,
    parse: &dyn Fn(&str) -> Result<T, String>,
    other: impl FnOnce(&mut Ui),
) -> (Option<T>, bool) {
    let size = vec2(ui.available_width(), theme.px(size::CONTROL));
    // From the right: the button takes what it needs, the field the rest.
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Min), |ui| {
        if is_locked(ui) {
            ui.disable();
        }
        let icon = egui_material_icons::icons::ICON_CLOSE;
        let gone = widgets::icon_button(ui, theme, icon, &format!("Remove {name}"), "", true).clicked();
        other(ui);
        let id = ui.make_persistent_id("removable");
        let (response, new) = edit(ui, theme, id, now, "", parse);
        widgets::name_field(&response, name);
        (new, gone)
    })
    .inner
}

/// "Add ...", below a list.
pub fn add(ui: &mut Ui, theme: &Theme, words: &str) -> bool {
    let enabled = !is_locked(ui);
    widgets::labelled_button(ui, theme, egui_material_icons::icons::ICON_ADD, words, enabled).on_disabled_hover_text(LOCKED).clicked()
}
