//! What the window remembers from one start to the next. A type of its own, apart from what is open at the moment:
//! every field has a default, so that settings of an older or newer version lose nobody anything.

use super::teach::Progress;
use super::theme::Mode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Remembered settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The look.
    pub mode: Mode,
    /// Files opened or saved lately, the latest first.
    pub recent: Vec<PathBuf>,
    /// What was open when the window closed.
    pub last: Option<PathBuf>,
    /// How large everything is drawn, where there is room for it; 1 is its own size.
    pub zoom: f32,
    /// Whether things appear in place instead of moving there.
    pub reduce_motion: bool,
    /// Whether the inspector is unfolded.
    pub inspector: bool,
    /// Whether the dock is unfolded.
    pub dock: bool,
    /// Where the parts of the window stand, as `app::panels` wrote it.
    pub panels: String,
    /// Megabytes that checkpoints of a run may take.
    pub memory_mb: usize,
    /// What was reached of lessons, by what they are known by.
    pub lessons: BTreeMap<String, Progress>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            mode: Mode::default(),
            recent: Vec::new(),
            last: None,
            zoom: 1.0,
            reduce_motion: false,
            inspector: true,
            dock: true,
            panels: String::new(),
            memory_mb: 512,
            lessons: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Where in the storage they are kept.
    pub const KEY: &'static str = "tidemill.settings";
    const RECENT: usize = 8;

    /// Notes that a file was opened or saved.
    pub fn note(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path.clone());
        self.recent.truncate(Self::RECENT);
        self.last = Some(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_files_are_few_different_and_in_order() {
        let mut settings = Settings::default();
        for i in 0..20 {
            settings.note(Path::new(&format!("/tmp/{}.ron", i % 10)));
        }
        assert_eq!(settings.recent.len(), Settings::RECENT);
        assert_eq!(settings.recent[0], Path::new("/tmp/9.ron"));
        assert_eq!(settings.last.as_deref(), Some(Path::new("/tmp/9.ron")));
    }
}
