//! Journeys: find an event, see its way as a waterfall with what it caused, light its way on the canvas.

mod waterfall;

use super::action::{Action, Selection};
use super::theme::{Theme, space};
use super::widgets::{icon_button, labelled_button, muted, name_field, named_choice};
use crate::figures;
use crate::ids::{EmitterId, EventId, TypeId};
use crate::run::find::{Fate, Found, Query};
use crate::run::journey::Journey;
use crate::run::look::Look;
use crate::run::{Command, Frame};
use egui::{Button, ComboBox, Key, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{ICON_HIGHLIGHT, ICON_MY_LOCATION, ICON_REFRESH};

/// What is typed and chosen here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// A key, the number of an event, or the name of a type.
    text: String,
    /// What was asked for last.
    asked: Option<Query>,
    /// The event whose journey was asked for last.
    event: Option<EventId>,
}

const QUERIES: [(&str, Query, &str); 6] = [
    ("Latest", Query::Latest, "Events published just before this moment"),
    ("Slowest", Query::Slowest, "Those that took longest from publish to the end of handling"),
    ("Retried", Query::Retried, "Those whose handling failed and was tried again"),
    ("Dead-lettered", Query::DeadLettered, "Those that were put away after their last attempt"),
    ("Lost", Query::Lost, "Those that were lost, dropped, expired, refused or failed for good"),
    ("Duplicates", Query::Duplicates, "Those that the same group handled more than once"),
];

impl Finding {
    /// Asks for the journey of an event.
    pub fn open(&mut self, event: EventId, actions: &mut Vec<Action>) {
        self.event = Some(event);
        actions.push(Action::Run(Command::Look(Look::Journey(event))));
    }

    fn find(&mut self, query: Query, actions: &mut Vec<Action>) {
        self.asked = Some(query.clone());
        actions.push(Action::Run(Command::Look(Look::Find(query))));
    }
}

/// Draws the tab.
pub fn show(ui: &mut Ui, theme: &Theme, frame: Option<&Frame>, finding: &mut Finding, actions: &mut Vec<Action>) {
    let Some(frame) = frame else {
        ui.label(muted(theme, "Nothing runs yet"));
        return;
    };
    queries(ui, theme, frame, finding, actions);
    let room = ui.available_size();
    let list = (room.x * 0.32).clamp(theme.px(240.0), theme.px(400.0));
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(list, room.y), |ui| {
            ui.vertical(|ui| {
                ui.set_max_width(list);
                found(ui, theme, frame, finding, actions);
            });
        });
        ui.allocate_ui(vec2(ui.available_width(), room.y), |ui| {
            ui.vertical(|ui| journey(ui, theme, frame, finding, actions));
        });
    });
}

fn queries(ui: &mut Ui, theme: &Theme, frame: &Frame, finding: &mut Finding, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme.px(space::XS), theme.px(2.0));
        for (words, query, help) in QUERIES {
            let on = finding.asked.as_ref() == Some(&query);
            let response = ui.add(Button::selectable(on, RichText::new(words).size(theme.label)));
            named_choice(&response, words, on);
            if response.on_hover_text(help).clicked() {
                finding.find(query, actions);
            }
        }
        let chosen = finding.asked.as_ref().and_then(|asked| if let Query::Fate(fate) = asked { Some(*fate) } else { None });
        let words = RichText::new(chosen.map_or("Fate", Fate::name)).size(theme.label);
        let list = ComboBox::from_id_salt("fate").selected_text(words).width(theme.px(96.0)).height(theme.px(360.0));
        let response = list
            .show_ui(ui, |ui| {
                for (fate, name) in Fate::ALL {
                    if ui.selectable_label(chosen == Some(fate), name).clicked() {
                        finding.find(Query::Fate(fate), actions);
                    }
                }
            })
            .response;
        response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, "Find events by their fate"));
        let hint = "key, type, or event 0#12";
        let field = ui.add(TextEdit::singleline(&mut finding.text).hint_text(hint).desired_width(theme.px(140.0)));
        name_field(&field, "Find events by key, type or number");
        if field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) && !finding.text.trim().is_empty() {
            match meant(finding.text.trim(), frame) {
                Meant::Event(event) => finding.open(event, actions),
                Meant::Query(query) => finding.find(query, actions),
            }
        }
        if let Some(query) = finding.asked.clone()
            && icon_button(ui, theme, ICON_REFRESH, "Look again", "up to this moment", true).clicked()
        {
            finding.find(query, actions);
        }
        if frame.past.answers.looking {
            ui.spinner();
        }
    });
}

#[derive(Debug, PartialEq)]
enum Meant {
    Event(EventId),
    Query(Query),
}

/// What a typed text stands for.
fn meant(text: &str, frame: &Frame) -> Meant {
    let number = text.split_once('#').and_then(|(emitter, serial)| Some((emitter.parse().ok()?, serial.parse().ok()?)));
    if let Some((emitter, serial)) = number {
        return Meant::Event(EventId::new(EmitterId(emitter), serial));
    }
    match frame.plan.types.iter().position(|kind| kind.name.eq_ignore_ascii_case(text)) {
        Some(kind) => Meant::Query(Query::Type(TypeId::at(kind))),
        None => Meant::Query(Query::Key(text.to_owned())),
    }
}

fn found(ui: &mut Ui, theme: &Theme, frame: &Frame, finding: &mut Finding, actions: &mut Vec<Action>) {
    let Some((query, found, all)) = &frame.past.answers.found else {
        ui.label(muted(theme, "Choose what to look for: events are found up to the moment under the playhead"));
        return;
    };
    ui.vertical(|ui| {
        if found.is_empty() {
            ui.label(muted(theme, "There are none up to this moment"));
            return;
        }
        let latest = if *query == Query::Slowest { "the slowest" } else { "the latest" };
        let words = match *all > found.len() as u64 {
            true => format!("{latest} {} of {}", found.len(), figures::count(*all)),
            false => format!("{} found", figures::count(*all)),
        };
        ui.label(muted(theme, words).size(theme.label));
        let height = theme.label * 1.7;
        let spacing = ui.spacing_mut();
        (spacing.interact_size.y, spacing.button_padding.y, spacing.item_spacing.y) = (height, 0.0, 0.0);
        ScrollArea::vertical().id_salt("found").auto_shrink(false).show_rows(ui, height, found.len(), |ui, rows| {
            for event in &found[rows] {
                let on = finding.event == Some(event.event);
                let response = ui.add(Button::selectable(on, RichText::new(line(frame, event)).size(theme.label)).truncate());
                named_choice(&response, &format!("Event {}", event.event), on);
                if response.clicked() {
                    finding.open(event.event, actions);
                }
            }
        });
    });
}

fn line(frame: &Frame, found: &Found) -> String {
    let kind = frame.plan.types.get(found.kind.index()).map_or("", |kind| kind.name.as_str());
    let key = found.key.as_ref().map(|key| format!(" key {key}")).unwrap_or_default();
    let place = found.node.and_then(|node| frame.plan.nodes.get(node.index())).map(|node| format!(" at {}", node.name)).unwrap_or_default();
    format!("{}  {kind} {}{key}: {}{place}", found.at, found.event, found.words)
}

fn journey(ui: &mut Ui, theme: &Theme, frame: &Frame, finding: &mut Finding, actions: &mut Vec<Action>) {
    let Some((event, journey)) = &frame.past.answers.journey else {
        ui.label(muted(theme, "Choose an event, or click one on the canvas: its way appears here"));
        return;
    };
    let Some(journey) = journey else {
        ui.label(muted(theme, format!("There is no event {event} up to this moment")));
        return;
    };
    ui.horizontal(|ui| {
        let asked = journey.events.iter().find(|traced| traced.id == journey.asked);
        let kind = asked.and_then(|traced| journey.plan.types.get(traced.kind.index())).map_or("", |kind| kind.name.as_str());
        let others = journey.events.len().saturating_sub(1);
        let chain = if others == 0 { String::new() } else { format!(", with {others} more of its chain") };
        ui.label(RichText::new(format!("{kind} {}{chain}", journey.asked)));
        if labelled_button(ui, theme, ICON_HIGHLIGHT, "Light its way", true).clicked() {
            actions.push(Action::Select(way(journey)));
        }
        if let Some(traced) = asked
            && labelled_button(ui, theme, ICON_MY_LOCATION, "Go to its start", true).clicked()
        {
            actions.push(Action::Run(Command::Seek(traced.published)));
        }
        if journey.until < frame.now && icon_button(ui, theme, ICON_REFRESH, "Trace again", "up to this moment", true).clicked() {
            finding.open(journey.asked, actions);
        }
    });
    waterfall::show(ui, theme, frame, journey, finding, actions);
}

/// The nodes that a journey came by, as a selection.
fn way(journey: &Journey) -> Selection {
    let names = journey.nodes().into_iter().filter_map(|node| Some(journey.plan.nodes.get(node.index())?.name.clone()));
    Selection { nodes: names.collect(), ..Selection::default() }
}
