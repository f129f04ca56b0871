//! Where the parts of the window stand: tiles beside, above and on top of each other, which can be dragged by their tabs, split and
//! sized, and are remembered. The canvas takes what the others leave; those keep their size when the window changes its own.

use super::theme::{Theme, size};
use egui::{Id, Rect, Vec2};
use egui_tiles::{Container, Linear, LinearDir, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

/// A part that can be moved about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Part {
    /// The topology.
    Canvas,
    /// What is selected.
    Inspector,
    /// The lesson.
    Lesson,
    /// Lanes over the whole run.
    Timeline,
    /// Figures over time.
    Plots,
    /// The ways of single events.
    Journeys,
    /// Branches of the run, and what differs between them.
    Branches,
    /// What the scenario expects, and whether it holds.
    Expectations,
    /// What a person should notice.
    Why,
    /// What is wrong.
    Problems,
    /// Event types.
    Events,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 11] = [
        Part::Canvas,
        Part::Inspector,
        Part::Lesson,
        Part::Timeline,
        Part::Plots,
        Part::Journeys,
        Part::Branches,
        Part::Expectations,
        Part::Why,
        Part::Problems,
        Part::Events,
    ];
    /// Those that fold together, below the canvas at first, in their order there.
    pub const DOCK: [Part; 8] =
        [Part::Timeline, Part::Plots, Part::Journeys, Part::Branches, Part::Expectations, Part::Why, Part::Problems, Part::Events];

    /// What its tab says.
    pub fn title(self) -> &'static str {
        match self {
            Part::Canvas => "Canvas",
            Part::Inspector => "Inspector",
            Part::Lesson => "Lesson",
            Part::Timeline => "Timeline",
            Part::Plots => "Plots",
            Part::Journeys => "Journeys",
            Part::Branches => "Branches",
            Part::Expectations => "Expectations",
            Part::Why => "Why",
            Part::Problems => "Problems",
            Part::Events => "Events",
        }
    }
}

/// Where a part can be sent without dragging it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To the left of everything.
    Left,
    /// To the right of everything.
    Right,
    /// Below the canvas.
    Below,
    /// Out of the tabs it is among, to stand beside them.
    Beside,
}

impl Side {
    /// All, with what sending a part there is called.
    pub const ALL: [(Side, &'static str); 4] =
        [(Side::Left, "to the left"), (Side::Right, "to the right"), (Side::Below, "below the canvas"), (Side::Beside, "beside its tabs")];
}

/// Parts that were not there from the beginning.
const LATER: [Part; 1] = [Part::Expectations];
/// A new tile has a share of one; what was given a size has more.
const NEW: f32 = 24.0;
/// The canvas is never narrower or lower than this because of others.
const CANVAS: f32 = 160.0;
/// A dock that nobody has sized takes no more of the height than this: the canvas comes first.
const DOCK: f32 = 0.38;
/// Between tiles.
pub const GAP: f32 = 1.0;

/// See the module.
#[derive(Clone, Debug)]
pub struct Panels {
    /// The tiles. Shares beside or above the canvas are points.
    pub tree: Tree<Part>,
    /// Usual width of a panel at the side and height of one below in the look that the sizes are for.
    usual: Vec2,
}

/// As it is remembered.
#[derive(Serialize, Deserialize)]
struct Kept {
    tree: Tree<Part>,
    usual: (f32, f32),
}

impl Default for Panels {
    fn default() -> Panels {
        let mut tiles = Tiles::default();
        let mut pane = |part: Part| tiles.insert_pane(part);
        let (lesson, canvas, inspector) = (pane(Part::Lesson), pane(Part::Canvas), pane(Part::Inspector));
        let dock: Vec<TileId> = Part::DOCK.into_iter().map(pane).collect();
        let plots = dock[1];
        let [lesson, canvas, dock, inspector] = [vec![lesson], vec![canvas], dock, vec![inspector]].map(|tabs| tiles.insert_tab_tile(tabs));
        if let Some(Tile::Container(Container::Tabs(tabs))) = tiles.get_mut(dock) {
            tabs.set_active(plots);
        }
        let middle = tiles.insert_vertical_tile(vec![canvas, dock]);
        let root = tiles.insert_horizontal_tile(vec![lesson, middle, inspector]);
        Panels { tree: Tree::new(Id::unique("panels"), root, tiles), usual: Vec2::ZERO }
    }
}

impl Panels {
    /// As they were remembered; the usual ones if that says nothing, or not everything exactly once. A part that was not there yet when it
    /// was remembered joins the others that fold together.
    pub fn remembered(text: &str) -> Panels {
        let Ok(mut kept) = serde_json::from_str::<Kept>(text) else { return Panels::default() };
        let parts = || kept.tree.tiles.tiles().filter_map(|tile| if let Tile::Pane(part) = tile { Some(*part) } else { None });
        let new: Vec<Part> = LATER.into_iter().filter(|later| parts().all(|part| part != *later)).collect();
        let mut all: Vec<Part> = parts().chain(new.iter().copied()).collect();
        all.sort();
        let mut wanted = Part::ALL.to_vec();
        wanted.sort();
        // A tile that hangs nowhere would never be seen again.
        let reached = parts().all(|part| kept.tree.tiles.find_pane(&part).is_some_and(|tile| hangs(&kept.tree, tile)));
        let among = kept.tree.tiles.find_pane(&Part::Why).and_then(|why| kept.tree.tiles.parent_of(why));
        let (true, Some(among)) = (all == wanted && reached, among) else { return Panels::default() };
        for part in new {
            let tile = kept.tree.tiles.insert_pane(part);
            kept.tree.move_tile_to_container(tile, among, usize::MAX, false);
        }
        Panels { tree: kept.tree, usual: kept.usual.into() }
    }

    /// To be remembered.
    pub fn remember(&self) -> String {
        // Only a tree that is not text could fail here, and this one came from such.
        serde_json::to_string(&Kept { tree: self.tree.clone(), usual: self.usual.into() }).unwrap_or_default()
    }

    /// The tile of a part.
    pub fn tile(&self, part: Part) -> Option<TileId> {
        self.tree.tiles.find_pane(&part)
    }

    /// Shows or hides a part, in its place.
    pub fn set_visible(&mut self, part: Part, visible: bool) {
        if let Some(tile) = self.tile(part) {
            self.tree.set_visible(tile, visible);
        }
    }

    /// Brings a part to the front of the tabs it is among.
    pub fn open(&mut self, part: Part) {
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == part));
    }

    /// Whether it is in front.
    pub fn is_open(&self, part: Part) -> bool {
        self.tile(part).is_some_and(|tile| self.tree.active_tiles().contains(&tile))
    }

    /// Where a part is drawn.
    pub fn rect(&self, part: Part) -> Option<Rect> {
        self.tree.tiles.rect(self.tile(part)?)
    }

    /// Sends a part elsewhere.
    pub fn send(&mut self, part: Part, side: Side) {
        let (Some(tile), Some(canvas)) = (self.tile(part), self.tile(Part::Canvas)) else { return };
        if part == Part::Canvas {
            return;
        }
        let (dir, first) = match side {
            Side::Left => (LinearDir::Horizontal, true),
            Side::Right => (LinearDir::Horizontal, false),
            Side::Below => (LinearDir::Vertical, false),
            Side::Beside => return self.set_beside(tile),
        };
        let Some(row) = self.row(dir, canvas) else { return };
        let edge = match self.tree.tiles.get_container(row) {
            Some(Container::Linear(row)) if first => row.children.first(),
            Some(Container::Linear(row)) => row.children.last(),
            _ => None,
        };
        let fits = |id: &TileId| !self.holds(*id, canvas) && self.tree.is_visible_in_layout(*id);
        let tabs = |id: &TileId| matches!(self.tree.tiles.get_container(*id), Some(Container::Tabs(_)));
        let target = match edge.copied().filter(fits).filter(tabs) {
            Some(there) => there,
            None => {
                let new = self.tree.tiles.insert_tab_tile(Vec::new());
                if let Some(Tile::Container(Container::Linear(row))) = self.tree.tiles.get_mut(row) {
                    row.children.insert(if first { 0 } else { row.children.len() }, new);
                }
                new
            }
        };
        self.tree.move_tile_to_container(tile, target, usize::MAX, false);
        self.open(part);
    }

    /// Makes a part stand beside the tabs it was among.
    fn set_beside(&mut self, tile: TileId) {
        let Some(tabs) = self.tree.tiles.parent_of(tile) else { return };
        if self.tree.tiles.get_container(tabs).is_none_or(|tabs| tabs.num_children() < 2) {
            return;
        }
        let new = self.tree.tiles.insert_tab_tile(Vec::new());
        let both = self.tree.tiles.insert_horizontal_tile(vec![tabs, new]);
        let above = self.tree.tiles.iter().find(|(id, above)| **id != both && matches!(above, Tile::Container(c) if c.has_child(tabs)));
        match above.map(|(id, _)| *id).and_then(|id| self.tree.tiles.get_mut(id)) {
            Some(Tile::Container(above)) => {
                // The share goes along with the place.
                if let Container::Linear(row) = above {
                    row.shares.replace_with(tabs, both);
                }
                let _ = above.replace_child(tabs, both);
            }
            _ => self.tree.root = Some(both),
        }
        self.tree.move_tile_to_container(tile, new, 0, false);
    }

    /// The row (or column) that the canvas is in, as far out as there is one; a new one around everything if there is none.
    fn row(&mut self, dir: LinearDir, canvas: TileId) -> Option<TileId> {
        let mut found = None;
        let mut at = Some(canvas);
        while let Some(tile) = at {
            if matches!(self.tree.tiles.get_container(tile), Some(Container::Linear(row)) if row.dir == dir) {
                found = Some(tile);
                if dir == LinearDir::Vertical {
                    break;
                }
            }
            at = self.tree.tiles.parent_of(tile);
        }
        if found.is_some() {
            return found;
        }
        let around = match dir {
            LinearDir::Horizontal => self.tree.root?,
            LinearDir::Vertical => self.tree.tiles.parent_of(canvas).unwrap_or(canvas),
        };
        let above = self.tree.tiles.parent_of(around);
        let new = self.tree.tiles.insert_container(Linear::new(dir, vec![around]));
        match above.and_then(|above| self.tree.tiles.get_mut(above)) {
            Some(Tile::Container(above)) => {
                if let Container::Linear(row) = above {
                    row.shares.replace_with(around, new);
                }
                let _ = above.replace_child(around, new);
            }
            _ => self.tree.root = Some(new),
        }
        Some(new)
    }

    /// Whether a tile is this one, or has it somewhere in it.
    fn holds(&self, tile: TileId, wanted: TileId) -> bool {
        holds(&self.tree.tiles, tile, wanted)
    }

    /// Gives everything its size in points before it is drawn in so much room: the canvas takes what the others leave.
    pub fn fit(&mut self, theme: &Theme, room: Vec2) {
        let usual = egui::vec2(theme.inspector().0, theme.dock().0);
        // Sizes that were dragged in one look are larger in one with larger text.
        let grown = if self.usual == Vec2::ZERO { Vec2::splat(1.0) } else { usual / self.usual };
        self.usual = usual;
        if let (Some(root), Some(canvas)) = (self.tree.root, self.tile(Part::Canvas)) {
            self.fit_tile(theme, root, canvas, room, grown);
        }
    }

    fn fit_tile(&mut self, theme: &Theme, tile: TileId, canvas: TileId, room: Vec2, grown: Vec2) {
        let children = match self.tree.tiles.get_container(tile) {
            Some(container) => container.children_vec(),
            None => return,
        };
        let Some(Container::Linear(row)) = self.tree.tiles.get_container(tile) else {
            let bar = if children == [canvas] { 0.0 } else { theme.px(size::TAB) };
            children.into_iter().for_each(|child| self.fit_tile(theme, child, canvas, room - egui::vec2(0.0, bar), grown));
            return;
        };
        let axis = usize::from(row.dir == LinearDir::Vertical);
        let shown: Vec<TileId> = children.iter().copied().filter(|child| self.tree.is_visible_in_layout(*child)).collect();
        let Some(middle) = children.iter().copied().find(|child| self.holds(*child, canvas)) else { return };
        let total = room[axis] - GAP * shown.len().saturating_sub(1) as f32;
        let lesson = self.tile(Part::Lesson);
        let mut sizes: Vec<(TileId, f32)> = Vec::new();
        for child in children.iter().copied().filter(|child| *child != middle) {
            let share = row.shares[child];
            let is_lesson = lesson.is_some_and(|lesson| self.holds(child, lesson));
            let (usual, least) = match axis {
                0 if is_lesson => (theme.lesson().0, theme.lesson().1),
                0 => (theme.inspector().0, theme.inspector().1),
                _ => (theme.dock().0.min(room.y * DOCK), theme.dock().1),
            };
            let wanted = if share < NEW { usual } else { share * grown[axis] };
            sizes.push((child, wanted.max(least)));
        }
        let taken: f32 = sizes.iter().filter(|(child, _)| shown.contains(child)).map(|(_, size)| size).sum();
        let most = (total - CANVAS).max(0.0);
        let squeeze = if taken > most { most / taken } else { 1.0 };
        sizes.iter_mut().filter(|(child, _)| shown.contains(child)).for_each(|(_, size)| *size *= squeeze);
        let rest = (total - taken * squeeze).max(1.0);
        if let Some(Tile::Container(Container::Linear(row))) = self.tree.tiles.get_mut(tile) {
            sizes.iter().for_each(|(child, size)| row.shares.set_share(*child, *size));
            row.shares.set_share(middle, rest);
        }
        let mut inner = room;
        inner[axis] = rest;
        self.fit_tile(theme, middle, canvas, inner, grown);
    }
}

fn holds(tiles: &Tiles<Part>, tile: TileId, wanted: TileId) -> bool {
    tile == wanted || tiles.get_container(tile).is_some_and(|container| container.children().any(|child| holds(tiles, *child, wanted)))
}

fn hangs(tree: &Tree<Part>, tile: TileId) -> bool {
    tree.root.is_some_and(|root| holds(&tree.tiles, root, tile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme::Mode;

    fn share(panels: &Panels, part: Part) -> f32 {
        let tabs = panels.tree.tiles.parent_of(panels.tile(part).unwrap()).unwrap();
        let row = panels.tree.tiles.parent_of(tabs).unwrap();
        let Some(Container::Linear(row)) = panels.tree.tiles.get_container(row) else { panic!() };
        row.shares[tabs]
    }

    #[test]
    fn the_canvas_takes_what_the_others_leave() {
        let theme = Theme::of(Mode::Dark);
        let mut panels = Panels::default();
        panels.set_visible(Part::Lesson, false);
        for width in [1280.0, 2560.0, 960.0] {
            panels.fit(&theme, egui::vec2(width, 600.0));
            assert_eq!(share(&panels, Part::Inspector), theme.inspector().0, "{width}");
            // A low window's canvas comes first.
            assert_eq!(share(&panels, Part::Plots), 600.0 * DOCK);
            assert_eq!(share(&panels, Part::Canvas), 600.0 - GAP - 600.0 * DOCK);
        }
        let large = Theme::of(Mode::Projector);
        panels.fit(&large, egui::vec2(1280.0, 600.0));
        assert!((share(&panels, Part::Inspector) - large.inspector().0).abs() < 1.0, "it grows with the text");
    }

    #[test]
    fn parts_are_sent_elsewhere_and_nothing_gets_lost() {
        for part in Part::ALL {
            for (side, _) in Side::ALL {
                let mut panels = Panels::default();
                panels.send(part, side);
                for again in [Part::Plots, Part::Inspector] {
                    panels.send(again, Side::Left);
                    panels.send(again, Side::Beside);
                }
                let back = Panels::remembered(&panels.remember());
                assert_eq!(back.tree, panels.tree, "{part:?} {side:?}");
                for part in Part::ALL {
                    assert!(hangs(&back.tree, back.tile(part).unwrap()), "{part:?}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_as_usual() {
        let usual = Panels::default();
        let mut lacking = usual.clone();
        let why = lacking.tile(Part::Why).unwrap();
        lacking.tree.remove_recursively(why);
        for text in ["", "nonsense", &lacking.remember()] {
            assert_eq!(Panels::remembered(text).tree.tiles.len(), usual.tree.tiles.len(), "{text}");
        }
    }

    #[test]
    fn a_part_that_is_new_joins_a_layout_from_before() {
        let mut before = Panels::default();
        before.send(Part::Why, Side::Left);
        let place = before.remember();
        let expectations = before.tile(Part::Expectations).unwrap();
        before.tree.remove_recursively(expectations);
        let now = Panels::remembered(&before.remember());
        let beside = |panels: &Panels, part| panels.tree.tiles.parent_of(panels.tile(part).unwrap());
        assert_eq!(beside(&now, Part::Why), beside(&now, Part::Expectations), "among the tabs that can be seen");
        assert_eq!(now.tree.tiles.len(), Panels::remembered(&place).tree.tiles.len());
        assert_eq!(beside(&now, Part::Why), beside(&Panels::remembered(&place), Part::Why), "and nothing else has moved");
    }
}
