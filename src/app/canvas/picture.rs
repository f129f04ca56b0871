//! Puts the picture together: ground, links, nodes, what travels, what is being done by hand.

use super::connect;
use super::gestures::Gesture;
use super::layout::{Kind, Wire};
use super::measures::{FAR, SAG, TEXTURE};
use super::mesh::Kept;
use super::paint::link::Weight;
use super::paint::node::Look;
use super::paint::{self, Brush};
use super::particles::Seen as Travelling;
use super::state::State;
use super::view::View;
use super::{Canvas, CanvasInput, Pointed, atlas, hit, labels};
use crate::app::action::Source;
use crate::app::kinds;
use crate::app::theme::{Mode, Theme};
use crate::app::widgets::prose;
use crate::figures;
use crate::record::faults::FaultSpan;
use crate::run::frame::Manner;
use crate::scenario::Severity;
use crate::scenario::document::Node;
use egui::{Color32, Mesh, Pos2, Shape, Stroke, StrokeKind, Ui};
use std::sync::Arc;

/// What all kept triangles depend on: another layout, view or look makes all of them anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    laid: u64,
    view: View,
    mode: Mode,
    pixels: f32,
}

/// Triangles of earlier pictures.
#[derive(Default)]
pub struct KeptMeshes {
    ground: Kept<Seen>,
    links: Kept<(Seen, Vec<paint::link::Mark>)>,
    nodes: Kept<(Seen, Vec<Option<State>>)>,
    /// Made anew for every picture, in the same memory.
    particles: Arc<Mesh>,
    /// By wire: the points at which it turns, as fine as this distance needs.
    lines: Vec<Vec<Pos2>>,
    lines_for: Option<(u64, f32)>,
}

impl Canvas {
    pub(super) fn draw(&mut self, ui: &Ui, input: &CanvasInput<'_>, pointed: &Pointed) {
        let theme = input.theme;
        let painter = ui.painter().clone();
        painter.rect_filled(self.view.canvas, 0.0, theme.canvas);
        let brush = Brush::new(&painter, self.view, theme, self.scene.scale);
        let view = Seen { laid: self.laid, view: self.view, mode: theme.mode, pixels: painter.pixels_per_point() };
        painter.add(self.kept.ground.get(view, |_, mesh| paint::ground::dots(&brush, mesh)));
        if self.scene.nodes.is_empty() && input.placing.is_none() {
            paint::ground::hint(&brush);
        }
        let drawing = match &self.gesture {
            Gesture::Connect(source) => Some(source.clone()),
            _ => None,
        };
        super::notes::paint_frames(&brush, &self.scene.frames, input.selection.group);
        self.draw_links(&brush, input, pointed, drawing.is_some(), view);
        self.draw_particles(ui, &brush, input);
        self.draw_highlight(ui, input, true);
        self.draw_nodes(ui, &brush, input, pointed, drawing.as_ref(), view);
        super::notes::paint_notes(&brush, input.scenario, self.scene.scale, input.selection.note, self.note_moved(ui, input.scenario));
        self.draw_guides(&brush);
        if let Some(source) = &drawing {
            self.draw_rubber(ui, &brush, input, source);
        }
        if let (Gesture::Marquee { .. }, Some(area)) = (&self.gesture, self.gesture.marquee(ui, &self.view)) {
            let area = self.view.screen_rect(area);
            painter.rect(area, 2.0, theme.accent.gamma_multiply(0.12), Stroke::new(theme.stroke, theme.accent), StrokeKind::Inside);
        }
        self.draw_ghost(ui, &brush, input);
    }

    fn draw_links(&mut self, brush: &Brush<'_>, input: &CanvasInput<'_>, pointed: &Pointed, drawing: bool, seen: Seen) {
        let selected = input.selection.connection.as_ref();
        let chosen: Vec<bool> = self.scene.nodes.iter().map(|n| is_selected(input, &n.id)).collect();
        let mark = |(i, wire): (usize, &Wire)| {
            let ends = [wire.from, wire.to];
            let hovered = pointed.wire == Some(i) || ends.iter().any(|n| pointed.node == Some(*n));
            let weight = match () {
                () if drawing => Weight::Dimmed,
                () if self.live.cut(input.frame, i).is_some() => Weight::Broken,
                () if selected.is_some() && self.scene.connection(wire).as_ref() == selected => Weight::Selected,
                () if hovered => Weight::Hovered,
                () if self.live.is_held(input.frame, i) => Weight::Held,
                () if ends.iter().any(|n| chosen[*n]) => Weight::Near,
                () => Weight::Plain,
            };
            paint::link::mark(brush, wire, self.live.rate(input.frame, i), weight)
        };
        let marks: Vec<paint::link::Mark> = self.scene.wires.iter().enumerate().map(mark).collect();
        // The further away, the coarser, in steps small enough to waste little.
        let octave = (self.view.zoom.log2() * 4.0).ceil() / 4.0;
        if self.kept.lines_for != Some((self.laid, octave)) {
            // What is only a texture need not be as true.
            let sag = SAG * if self.view.zoom < FAR { 2.5 } else { 1.0 } / octave.exp2();
            self.kept.lines = self.scene.wires.iter().map(|wire| paint::link::bends(wire.curve.points(), sag)).collect();
            self.kept.lines_for = Some((self.laid, octave));
        }
        let (wires, lines) = (&self.scene.wires, &self.kept.lines);
        let mesh = self.kept.links.get((seen, marks), |(_, marks), mesh| {
            let mut scratch = Vec::new();
            for ((wire, line), mark) in wires.iter().zip(lines).zip(marks) {
                paint::link::link(brush, mesh, wire, line, *mark, &mut scratch);
            }
        });
        brush.painter.add(mesh);
    }

    fn draw_particles(&mut self, ui: &Ui, brush: &Brush<'_>, input: &CanvasInput<'_>) {
        let Some(frame) = input.frame else { return };
        if input.reduce_motion || !self.particles.any() {
            return;
        }
        // Where links are a texture, so is what travels on them.
        let least = if self.view.zoom < TEXTURE { 0.4 } else { 0.75 };
        let scale = input.theme.label / 12.0 * self.view.zoom.clamp(least, 1.3);
        let atlas = atlas::Atlas::ready(self.atlas.take(), ui.ctx(), input.theme.label / 12.0);
        // The memory of the picture before, which nobody holds any more: fresh pages of memory cost more than what is written there.
        let mesh = Arc::make_mut(&mut self.kept.particles);
        mesh.clear();
        mesh.texture_id = atlas.texture();
        self.particles.draw(mesh, &self.scene, &self.view, input.theme, frame, &self.live, scale);
        self.atlas = Some(atlas);
        if !mesh.is_empty() {
            brush.painter.add(Arc::clone(&self.kept.particles));
        }
    }

    fn draw_nodes(&mut self, ui: &Ui, brush: &Brush<'_>, input: &CanvasInput<'_>, pointed: &Pointed, drawing: Option<&Source>, seen: Seen) {
        let mut worst: Vec<Option<Severity>> = vec![None; self.scene.nodes.len()];
        for finding in input.findings {
            if let Some(node) = finding.node().and_then(|id| self.scene.index.get(id)) {
                worst[*node] = worst[*node].max(Some(finding.severity));
            }
        }
        let aim = drawing
            .and_then(|_| ui.input(|i| i.pointer.latest_pos()))
            .and_then(|p| hit::spot(&self.scene, self.view.scene_from_screen(p), 6.0 / self.view.zoom));
        let rows_shown = brush.detail != paint::Detail::Far;
        let plain = self.draw_plain_nodes(brush, input, pointed, drawing.is_some(), &worst, seen);
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut trend = std::mem::take(&mut self.trend);
        let visible: Vec<usize> = self.visible_nodes().collect();
        for i in visible.into_iter().filter(|i| !plain.get(*i).is_some_and(Option::is_some)) {
            let node = &self.scene.nodes[i];
            let verdict = drawing.map(|source| connect::verdict(&self.scene, input.scenario, source, i, None));
            let sensible = matches!(verdict, Some(Ok(())));
            let dimmed = drawing.is_some_and(|s| s.node() != node.id) && !sensible;
            trend.clear();
            if let (Some(frame), Some(id), paint::Detail::Near) = (input.frame, self.live.id(i), brush.detail) {
                // The last minute of the run, in at most as many bins as the small line can show.
                let now = frame.now.seconds();
                trend.extend(frame.series.settled_bins(now - 60.0, now, 60).iter().map(|bin| bin.throughput(id) as f32));
            }
            let look = Look {
                selected: is_selected(input, &node.id),
                hovered: pointed.node == Some(i) && drawing.is_none(),
                welcome: sensible && aim.is_some_and(|a| a.node == i),
                possible: sensible,
                state: self.live.state(input.frame, i),
                finding: worst[i],
                figures: self.live.node(input.frame, i),
                trend: &trend,
            };
            match node.kind {
                Kind::Producer => paint::node::producer(brush, node, &look, &mut scratch),
                Kind::Store => paint::store::store(brush, node, &look, &mut scratch),
                Kind::Consumer => paint::node::consumer(brush, node, &look, &mut scratch),
                Kind::Broker => {
                    let lit = aim.filter(|a| a.node == i && sensible).and_then(|a| a.row);
                    paint::broker::header(brush, node, &look, &mut scratch);
                    if let (Some(Node::Broker(broker)), true) = (input.scenario.nodes.get(i), rows_shown) {
                        let inside = kinds::Inside::new(brush, node, lit, input.frame, &self.live, i);
                        kinds::of(&broker.kind).paint(&inside, &mut scratch);
                    }
                }
            }
            if rows_shown {
                self.draw_ports(brush, i, pointed, drawing);
            }
            if let (Some(zone), true) = (input.scenario.nodes.get(i).and_then(Node::zone), rows_shown) {
                super::notes::paint_zone(brush, self.view.screen_rect(node.rect), zone);
            }
            if let (Some(words), true) = (self.plight(input, i), rows_shown) {
                paint::node::plight(brush, self.view.screen_rect(node.rect), look.state, &words);
            }
            if let Some(severity) = look.finding {
                paint::node::sign(brush, self.view.screen_rect(node.rect), node.kind, severity);
            }
            if dimmed {
                // A veil of the ground's colour: shape and name stay readable behind it.
                brush.painter.rect_filled(
                    self.view.screen_rect(node.rect).expand(7.0 * brush.unit),
                    6.0,
                    input.theme.canvas.gamma_multiply(0.6),
                );
            }
        }
        (self.scratch, self.trend) = (scratch, trend);
    }

    /// From afar most nodes are nothing but their outline and their state: all of these are one mesh. Gives what was drawn.
    fn draw_plain_nodes(
        &mut self,
        brush: &Brush<'_>,
        input: &CanvasInput<'_>,
        pointed: &Pointed,
        drawing: bool,
        worst: &[Option<Severity>],
        seen: Seen,
    ) -> Vec<Option<State>> {
        if brush.detail != paint::Detail::Far || drawing {
            return Vec::new();
        }
        let mut states: Vec<Option<State>> = vec![None; self.scene.nodes.len()];
        for i in self.visible_nodes() {
            let special = pointed.node == Some(i) || worst[i].is_some() || is_selected(input, &self.scene.nodes[i].id);
            states[i] = (!special).then(|| self.live.state(input.frame, i));
        }
        let nodes = &self.scene.nodes;
        let mesh = self.kept.nodes.get((seen, states), |(_, states), mesh| {
            for (node, state) in nodes.iter().zip(states) {
                if let Some(state) = state {
                    paint::node::from_afar(brush, mesh, node, *state);
                }
            }
        });
        brush.painter.add(mesh);
        self.kept.nodes.key().map(|(_, states)| states.clone()).unwrap_or_default()
    }

    fn draw_ports(&self, brush: &Brush<'_>, i: usize, pointed: &Pointed, drawing: Option<&Source>) {
        let node = &self.scene.nodes[i];
        let at_port = pointed.port.as_ref().or(drawing).filter(|s| s.node() == node.id);
        let hovered = |row: Option<&str>| at_port.is_some_and(|s| !matches!(s, Source::Input(_)) && s.row() == row);
        match node.kind {
            Kind::Store => {}
            Kind::Producer => brush.port(brush.view.screen_from_scene(node.output()), hovered(None)),
            Kind::Consumer => {
                let taken = matches!(at_port, Some(Source::Input(_)));
                // The way in shows itself where it is of use: links enter there, and an arrowhead says so already.
                if taken || pointed.node == Some(i) || matches!(drawing, Some(Source::Channel { .. })) {
                    brush.port(brush.view.screen_from_scene(node.input()), taken);
                }
                brush.port(brush.view.screen_from_scene(node.output()), hovered(None));
            }
            Kind::Broker => {
                for row in node.rows.iter().filter(|row| row.gives) {
                    brush.port(brush.view.screen_from_scene(row.rect.right_center()), hovered(Some(&row.name)));
                }
            }
        }
    }

    fn draw_guides(&self, brush: &Brush<'_>) {
        let stroke = Stroke::new(brush.theme.stroke, brush.theme.accent.gamma_multiply(0.7));
        for [from, to] in &self.snap.guides {
            brush.painter.line_segment([brush.view.screen_from_scene(*from), brush.view.screen_from_scene(*to)], stroke);
        }
    }

    fn draw_rubber(&self, ui: &Ui, brush: &Brush<'_>, input: &CanvasInput<'_>, source: &Source) {
        let (Some(from), Some(pointer)) = (connect::port(source, &self.scene), ui.input(|i| i.pointer.latest_pos())) else { return };
        let aim = hit::spot(&self.scene, self.view.scene_from_screen(pointer), 6.0 / self.view.zoom);
        let good = aim.is_some_and(|a| connect::verdict(&self.scene, input.scenario, source, a.node, a.row).is_ok());
        paint::link::rubber(brush, self.view.screen_from_scene(from), pointer, good);
    }

    fn draw_ghost(&self, ui: &Ui, brush: &Brush<'_>, input: &CanvasInput<'_>) {
        let Some(placing) = super::gestures::to_place(ui, input) else { return };
        let Some(pointer) = ui.input(|i| i.pointer.latest_pos()).filter(|p| self.view.canvas.contains(*p)) else { return };
        let at = super::gestures::snapped(self.view.scene_from_screen(pointer));
        let node = crate::app::edit::fresh(placing, at.into(), input.scenario);
        let rect = super::layout::rect_of(&node, at, super::layout::size(&node) * self.scene.scale, self.scene.scale);
        let rect = self.view.screen_rect(rect);
        let edge = Stroke::new(1.5 * input.theme.stroke, input.theme.accent);
        let fill = input.theme.accent.gamma_multiply(0.15);
        let radius = crate::app::theme::space::NODE_RADIUS * brush.unit;
        if placing == crate::app::action::Placing::Producer {
            let outline = paint::tag(rect, super::measures::TIP * brush.unit, radius);
            brush.painter.add(Shape::convex_polygon(outline, fill, edge));
        } else {
            brush.painter.rect(rect, radius, fill, edge, StrokeKind::Middle);
        }
        brush.text(rect.center(), egui::Align2::CENTER_CENTER, node.id(), input.theme.body, input.theme.text, rect.width());
    }

    /// What a tooltip says of what the pointer is on.
    pub(super) fn tooltips(&mut self, ui: &Ui, input: &CanvasInput<'_>, pointed: &Pointed) {
        // While something is dragged or a menu is open it would only be in the way.
        let quiet = ui.input(|i| i.pointer.any_down()) || egui::Popup::is_any_open(ui.ctx());
        if let Gesture::Connect(source) = &self.gesture {
            let aim = ui.input(|i| i.pointer.latest_pos()).and_then(|p| hit::spot(&self.scene, self.view.scene_from_screen(p), 0.0));
            if let Some(Err(reason)) = aim.map(|a| connect::verdict(&self.scene, input.scenario, source, a.node, a.row)) {
                tooltip(ui, input.theme, &[(reason, input.theme.text)]);
            }
        } else if let (Some(seen), false) = (pointed.particle, quiet) {
            ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
            tooltip(ui, input.theme, &self.describe_particle(input, &seen));
        } else if let (Some(wire), false) = (pointed.wire, quiet) {
            let mut text = self.describe_wire(input, wire);
            if let Some(span) = self.live.cut(input.frame, wire) {
                text = format!("{}; {text}", told(span));
            }
            tooltip(ui, input.theme, &[(self.scene.ends(&self.scene.wires[wire]), input.theme.text), (text, input.theme.muted)]);
        } else if let (Some(node), false) = (pointed.node, quiet) {
            let of_it = |f: &&crate::scenario::check::Finding| f.node() == Some(self.scene.nodes[node].id.as_str());
            let findings = input.findings.iter().filter(of_it);
            let mut lines: Vec<(String, Color32)> = findings.map(|f| (f.message.clone(), input.theme.text)).collect();
            lines.extend(self.plight(input, node).map(|words| (words, paint::node::ink(input.theme, self.live.state(input.frame, node)))));
            lines.extend(self.marked(input, node).map(|words| (format!("Compared with the other run: {words}"), input.theme.warn)));
            lines.extend(self.within(ui, input, node).into_iter().map(|line| (line, input.theme.text)));
            if self.view.zoom * self.scene.scale < super::measures::FAR {
                let node = &self.scene.nodes[node];
                lines.insert(0, (node.id.clone(), input.theme.text));
            }
            tooltip(ui, input.theme, &lines);
        }
    }

    /// What a broker shows of itself under the pointer.
    fn within(&self, ui: &Ui, input: &CanvasInput<'_>, node: usize) -> Vec<String> {
        let unit = self.view.zoom * self.scene.scale;
        let (Some(frame), Some(id)) = (input.frame, self.live.id(node)) else { return Vec::new() };
        let own = input.scenario.nodes.iter().find(|own| own.id() == self.scene.nodes[node].id);
        let (Some(crate::scenario::document::Node::Broker(broker)), true) = (own, unit >= super::measures::FAR) else { return Vec::new() };
        let Some(at) = ui.input(|i| i.pointer.latest_pos()) else { return Vec::new() };
        let areas = self.scene.nodes[node].rows.iter().map(|row| self.view.screen_rect(row.rect));
        let Some((row, area)) = areas.enumerate().find(|(_, area)| area.contains(at)) else { return Vec::new() };
        crate::app::kinds::of(&broker.kind).tells(frame, id, row, (at - area.min) / unit, area.size() / unit)
    }

    /// What has struck a node and until when, or what else keeps it from working as usual.
    fn plight(&self, input: &CanvasInput<'_>, node: usize) -> Option<String> {
        let condition = self.live.node(input.frame, node).and_then(|figures| figures.condition).map(|condition| condition.to_string());
        // Whose plight it is need not be said at the node itself.
        let own = |words: String| match words.strip_prefix(self.scene.nodes[node].id.as_str()).and_then(|rest| rest.strip_prefix(' ')) {
            Some(rest) => rest.to_owned(),
            None => words,
        };
        match (self.live.fault(input.frame, node).map(told).map(own), condition) {
            (Some(fault), Some(condition)) => Some(format!("{condition}: {fault}")),
            (fault, condition) => fault.or(condition),
        }
    }

    fn describe_particle(&self, input: &CanvasInput<'_>, seen: &Travelling) -> Vec<(String, Color32)> {
        let (Some(frame), Some(wire)) = (input.frame, self.scene.wires.get(seen.wire)) else { return Vec::new() };
        let kind = frame.plan.types.get(seen.kind).map_or("event", |t| t.name.as_str());
        let mut lines = vec![(format!("{kind} {}", seen.event.serial() + 1), input.theme.text)];
        let way = self.scene.ends(wire);
        let told = match seen.manner {
            Manner::Plain => format!("on its way from {way}"),
            Manner::Duplicate => format!("a second copy that the network made, from {way}"),
            Manner::Redelivery => format!("handed out again after it had come back, from {way}"),
            Manner::Replay => format!("stored, and delivered once more as told, from {way}"),
            Manner::DeadLetter => format!("given up and put aside, from {way}"),
            Manner::Lost => {
                let link = self.live.link(input.frame, seen.wire).and_then(|(link, _)| frame.plan.links.get(link.index()));
                let share =
                    link.filter(|l| l.loss.0 > 0.0).map_or(String::new(), |l| format!(", which loses {} of what it carries", l.loss));
                format!("lost by the network from {way}{share}")
            }
        };
        lines.push((told, input.theme.muted));
        lines
    }

    fn describe_wire(&self, input: &CanvasInput<'_>, wire: usize) -> String {
        let mut text = String::new();
        if input.frame.is_some() && self.live.is_inside(wire) {
            labels::rate(&mut text, self.live.rate(input.frame, wire));
            return text + ", within the broker";
        }
        let Some((link, figures)) = self.live.link(input.frame, wire) else { return "nothing runs yet".to_owned() };
        labels::rate(&mut text, self.live.rate(input.frame, wire));
        if let Some(plan) = input.frame.and_then(|f| f.plan.links.get(link.index())) {
            text.push_str(", latency ");
            text.push_str(&super::layout::times(&plan.latency));
        }
        if figures.lost > 0 {
            text.push_str(", lost ");
            labels::count(&mut text, figures.lost);
        }
        text
    }
}

/// A fault in words, with its end where that is known.
fn told(span: &FaultSpan) -> String {
    match span.until {
        Some(until) => format!("{}, until {}", span.words, figures::seconds(until.seconds())),
        None => span.words.clone(),
    }
}

fn is_selected(input: &CanvasInput<'_>, id: &str) -> bool {
    input.selection.nodes.contains(id)
}

fn tooltip(ui: &Ui, theme: &Theme, lines: &[(String, Color32)]) {
    if lines.is_empty() {
        return;
    }
    let id = ui.scope_id().with("tooltip");
    egui::Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, egui::PopupAnchor::Pointer).gap(14.0).show(|ui| {
        // What is shown from one picture to the next keeps the width it had, which may have been that of a single word.
        ui.set_max_width(ui.spacing().tooltip_width);
        for (line, colour) in lines {
            ui.label(prose(theme, line, theme.body, *colour));
        }
    });
}
