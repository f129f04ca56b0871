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
/// Points of a line in a picture: about as dense as on the screen.
const DRAWN: usize = 200;

/// Makes the file, to be [taken](take) by whoever writes files.
pub(super) fn ask(ctx: &Context, theme: &Theme, frame: &Frame, kind: Kind, scale: Scale, part: (f64, f64), form: Form) {
    let title: String = kind.title().chars().take_while(|c| *c != ',' && *c != '(').collect();
    let name = |end: &str| format!("{} - {}.{end}", frame.plan.name, title.trim().to_lowercase()).replace(['/', '\\', ':'], "-");
    match form {
        Form::Csv => put(ctx, File { name: name("csv"), bytes: csv(frame, kind, part).into_bytes().into() }),
        Form::Svg => put(ctx, File { name: name("svg"), bytes: svg(theme, frame, kind, scale, part).into_bytes().into() }),
        Form::Png => {
            let name = name("png");
            let place = |id: Id| ctx.data(|data| data.get_temp::<Rect>(id));
            let (Some(plot), title, points) = (place(place_of(kind)), place(title_of(kind)), ctx.pixels_per_point()) else { return };
            let waiting = ctx.clone();
            ctx.request_screenshot(move |image| {
                if let Some(bytes) = png(&image, plot, title, points) {
                    put(&waiting, File { name, bytes: bytes.into() });
                }
            });
        }
    }
}

/// A plot in a picture of the window as a file, under a band with the words of its title; none if there is nothing of it in the picture.
fn png(image: &ColorImage, plot: Rect, title: Option<Rect>, pixels_per_point: f32) -> Option<Vec<u8>> {
    let whole = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(image.width() as f32, image.height() as f32) / pixels_per_point);
    let cut = |place: Rect| {
        let place = place.intersect(whole);
        place.is_positive().then(|| image.region(&place, Some(pixels_per_point)))
    };
    let drawn = cut(plot)?;
    let mut pixels: Vec<Color32> = Vec::new();
    if let Some((words, place)) = title.and_then(|place| Some((cut(place)?, place))) {
        let ground = commonest(&words.pixels);
        let before = (((place.left() - plot.left()) * pixels_per_point).max(0.0) as usize).min(drawn.width());
        for row in words.pixels.chunks(words.width().max(1)) {
            let end = pixels.len() + drawn.width();
            pixels.resize(pixels.len() + before, ground);
            pixels.extend(row.iter().take(drawn.width() - before));
            pixels.resize(end, ground);
        }
    }
    pixels.extend(&drawn.pixels);
    let icon = egui::IconData {
        rgba: pixels.iter().flat_map(Color32::to_srgba_unmultiplied).collect(),
        width: drawn.width() as u32,
        height: (pixels.len() / drawn.width().max(1)) as u32,
    };
    eframe::icon_data::IconDataExt::to_png_bytes(&icon).ok()
}

/// What words stand on: the colour that most of their picture has.
fn commonest(pixels: &[Color32]) -> Color32 {
    let mut colours: Vec<[u8; 4]> = pixels.iter().map(Color32::to_array).collect();
    colours.sort_unstable();
    let most = colours.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
    most.map_or(Color32::TRANSPARENT, |same| Color32::from_rgba_premultiplied(same[0][0], same[0][1], same[0][2], same[0][3]))
}

/// Under what the place of a plot on the screen is remembered.
pub(super) fn place_of(kind: Kind) -> Id {
    Id::unique(("place of plot", kind.title()))
}

/// And that of the words of its title.
pub(super) fn title_of(kind: Kind) -> Id {
    Id::unique(("title of plot", kind.title()))
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
    // A run that is compared with has moments of its own: a line has an empty cell where it has no point, as where it has a gap.
    let mut rest: Vec<&[[f64; 2]]> = curves.iter().map(|curve| &*curve.points).collect();
    while let Some(now) = rest.iter().filter_map(|points| points.first()).map(|point| point[0]).min_by(f64::total_cmp) {
        let _ = write!(out, "{now}");
        for points in &mut rest {
            out.push(',');
            if let Some(([at, value], behind)) = points.split_first()
                && *at == now
            {
                if value.is_finite() {
                    let _ = write!(out, "{value}");
                }
                *points = behind;
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
    let mut colours = Vec::new();
    for curve in &curves {
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
        colours.push(colour);
    }
    let ends = super::figures::ends(&curves).into_iter().filter(|(.., last)| scale.place(last[1]).is_finite());
    let mut name_at: Vec<(f64, &str, &String)> = ends.map(|(name, i, last)| (y(last[1]), name, &colours[i])).collect();
    name_at.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut floor = top;
    for (at, name, colour) in name_at {
        let at = at.max(floor);
        floor = at + 14.0;
        let _ = writeln!(out, "<text x=\"{}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>", width - right + 8.0, at + 4.0, escaped(name));
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
        let plot = Rect::from_min_max(pos2(10.0, 5.0), pos2(20.0, 15.0));
        let bytes = png(&image, plot, None, 2.0).unwrap();
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (20, 20), "width and height");
        let back = eframe::icon_data::from_png_bytes(&bytes).unwrap();
        assert!(back.rgba.chunks(4).all(|pixel| pixel == [255, 255, 255, 255]));
        // What is not on the screen is no picture, and what is half on it is half of one.
        assert!(png(&image, Rect::from_min_max(pos2(50.0, 5.0), pos2(60.0, 15.0)), None, 2.0).is_none());
        assert!(png(&image, Rect::from_min_max(pos2(15.0, 10.0), pos2(60.0, 60.0)), None, 2.0).is_some());
        // The title, wherever it stands, is a band over the whole width: here three points high, half a point from the left, and black.
        let title = Rect::from_min_max(pos2(10.5, 0.0), pos2(14.0, 3.0));
        (2..4).for_each(|x| image.pixels[3 * 40 + 20 + x] = Color32::RED);
        let bytes = png(&image, plot, Some(title), 2.0).unwrap();
        let back = eframe::icon_data::from_png_bytes(&bytes).unwrap();
        assert_eq!((back.width, back.height), (20, 26));
        let (band, below) = back.rgba.split_at(20 * 6 * 4);
        assert!(below.chunks(4).all(|pixel| pixel == [255, 255, 255, 255]), "the plot is whole");
        let red: Vec<usize> = band.chunks(4).enumerate().filter(|(_, pixel)| pixel[0] == 255 && pixel[1] == 0).map(|(at, _)| at).collect();
        assert_eq!(red, [3 * 20 + 2, 3 * 20 + 3], "the words stand above what they name");
    }
}
