//! Files of other tools.

use super::{Level, Session};
use crate::app::files::{self, Home};
use crate::exchange;
use crate::scenario;
use std::path::Path;

impl Session {
    /// Opens another tool's file as a new scenario, and says what was not carried over.
    pub(super) fn import(&mut self, text: &str, called: &str) {
        match exchange::import(text, None) {
            Ok(carried) => {
                self.open_text(&scenario::write(&carried.result), Home::Nowhere, called, false);
                self.tell_left(&format!("Imported {called}"), &carried.left);
            }
            Err(why) => self.tell(Level::Error, format!("{called} cannot be imported: {why}")),
        }
    }

    /// Writes a broker for RabbitMQ, or for AWS, of several the selected one: a scenario itself is never such a file.
    pub(super) fn export(&mut self, path: &Path, format: &exchange::Format) {
        let Some(document) = &self.document else { return };
        let shown = files::shown(path);
        let written = (format.export)(&document.scenario, None)
            .or_else(|why| match document.selection.single() {
                Some(selected) => (format.export)(&document.scenario, Some(selected)).map_err(|_| why),
                None => Err(why),
            })
            .and_then(|carried| crate::files::save(path, &carried.result).map(|()| carried.left).map_err(|why| crate::files::reason(&why)));
        match written {
            Ok(left) => self.tell_left(&format!("Exported {} to {shown}", format.what), &left),
            Err(why) => self.tell(Level::Error, format!("{shown} cannot be exported: {why}")),
        }
    }

    fn tell_left(&mut self, done: &str, left: &[String]) {
        match left {
            [] => self.tell(Level::Info, done.to_owned()),
            left => self.tell(Level::Warning, format!("{done}. Not carried over: {}", left.join("; "))),
        }
    }
}
