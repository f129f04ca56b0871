//! What the pointer does, in words of the scenario.

use super::layout::{Kind, Scene};
use super::measures::{FAR, GRID, PARTICLE_GRASP_SCREEN, PORT_GRASP_SCREEN, TEXTURE, TOUCHED, WHEEL};
use super::snap::{self, Snap};
use super::view::View;
use super::{Canvas, CanvasInput, Pointed, hit, menus, paint};
use crate::app::action::{Action, Find, OnCanvas, Placing, Selection, Source};
use crate::app::edit::Edit;
use egui::{CursorIcon, DragAndDrop, Key, PointerButton, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, vec2};
use std::collections::BTreeSet;

/// What is being done with the pointer, from its press to its release.
#[derive(Clone, Debug, Default)]
pub enum Gesture {
    /// Nothing.
    #[default]
    Idle,
    /// The view follows the pointer.
    Pan,
    /// A rectangle is drawn around what is to be selected.
    Marquee {
        /// Where in the scene it began.
        from: Pos2,
        /// Whether what is selected stays so.
        add: bool,
    },
    /// Nodes follow the pointer.
    Move {
        /// Which.
        names: BTreeSet<String>,
        /// The one that was taken hold of: it keeps to the grid.
        lead: String,
        /// Where it was.
        at: Pos2,
        /// Where in the scene the pointer took it.
        from: Pos2,
    },
    /// A note follows the pointer.
    Note {
        /// Which.
        index: usize,
        /// Where in the scene the pointer took it.
        from: Pos2,
    },
    /// A link is drawn.
    Connect(Source),
}

impl Gesture {
    /// The nodes that follow the pointer.
    pub fn names(&self) -> Option<&BTreeSet<String>> {
        match self {
            Gesture::Move { names, .. } => Some(names),
            _ => None,
        }
    }

    /// How far, and along which lines. With Alt nodes go wherever the pointer does.
    pub fn snap(&self, ui: &Ui, view: &View, scene: &Scene) -> Snap {
        let Gesture::Move { names, lead, at, from } = self else { return Snap::default() };
        let (Some(&i), Some(pointer)) = (scene.index.get(lead), ui.input(|i| i.pointer.latest_pos())) else { return Snap::default() };
        let (lead, wanted) = (&scene.nodes[i], view.scene_from_screen(pointer) - *from);
        if ui.input(|i| i.modifiers.alt) {
            return Snap { by: wanted.round(), guides: Vec::new() };
        }
        // The scene shows it where it has been dragged to.
        let home = lead.rect.translate(*at - lead.at);
        snap::snap(scene, lead, home, *at, wanted, names, view.zoom)
    }

    /// The rectangle that is drawn, in the scene.
    pub fn marquee(&self, ui: &Ui, view: &View) -> Option<Rect> {
        let Gesture::Marquee { from, .. } = self else { return None };
        Some(Rect::from_two_pos(*from, view.scene_from_screen(ui.input(|i| i.pointer.latest_pos())?)))
    }
}

/// The nearest place on the grid.
pub fn snapped(place: Pos2) -> Pos2 {
    ((place.to_vec2() / GRID).round() * GRID).to_pos2()
}

/// What would be placed where the pointer is: from the palette by click, or dragged from there.
pub fn to_place(ui: &Ui, input: &CanvasInput<'_>) -> Option<Placing> {
    input.placing.or_else(|| DragAndDrop::payload::<Placing>(ui.ctx()).map(|p| *p))
}

impl Canvas {
    /// Wheel, middle button, Space.
    pub(super) fn move_view(&mut self, ui: &Ui, ground: &Response) {
        let hovered = ui.rect_contains_pointer(self.view.canvas);
        if let (true, Some(pointer)) = (hovered, ui.input(|i| i.pointer.hover_pos())) {
            let (scroll, zoom, source) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta(), i.scroll_source()));
            // Two fingers on a trackpad move the view, as they do everywhere; a wheel zooms.
            let fingers = source == Some(egui::MouseWheelSource::Trackpad);
            let wheel = if fingers { 0.0 } else { scroll.y };
            if wheel != 0.0 || zoom != 1.0 {
                self.view.zoom_at(pointer, zoom * (wheel * WHEEL).exp());
            }
            if fingers || scroll.x != 0.0 {
                self.view.pan(vec2(scroll.x, scroll.y - wheel));
            }
        }
        let middle = ui.input(|i| i.pointer.middle_down());
        let started = ui.input(|i| i.pointer.button_pressed(PointerButton::Middle)) && hovered;
        if started && matches!(self.gesture, Gesture::Idle) {
            self.gesture = Gesture::Pan;
        }
        if let Gesture::Pan = self.gesture {
            if middle || ground.dragged_by(PointerButton::Primary) {
                self.view.pan(ui.input(|i| i.pointer.delta()));
                ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
            } else {
                self.gesture = Gesture::Idle;
            }
        }
    }

    pub(super) fn is_placing(&self, ui: &Ui, input: &CanvasInput<'_>) -> bool {
        matches!(self.gesture, Gesture::Idle) && to_place(ui, input).is_some()
    }

    /// A click or a drop places; Shift keeps placing.
    pub(super) fn place(&mut self, ui: &Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let cover = ui.interact(self.view.canvas, ui.scope_id().with("placing"), Sense::click());
        cover.widget_info(|| WidgetInfo::labeled(Role::Button, true, "place here"));
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        let pointer = ui.input(|i| i.pointer.latest_pos()).filter(|p| self.view.canvas.contains(*p));
        let Some(at) = pointer.map(|p| snapped(self.view.scene_from_screen(p))) else { return };
        let dropped = || ui.input(|i| i.pointer.any_released()).then(|| DragAndDrop::take_payload::<Placing>(ui.ctx())).flatten();
        let (placing, again) = match input.placing {
            Some(placing) if cover.clicked() => (placing, ui.input(|i| i.modifiers.shift)),
            Some(_) => return,
            None => match dropped() {
                Some(placing) => (*placing, false),
                None => return,
            },
        };
        self.add(input, placing, at, actions);
        if !again {
            actions.push(Action::Place(None));
        }
    }

    /// Adds a node and selects it.
    pub(super) fn add(&mut self, input: &CanvasInput<'_>, placing: Placing, at: Pos2, actions: &mut Vec<Action>) {
        self.add_with(input, placing, at, None, actions);
    }

    /// Makes nodes, rows, ports and links real to the pointer and to assistive technology, and acts on what happens to them.
    pub(super) fn take_pointer(&mut self, ui: &Ui, input: &CanvasInput<'_>, ground: &Response, actions: &mut Vec<Action>) -> Pointed {
        // Escape also ends the press for egui, so that it must be seen before the release that follows.
        if !matches!(self.gesture, Gesture::Idle) && ui.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape)) {
            self.gesture = Gesture::Idle;
        }
        let mut pointed = Pointed::default();
        let few = self.scene.wires.len() <= TOUCHED;
        if self.view.zoom * self.scene.scale >= if few { TEXTURE } else { FAR } {
            self.touch_wires(ui, input, &mut pointed, actions);
        }
        self.touch_notes(ui, input, actions);
        let visible = self.touched_nodes(ui, input);
        let rows_shown = self.view.zoom * self.scene.scale >= FAR;
        for i in visible {
            self.touch_node(ui, input, i, &mut pointed, actions);
            if rows_shown {
                self.touch_ports(ui, input, i, &mut pointed, actions);
            }
        }
        if ground.hovered() && pointed.node.is_none() && pointed.wire.is_none() {
            pointed.wire =
                ui.input(|i| i.pointer.hover_pos()).and_then(|p| hit::wire(&self.scene, self.view.scene_from_screen(p), self.view.zoom));
        }
        if pointed.node.is_none() && matches!(self.gesture, Gesture::Idle) && input.frame.is_some() {
            let at =
                ui.input(|i| i.pointer.hover_pos()).filter(|p| self.view.canvas.contains(*p) && ui.rect_contains_pointer(self.view.canvas));
            pointed.particle = at.and_then(|at| self.particles.at(at, &self.scene, &self.view, PARTICLE_GRASP_SCREEN));
        }
        self.touch_ground(ui, input, ground, &pointed, actions);
        pointed
    }

    /// The nodes that take the pointer: those that can be seen. Of very many only those under the pointer and those that are selected, or
    /// the hand that holds one would wait for all the others.
    fn touched_nodes(&self, ui: &Ui, input: &CanvasInput<'_>) -> Vec<usize> {
        let visible: Vec<usize> = self.visible_nodes().collect();
        if visible.len() <= TOUCHED {
            return visible;
        }
        let at = ui.input(|i| i.pointer.latest_pos()).map(|p| self.view.scene_from_screen(p));
        let held = self.gesture.names();
        let here = |i: &usize| {
            let node = &self.scene.nodes[*i];
            let under = at.is_some_and(|at| node.rect.expand(8.0).contains(at));
            under || held.is_some_and(|names| names.contains(&node.id)) || input.selection.nodes.contains(&node.id)
        };
        visible.into_iter().filter(here).collect()
    }

    fn touch_wires(&mut self, ui: &Ui, input: &CanvasInput<'_>, pointed: &mut Pointed, actions: &mut Vec<Action>) {
        let visible = self.view.visible();
        for i in 0..self.scene.wires.len() {
            let wire = &self.scene.wires[i];
            let middle = paint::link::middle(&self.scene, wire);
            if !visible.contains(middle) {
                continue;
            }
            let grip = Rect::from_center_size(self.view.screen_from_scene(middle), Vec2::splat(14.0));
            let id =
                ui.scope_id().with(("link", wire.role as u8, wire.index, &self.scene.nodes[wire.from].id, &self.scene.nodes[wire.to].id));
            let response = ui.interact(grip, id, Sense::CLICK);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("link {}", self.scene.ends(wire))));
            if response.hovered() {
                pointed.wire = Some(i);
            }
            if response.clicked() || response.secondary_clicked() {
                self.select_wire(input, i, actions);
            }
            if response.secondary_clicked() {
                let wire = &self.scene.wires[i];
                self.menu.open(menus::About::Wire(self.scene.connection(wire), self.scene.nodes[wire.from].id.clone()));
            }
        }
    }

    fn select_wire(&self, input: &CanvasInput<'_>, wire: usize, actions: &mut Vec<Action>) {
        let wire = &self.scene.wires[wire];
        let selection = match self.scene.connection(wire) {
            connection @ Some(_) => Selection { connection, ..Selection::default() },
            // A dead-letter route is a setting of its consumer.
            None => Selection::node(&self.scene.nodes[wire.from].id),
        };
        if selection != *input.selection {
            actions.push(Action::Select(selection));
        }
    }

    fn touch_node(&mut self, ui: &Ui, input: &CanvasInput<'_>, i: usize, pointed: &mut Pointed, actions: &mut Vec<Action>) {
        let node = &self.scene.nodes[i];
        let response = ui.interact(self.view.screen_rect(node.rect), self.node_id(ui, &node.id), Sense::click_and_drag());
        let selected = input.selection.nodes.contains(&node.id);
        response.widget_info(|| {
            let role = match node.kind {
                Kind::Producer => "producer",
                Kind::Broker => "broker",
                Kind::Consumer => "consumer",
            };
            WidgetInfo::selected(Role::Button, true, selected, format!("{role} {}", node.id))
        });
        if response.contains_pointer() {
            pointed.node = Some(i);
        }
        // Focus from assistive technology or from the keyboard selects as a click does.
        if response.gained_focus() && !selected && !response.clicked() && !response.dragged() {
            actions.push(Action::Select(Selection::node(&node.id)));
        }
        self.act_on_node(ui, input, i, None, &response, actions);
        if self.scene.nodes[i].kind == Kind::Broker && self.view.zoom * self.scene.scale >= FAR {
            for row in 0..self.scene.nodes[i].rows.len() {
                let row = &self.scene.nodes[i].rows[row];
                let id = ui.scope_id().with(("row", row.noun, &row.place));
                let response = ui.interact(self.view.screen_rect(row.rect), id, Sense::CLICK);
                response.widget_info(|| WidgetInfo::labeled(Role::Row, true, format!("{} {}", row.noun, row.place)));
                let part = row.name.clone();
                self.act_on_node(ui, input, i, Some(&part), &response, actions);
            }
        }
    }

    fn act_on_node(
        &mut self,
        ui: &Ui,
        input: &CanvasInput<'_>,
        i: usize,
        part: Option<&str>,
        response: &Response,
        actions: &mut Vec<Action>,
    ) {
        let id = &self.scene.nodes[i].id.clone();
        if response.double_clicked() && ui.input(|i| i.modifiers.is_none()) {
            self.tell(OnCanvas::Rename(part.map_or_else(|| id.clone(), |part| format!("{id}/{part}"))));
        }
        let selected = input.selection.nodes.contains(id);
        if response.clicked() {
            let adding = ui.input(|i| i.modifiers.shift || i.modifiers.command);
            let mut selection = Selection::node(id);
            if adding {
                selection.nodes.extend(input.selection.nodes.iter().cloned());
                if selected {
                    selection.nodes.remove(id);
                }
            }
            actions.push(Action::Select(selection));
            let focus = self.node_id(ui, id);
            ui.memory_mut(|m| m.request_focus(focus));
        }
        if response.secondary_clicked() {
            if !selected {
                actions.push(Action::Select(Selection::node(id)));
            }
            self.menu.open(menus::About::Node(id.clone(), part.map(str::to_owned)));
        }
        if response.drag_started_by(PointerButton::Primary) {
            if ui.input(|i| i.key_down(Key::Space)) {
                self.gesture = Gesture::Pan;
                return;
            }
            let Some(press) = ui.input(|i| i.pointer.press_origin()) else { return };
            let names = if selected { input.selection.nodes.clone() } else { BTreeSet::from([id.clone()]) };
            if !selected {
                actions.push(Action::Select(Selection::node(id)));
            }
            let from = self.view.scene_from_screen(press);
            self.gesture = Gesture::Move { names, lead: id.clone(), at: self.scene.nodes[i].at, from };
        }
        if response.drag_stopped() && matches!(self.gesture, Gesture::Move { .. }) {
            self.finish_move(actions);
        }
    }

    pub(super) fn finish_move(&mut self, actions: &mut Vec<Action>) {
        let by = self.snap.by;
        let gesture = std::mem::take(&mut self.gesture);
        let Some(names) = gesture.names() else { return };
        // The scene shows the nodes where they have been dragged to.
        let moves: Vec<(String, (f32, f32))> =
            self.scene.nodes.iter().filter(|n| names.contains(&n.id)).map(|n| (n.id.clone(), n.at.into())).collect();
        if by != Vec2::ZERO {
            self.push_move(moves, actions);
        }
    }

    /// Moves, and with them those nodes that were placed automatically: they stay where they are seen, or the rest would rearrange
    /// itself.
    pub(super) fn with_unplaced(&self, mut moves: Vec<(String, (f32, f32))>) -> Vec<(String, (f32, f32))> {
        if !moves.is_empty() {
            for node in self.scene.nodes.iter().filter(|n| n.unplaced) {
                if !moves.iter().any(|(id, _)| *id == node.id) {
                    moves.push((node.id.clone(), node.at.into()));
                }
            }
        }
        moves
    }

    /// Moves nodes.
    pub(super) fn push_move(&self, moves: Vec<(String, (f32, f32))>, actions: &mut Vec<Action>) {
        let moves = self.with_unplaced(moves);
        if !moves.is_empty() {
            actions.push(Action::Edit(Edit::Move(moves)));
        }
    }

    fn touch_ports(&mut self, ui: &Ui, input: &CanvasInput<'_>, i: usize, pointed: &mut Pointed, actions: &mut Vec<Action>) {
        let node = &self.scene.nodes[i];
        let mut ports: Vec<(Pos2, Source)> = Vec::with_capacity(node.rows.len().max(1));
        match node.kind {
            Kind::Producer => ports.push((node.output(), Source::Node(node.id.clone()))),
            Kind::Consumer => {
                ports.push((node.input(), Source::Input(node.id.clone())));
                ports.push((node.output(), Source::Node(node.id.clone())));
            }
            Kind::Broker => ports.extend(
                node.rows
                    .iter()
                    .filter(|row| row.gives)
                    .map(|row| (row.rect.right_center(), Source::Channel { broker: node.id.clone(), channel: row.name.clone() })),
            ),
        }
        for (at, source) in ports {
            let grasp = Rect::from_center_size(self.view.screen_from_scene(at), Vec2::splat(PORT_GRASP_SCREEN * 2.0));
            let response = ui.interact(
                grasp,
                ui.scope_id().with(("port", source.node(), source.row(), matches!(source, Source::Input(_)))),
                Sense::DRAG,
            );
            response.widget_info(|| {
                let place = source.row().map_or_else(|| source.node().to_owned(), |row| format!("{}/{row}", source.node()));
                let which = if matches!(source, Source::Input(_)) { "to" } else { "from" };
                WidgetInfo::labeled(Role::Button, true, format!("connect {which} {place}"))
            });
            if response.hovered() && matches!(self.gesture, Gesture::Idle) {
                pointed.port = Some(source.clone());
                ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
            }
            if response.drag_started_by(PointerButton::Primary) && matches!(self.gesture, Gesture::Idle) {
                self.gesture = Gesture::Connect(source.clone());
            }
            if response.drag_stopped()
                && let Gesture::Connect(drawn) = &self.gesture
                && *drawn == source
            {
                self.gesture = Gesture::Idle;
                if let Some(pointer) = ui.input(|i| i.pointer.latest_pos()) {
                    self.finish_link(input, &source, pointer, actions);
                }
            }
        }
    }

    fn touch_ground(&mut self, ui: &Ui, input: &CanvasInput<'_>, ground: &Response, pointed: &Pointed, actions: &mut Vec<Action>) {
        let keep = ui.input(|i| i.modifiers.shift || i.modifiers.command);
        let here = ui.input(|i| i.pointer.interact_pos()).map(|p| self.view.scene_from_screen(p));
        if ground.double_clicked() && pointed.wire.is_none() {
            actions.push(Action::Find(Find::Add { at: here.map(|p| snapped(p).into()), with: None }));
        } else if ground.clicked() {
            ui.memory_mut(|m| m.request_focus(ground.id));
            if let Some(seen) = pointed.particle {
                actions.push(Action::OpenJourney(seen.event));
                return;
            }
            match pointed.wire {
                Some(wire) => self.select_wire(input, wire, actions),
                None if !keep && !input.selection.is_empty() => actions.push(Action::Select(Selection::default())),
                None => {}
            }
        }
        if ground.secondary_clicked() {
            let about = match pointed.wire {
                None => menus::About::Ground,
                Some(wire) => {
                    self.select_wire(input, wire, actions);
                    let wire = &self.scene.wires[wire];
                    menus::About::Wire(self.scene.connection(wire), self.scene.nodes[wire.from].id.clone())
                }
            };
            self.menu.open(about);
        }
        if ground.drag_started_by(PointerButton::Primary) && matches!(self.gesture, Gesture::Idle) {
            ui.memory_mut(|m| m.request_focus(ground.id));
            self.gesture = match ui.input(|i| (i.key_down(Key::Space), i.pointer.press_origin())) {
                (false, Some(press)) => Gesture::Marquee { from: self.view.scene_from_screen(press), add: keep },
                _ => Gesture::Pan,
            };
        }
        if ground.drag_stopped()
            && let Gesture::Marquee { add, .. } = self.gesture
        {
            let area = self.gesture.marquee(ui, &self.view);
            self.gesture = Gesture::Idle;
            let mut selection = Selection::default();
            if add {
                selection.nodes.extend(input.selection.nodes.iter().cloned());
            }
            selection.nodes.extend(area.iter().flat_map(|a| hit::within(&self.scene, *a)).map(|i| self.scene.nodes[i].id.clone()));
            actions.push(Action::Select(selection));
        }
        // Whatever ended the press elsewhere (the node is gone, the window lost the pointer) ends the gesture.
        if !ui.input(|i| i.pointer.any_down()) && !matches!(self.gesture, Gesture::Idle) {
            self.gesture = Gesture::Idle;
        }
    }

    /// A node's identity towards egui.
    pub(super) fn node_id(&self, ui: &Ui, name: &str) -> egui::Id {
        ui.scope_id().with(("node", name))
    }
}
