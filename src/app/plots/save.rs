//! Keeping a plot: its figures as a table, itself as a drawing or a picture.

use super::figures::{Ink, Kind, columns};
use super::scale::Scale;
use crate::app::marks::{short, time_marks};
use crate::app::theme::{Mode, Theme};
use crate::figures;
use crate::run::Frame;
use egui::{Color32, ColorImage, Context, Id, Rect};
use std::fmt::Write;
use std::sync::Arc;

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One row per moment, one column per line.
    Csv,
    /// A drawing of lines.
    Svg,
    /// A picture of points.
    Png,
}

/// A file to be written.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

/// Points of a line in a table.
const POINTS: usize = 2_000;
/// Points of a line in a picture: as dense as on the screen.
const DRAWN: usize = 300;

/// Makes the file, to be [taken](take) by whoever writes files.
pub(super) fn ask(ctx: &Context, theme: &Theme, frame: &Frame, kind: Kind, scale: Scale, part: (f64, f64), form: Form) {
    let title: String = kind.title().chars().take_while(|c| *c != ',' && *c != '(').collect();
    let name = |end: &str| format!("{} - {}.{end}", frame.plan.name, title.trim().to_lowercase()).replace(['/', '\\', ':'], "-");
    match form {
        Form::Csv => put(ctx, File { name: name("csv"), bytes: csv(frame, kind, part).into_bytes().into() }),
        Form::Svg => put(ctx, File { name: name("svg"), bytes: svg(theme, frame, kind, scale, part).into_bytes().into() }),
        Form::Png => {
            let name = name("png");
            let place = ctx.data(|data| data.get_temp::<Rect>(place_of(kind)));
            let (Some(place), points) = (place, ctx.pixels_per_point()) else { return };
            let waiting = ctx.clone();
            ctx.request_screenshot(move |image| {
                if let Some(bytes) = png(&image, place, points) {
                    put(&waiting, File { name, bytes: bytes.into() });
                }
            });
        }
    }
}

/// A part of a picture of the window as a file; none if there is nothing of it in the picture.
fn png(image: &ColorImage, place: Rect, pixels_per_point: f32) -> Option<Vec<u8>> {
    let whole = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(image.width() as f32, image.height() as f32) / pixels_per_point);
    let place = place.intersect(whole);
    if !place.is_positive() {
        return None;
    }
    let cut = image.region(&place, Some(pixels_per_point));
    let icon = egui::IconData {
        rgba: cut.pixels.iter().flat_map(Color32::to_srgba_unmultiplied).collect(),
        width: cut.width() as u32,
        height: cut.height() as u32,
    };
    eframe::icon_data::IconDataExt::to_png_bytes(&icon).ok()
}

/// Under what the place of a plot on the screen is remembered.
pub(super) fn place_of(kind: Kind) -> Id {
    Id::unique(("place of plot", kind.title()))
}

fn waiting() -> Id {
    Id::unique("plots to be saved")
}

fn put(ctx: &Context, file: File) {
    ctx.data_mut(|data| data.get_temp_mut_or_default::<Vec<File>>(waiting()).push(file));
    ctx.request_repaint();
}

/// The files that wait to be written.
pub fn take(ctx: &Context) -> Vec<File> {
    ctx.data_mut(|data| data.remove_temp::<Vec<File>>(waiting())).unwrap_or_default()
}

fn csv(frame: &Frame, kind: Kind, (from, to): (f64, f64)) -> String {
    let mut out = String::new();
    if kind == Kind::Heat {
        out.push_str("from_s,to_s,latency_from_s,latency_to_s,count\n");
        for (begin, end, heat) in columns(frame, from, to, POINTS, |_| true) {
            for (low, high, count) in heat.classes() {
                // Writing to a text cannot fail.
                let _ = writeln!(out, "{begin},{end},{low},{high},{count}");
            }
        }
        return out;
    }
    let curves = kind.curves(frame, from, to, POINTS);
    out.push_str("time_s");
    for curve in &curves {
        let _ = write!(out, ",{}", field(&curve.name));
    }
    out.push('\n');
    for row in 0..curves.first().map_or(0, |curve| curve.points.len()) {
        let _ = write!(out, "{}", curves[0].points[row][0]);
        for curve in &curves {
            // A gap is an empty cell.
            match curve.points[row][1] {
                value if value.is_finite() => drop(write!(out, ",{value}")),
                _ => out.push(','),
            }
        }
        out.push('\n');
    }
    out
}

fn field(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn svg(theme: &Theme, frame: &Frame, kind: Kind, scale: Scale, (from, to): (f64, f64)) -> String {
    // On paper, whatever the screen looks like.
    let paper = Theme::of(if theme.mode == Mode::Projector { Mode::Projector } else { Mode::Light });
    let (width, height, left, right, top, bottom) = (960.0, 420.0, 64.0, 150.0, 36.0, 32.0);
    let curves = kind.curves(frame, from, to, DRAWN);
    let heat = if kind == Kind::Heat { columns(frame, from, to, 240, |_| true) } else { Vec::new() };
    let (least, most) = scale.range(super::figures::values(&curves, &heat));
    let x = |t: f64| left + (t - from) / (to - from).max(1e-9) * (width - left - right);
    let y = |v: f64| height - bottom - (scale.place(v).max(least) - least) / (most - least) * (height - top - bottom);
    let hex = |c: Color32| format!("#{:02x}{:02x}{:02x}", c.r(), c.g(), c.b());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n<text x=\"{left}\" y=\"20\" font-size=\"14\" fill=\"{}\">{}</text>\n",
        hex(paper.panel),
        hex(paper.text),
        escaped(&format!("{}: {}", frame.plan.name, kind.title()))
    );
    let line = hex(paper.line);
    let muted = hex(paper.muted);
    for mark in scale.marks(kind.format(), (least, most), 6) {
        let value = scale.value(mark.value);
        let (at, words) = (y(value), escaped(&short(&kind.format().words(value))));
        let _ = writeln!(
            out,
            "<path d=\"M{left} {at:.1}H{}\" stroke=\"{line}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{muted}\">{words}</text>",
            width - right,
            left - 6.0,
            at + 4.0
        );
    }
    for mark in time_marks((from, to), 10) {
        let words = escaped(&short(&figures::axis_seconds(mark.value)));
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"{muted}\">{words}</text>",
            x(mark.value),
            height - 10.0
        );
    }
    let densest = heat.iter().flat_map(|(_, _, heat)| heat.classes().map(|c| c.2)).max().unwrap_or(1);
    for (begin, end, heat) in &heat {
        for (low, high, count) in heat.classes() {
            let opacity = 0.15 + 0.85 * f64::from(count).ln_1p() / f64::from(densest).ln_1p();
            let _ = writeln!(
                out,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\" opacity=\"{opacity:.2}\"/>",
                x(*begin),
                y(high),
                x(*end) - x(*begin),
                (y(low) - y(high)).max(1.0),
                hex(paper.accent)
            );
        }
    }
    let mut name_at = Vec::new();
    for (i, curve) in curves.iter().enumerate() {
        let colour = hex(match curve.ink {
            Ink::Node(_) | Ink::Outlet(_) => paper.line_colour(super::draw::rank(&frame.plan, curve.ink)),
            Ink::Type(kind) => paper.event(kind.index()).0,
            Ink::Other => paper.muted,
        });
        let dashes = if curve.aside { " stroke-dasharray=\"4 3\"" } else { "" };
        for part in curve.points.split(|p| !scale.place(p[1]).is_finite()).filter(|part| !part.is_empty()) {
            if let [only] = part {
                // A line of one point is none.
                let _ = writeln!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2\" fill=\"{colour}\"/>", x(only[0]), y(only[1]));
                continue;
            }
            let points: Vec<String> = part.iter().map(|p| format!("{:.1},{:.1}", x(p[0]), y(p[1]))).collect();
            let _ =
                writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dashes}/>", points.join(" "));
        }
        if let Some(last) = curve.last().filter(|last| !curve.aside && scale.place(last[1]).is_finite()) {
            name_at.push((y(last[1]), i, colour));
        }
    }
    name_at.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut floor = top;
    for (at, i, colour) in name_at {
        let at = at.max(floor);
        floor = at + 14.0;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
            width - right + 8.0,
            at + 4.0,
            escaped(&curves[i].name)
        );
    }
    out.push_str("</svg>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn a_picture_holds_the_plot_and_nothing_else() {
        let mut image = ColorImage::filled([40, 30], Color32::BLACK);
        (0..30).for_each(|y| (20..40).for_each(|x| image.pixels[y * 40 + x] = Color32::WHITE));
        // Two pixels per point: the right half.
        let bytes = png(&image, Rect::from_min_max(pos2(10.0, 5.0), pos2(20.0, 15.0)), 2.0).unwrap();
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (20, 20), "width and height");
        let back = eframe::icon_data::from_png_bytes(&bytes).unwrap();
        assert!(back.rgba.chunks(4).all(|pixel| pixel == [255, 255, 255, 255]));
        // What is not on the screen is no picture, and what is half on it is half of one.
        assert!(png(&image, Rect::from_min_max(pos2(50.0, 5.0), pos2(60.0, 15.0)), 2.0).is_none());
        assert!(png(&image, Rect::from_min_max(pos2(15.0, 10.0), pos2(60.0, 60.0)), 2.0).is_some());
    }
}
