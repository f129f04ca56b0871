//! Opening the window on this desktop. A missing display or library becomes a sentence that says what to do, never a
//! panic's trace.

use super::settings::Settings;
use super::shell::{Shell, Start};
use super::theme::size;
use super::zoom;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const HEADLESS: &str = "run headless with `tidemill run FILE`";

/// Opens the window and returns when it is closed.
pub fn launch(start: Start) -> Result<(), String> {
    if cfg!(target_os = "linux") && !has_display() {
        return Err(format!("no display: {HEADLESS}"));
    }
    let up = Arc::new(AtomicBool::new(false));
    let said = Arc::new(Mutex::new(String::new()));
    // Until the window is up a panic is a missing library, told in one line below; after that it is a bug and shows as one.
    let usual = Arc::new(panic::take_hook());
    panic::set_hook({
        let (up, said, usual) = (Arc::clone(&up), Arc::clone(&said), Arc::clone(&usual));
        Box::new(move |info| {
            if up.load(Ordering::Relaxed) {
                usual(info);
            } else {
                let words = info.payload_as_str().unwrap_or("unknown reason").to_owned();
                *said.lock().unwrap_or_else(PoisonError::into_inner) = words;
            }
        })
    });
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(start, Arc::clone(&up))));
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(words(&error)),
        Err(panic) if up.load(Ordering::Relaxed) => panic::resume_unwind(panic),
        Err(_) => Err(advice(&said.lock().unwrap_or_else(PoisonError::into_inner))),
    }
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()))
}

fn run(start: Start, up: Arc<AtomicBool>) -> eframe::Result {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Tidemill")
        .with_app_id("tidemill")
        .with_inner_size(size::USUAL)
        .with_min_inner_size(size::LEAST.map(|least| least * zoom::LEAST))
        .with_icon(icon())
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, renderer: eframe::Renderer::Glow, ..Default::default() };
    let create = move |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, Box<dyn std::error::Error + Send + Sync>> {
        let settings = cc.storage.and_then(|s| eframe::get_value(s, Settings::KEY)).unwrap_or_default();
        let mut shell = Shell::new(&cc.egui_ctx, settings).with_native_dialogs();
        shell.session.keep_in(eframe::storage_dir("tidemill").map(|folder| folder.join("unsaved")));
        // Lists and the inspector begin at their tops: where they were scrolled to is of what was open then.
        cc.egui_ctx.memory_mut(|memory| memory.data.remove_by_type::<egui::scroll_area::State>());
        shell.start(start);
        up.store(true, Ordering::Relaxed);
        Ok(Box::new(shell))
    };
    eframe::run_native("tidemill", options, Box::new(create))
}

/// The program's icon; without one rather than not at all, should it not be readable.
fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")).unwrap_or_default()
}

/// What eframe could not do, in words.
fn words(error: &eframe::Error) -> String {
    match error {
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => advice(&error.to_string()),
        eframe::Error::Glutin(_) | eframe::Error::NoGlutinConfigs(..) | eframe::Error::OpenGL(_) => {
            format!(
                "no OpenGL: install it (on Debian and Ubuntu: libgl1 and libgl1-mesa-dri), or {HEADLESS} ({})",
                first_line(&error.to_string())
            )
        }
        _ => format!("the window cannot be opened: {}; {HEADLESS}", first_line(&error.to_string())),
    }
}

/// What to do about what the window library said.
fn advice(said: &str) -> String {
    const LIBRARIES: [(&str, &str); 5] = [
        ("xkbcommon", "libxkbcommon-x11-0"),
        ("Xcursor", "libxcursor1"),
        ("Xi", "libxi6"),
        ("X11-xcb", "libx11-xcb1"),
        ("libX11", "libx11-6"),
    ];
    match LIBRARIES.iter().find(|(sign, _)| said.contains(sign)) {
        Some((_, package)) => format!("a library is missing: install {package} (its name on Debian and Ubuntu), or {HEADLESS}"),
        None => format!("no display: {HEADLESS} ({})", first_line(said)),
    }
}

/// The first line of what a library said, without the place in its source.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let place = line.find(" at /").and_then(|at| line[at..].find(": ").map(|end| (at, at + end)));
    let line = place.map_or_else(|| line.to_owned(), |(at, end)| format!("{}{}", &line[..at], &line[end..]));
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_readable() {
        assert_eq!(icon().width, 128);
    }

    #[test]
    fn missing_libraries_are_named_by_their_package() {
        assert!(advice("Library libxkbcommon-x11.so could not be loaded.").contains("install libxkbcommon-x11-0"));
        assert_eq!(first_line("os error at /some/where.rs:788: no connection\nmore"), "os error: no connection");
        assert!(advice("something else").starts_with("no display: run headless with `tidemill run FILE`"));
    }
}
