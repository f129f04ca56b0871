//! Every length and duration of the canvas that is not a matter of the look. Lengths are in scene units (a point at zoom 1)
//! unless a name says `SCREEN`.

/// Places snap to this grid.
pub const GRID: f32 = 8.0;
/// Dots of the ground are this far apart.
pub const DOTS: f32 = 24.0;
/// Zoom, farthest and nearest.
pub const ZOOM: (f32, f32) = (0.01, 4.0);
/// One press of a zoom button.
pub const ZOOM_STEP: f32 = 1.25;
/// How much a point of wheel movement zooms (as an exponent).
pub const WHEEL: f32 = 0.0028;
/// Fitting leaves a part of the canvas around the content: at least and at most this much, on the screen.
pub const FIT_MARGIN_SCREEN: (f32, f32) = (12.0, 56.0);
/// Fitting never zooms nearer than this.
pub const FIT_ZOOM: f32 = 1.5;
/// Below this zoom a node is an outline and a colour.
pub const FAR: f32 = 0.42;
/// Below this zoom links are a texture: faint, thin, without heads, and not to be pressed.
pub const TEXTURE: f32 = 0.25;
/// Beyond so many things on the screen they do not each take the pointer.
pub const TOUCHED: usize = 400;
/// Narrower than this on the screen, a node has no shape.
pub const SPECK: f32 = 22.0;
/// From this zoom on a node shows everything.
pub const NEAR: f32 = 0.6;

/// Height of a producer.
pub const PRODUCER: f32 = 60.0;
/// Length of a producer's tip.
pub const TIP: f32 = 22.0;
/// Height of a consumer.
pub const CONSUMER: f32 = 84.0;
/// Height of a store, and of the ellipse at its top.
pub const STORE: f32 = 96.0;
/// See `STORE`.
pub const LID: f32 = 20.0;
/// Height of a broker's header.
pub const HEADER: f32 = 36.0;
/// Height of a topic's row.
pub const ROW: f32 = 40.0;
/// Below the last row.
pub const FOOT: f32 = 8.0;
/// Width of a letter, on average: nodes are as wide as their names need, without asking the fonts.
pub const LETTER: f32 = 7.6;
/// Narrowest and widest node of one name.
pub const WIDTH: (f32, f32) = (152.0, 232.0);
/// Narrowest and widest broker.
pub const BROKER_WIDTH: (f32, f32) = (200.0, 296.0);
/// Room in a topic's row beside its name: marks, bars, the count.
pub const ROW_FIGURES: f32 = 112.0;
/// Inside a node, between its edge and its text.
pub const PAD: f32 = 14.0;
/// Radius of a port.
pub const PORT: f32 = 5.0;
/// Half the side of the square that takes a port's pointer, on the screen.
pub const PORT_GRASP_SCREEN: f32 = 11.0;
/// Most pips drawn before they are counted in figures.
pub const PIPS: u32 = 12;

/// Between columns and within a column when nodes are placed automatically.
pub const COLUMN_GAP: f32 = 128.0;
/// See `COLUMN_GAP`.
pub const STACK_GAP: f32 = 40.0;
/// A link keeps this distance from nodes it goes around.
pub const CLEARANCE: f32 = 18.0;
/// Radius of a detour's corners.
pub const CORNER: f32 = 16.0;
/// Lanes of links that share a way are this far apart.
pub const LANE: f32 = 7.0;
/// Length of a piece of a curve, at most.
pub const PIECE: f32 = 5.0;
/// A drawn line stays this near to its curve, on the screen.
pub const SAG: f32 = 0.1;
/// A link takes the pointer within this distance, on the screen.
pub const LINK_GRASP_SCREEN: f32 = 6.0;

/// Around the nodes of a group.
pub const FRAME_PAD: f32 = 12.0;
/// Height of the bar with a group's title.
pub const FRAME_TITLE: f32 = 18.0;
/// Widest note.
pub const NOTE_WIDTH: f32 = 280.0;
/// Height of a note's line.
pub const NOTE_LINE: f32 = 17.0;

/// Nodes that jump further than this glide instead.
pub const JUMP: f32 = 30.0;
/// For so many seconds.
pub const GLIDE: f64 = 0.3;

/// A dragged node snaps to its neighbours within this distance, on the screen.
pub const SNAP_SCREEN: f32 = 5.0;

/// Side of a particle, on the screen.
pub const PARTICLE_SCREEN: f32 = 9.0;
/// A particle takes the pointer within this distance, on the screen.
pub const PARTICLE_GRASP_SCREEN: f32 = 8.0;
/// Most particles at once, unless told otherwise.
pub const PARTICLES: usize = 4_000;
/// A particle is on its way at least this long, in wall seconds.
pub const SEEN: f64 = 0.45;
/// A lost one fades within this many seconds.
pub const FADE: f64 = 0.6;
/// Particles closer than this along a link make it a flow.
pub const CROWD: f32 = 15.0;

/// The minimap's largest size, on the screen.
pub const MINIMAP_SCREEN: (f32, f32) = (168.0, 104.0);
