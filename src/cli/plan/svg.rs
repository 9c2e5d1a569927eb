//! A picture of a run as SVG, alone or in a page.

use super::Shown;
use super::picture::{Picture, picture};

/// How things look; colours follow the reader's preference for light or dark.
const STYLE: &str = include_str!("picture.css");
/// The page around the pictures.
const PAGE: &str = include_str!("page.html");

/// A file of its own.
pub(super) fn file(run: &Shown) -> String {
    let picture = picture(run);
    let style = format!("<style>\n{STYLE}</style>\n");
    format!("{}\n", drawn(&picture, &title(run), " xmlns=\"http://www.w3.org/2000/svg\"", &style))
}

/// One page for all runs; a list chooses which is shown. It loads nothing.
pub(super) fn page(name: &str, runs: &[Shown]) -> String {
    let choices: String =
        runs.iter().enumerate().map(|(i, r)| format!("<option value=\"run-{i}\">{}</option>\n", escaped(&title(r)))).collect();
    let sections: String = runs
        .iter()
        .enumerate()
        .map(|(i, run)| {
            let drawing = drawn(&picture(run), &title(run), "", "");
            format!(
                "<section id=\"run-{i}\">\n<h2>{}</h2>\n<div class=\"scroll\">{drawing}</div>\n</section>\n",
                escaped(&title(run))
            )
        })
        .collect();
    let page = PAGE.replace("/* style */", STYLE).replace("<!-- name -->", &escaped(name));
    // The texts of the spec go in last, so that none of them is taken for a place.
    let (head, rest) = page.split_once("<!-- choices -->").unwrap_or((&page, ""));
    let (middle, tail) = rest.split_once("<!-- runs -->").unwrap_or((rest, ""));
    format!("{head}{choices}{middle}{sections}{tail}")
}

/// `9 jobs on a push to main`
fn title(run: &Shown) -> String {
    format!("{} {}", run.count(), run.event.replace('`', ""))
}

fn drawn(picture: &Picture<'_>, title: &str, attributes: &str, style: &str) -> String {
    let (width, height) = (picture.width, picture.height);
    let mut out = format!(
        "<svg{attributes} class=\"run\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">\n{style}",
        escaped(title)
    );
    for heading in &picture.headings {
        let (x, y) = (heading.x, heading.y);
        match heading.panel {
            Some((width, height)) => out.push_str(&format!(
                "<rect class=\"stage\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"8\"/>\
                 <text class=\"stage\" x=\"{:.0}\" y=\"{:.0}\">{}</text>\n",
                x + 10.0,
                y + 19.0,
                escaped(heading.text)
            )),
            None => {
                out.push_str(&format!("<text class=\"workflow\" x=\"{x:.0}\" y=\"{y:.0}\">{}</text>\n", escaped(heading.text)))
            }
        }
    }
    for line in &picture.lines {
        let ((ax, ay), (bx, by)) = (line.from, line.to);
        let bend = ((bx - ax) / 2.0).max(24.0);
        let class = if line.maybe { "line maybe" } else { "line" };
        out.push_str(&format!(
            "<path class=\"{class}\" d=\"M{ax:.0} {ay:.0}C{:.0} {ay:.0} {:.0} {by:.0} {bx:.0} {by:.0}\"/>\n",
            ax + bend,
            bx - bend
        ));
    }
    for shown in &picture.boxes {
        let (x, y) = (shown.x, shown.y);
        out.push_str(&format!(
            "<g class=\"job {}\"><title>{}</title><rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"6\"/>",
            shown.look,
            escaped(&shown.tooltip),
            shown.width,
            shown.height
        ));
        if !shown.gates.is_empty() {
            let class = if shown.gates.iter().any(|g| g.approval) { "gate approval" } else { "gate" };
            let (left, right, middle) = (x - 22.0, x, y + shown.height / 2.0);
            let (top, bottom, centre) = (middle - 11.0, middle + 11.0, x - 11.0);
            out.push_str(&format!(
                "<path class=\"{class}\" d=\"M{left:.0} {middle:.0}L{centre:.0} {top:.0}L{right:.0} {middle:.0}L{centre:.0} {bottom:.0}Z\"/>"
            ));
        }
        out.push_str(&format!("<text x=\"{:.0}\" y=\"{:.0}\">{}</text>", x + 10.0, y + 20.0, escaped(shown.name)));
        for (i, note) in shown.notes.iter().enumerate() {
            let below = y + 20.0 + 17.0 * (i + 1) as f64;
            out.push_str(&format!("<text class=\"note\" x=\"{:.0}\" y=\"{below:.0}\">{}</text>", x + 10.0, escaped(note)));
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>");
    out
}

/// Text inside XML, in quotes too.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
