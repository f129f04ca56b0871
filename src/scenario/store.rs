//! Stores: databases and remote services that are called and waited for.

use super::shapes::Times;
use super::units::Percent;
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// A database or a remote service. Whoever calls it waits for its answer; it serves as many calls at a time as it has connections,
/// the others wait in the order in which they came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Unique name.
    pub id: String,
    /// Place on the canvas; laid out automatically without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<(f32, f32)>,
    /// Where it stands in the world, as in `eu-1a`: nodes of one zone carry the same tag on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Calls it serves at a time. Default 10.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    pub connections: u32,
    /// Time one call takes once it has a connection. Default 5 ms constant.
    #[serde(default = "five_millis", skip_serializing_if = "is_five_millis")]
    pub time: Times,
    /// Share of calls that fail; they take as long as others and change nothing. Default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fails: Percent,
}

impl Default for Store {
    /// A store without a name.
    fn default() -> Self {
        Store { id: String::new(), at: None, zone: None, connections: ten(), time: five_millis(), fails: Percent(0.0) }
    }
}

/// A call to a store. The caller waits for the answer; if the call fails, so does what it was made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which store.
    pub store: String,
    /// How long the caller waits for the answer before it gives up. Default: as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
}

fn ten() -> u32 {
    10
}
fn is_ten(n: &u32) -> bool {
    *n == ten()
}
fn five_millis() -> Times {
    Times::Constant(Span::from_millis(5))
}
fn is_five_millis(times: &Times) -> bool {
    *times == five_millis()
}
fn is_zero(share: &Percent) -> bool {
    share.0 == 0.0
}
