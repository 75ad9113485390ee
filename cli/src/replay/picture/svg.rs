//! A small writer of SVG: what is drawn has a class, and the classes a colour in
//! the light and one in the dark.

use std::fmt::Write;

/// Classes with what they paint, and their colours in the light and in the dark.
/// The three answers stay apart for eyes that see few colours (after Paul Tol's
/// bright scheme).
const COLOURS: [(&str, &str, &str, &str); 9] = [
    ("page", "fill", "#ffffff", "#16191d"),
    ("text", "fill", "#22262b", "#e3e6ea"),
    ("faint", "fill", "#5d646d", "#9aa3ad"),
    ("line", "stroke", "#dde1e6", "#333941"),
    ("axis", "stroke", "#8a929c", "#79828d"),
    ("passed", "fill", "#4477aa", "#6699cc"),
    ("waited", "fill", "#ccbb44", "#ddcc66"),
    ("blocked", "fill", "#ee6677", "#ee7788"),
    ("closed", "fill", "#d5dbe2", "#3a424c"),
];

/// What is written below what stands on top.
const SHAPES: &str = "text{font-family:'DejaVu Sans',Verdana,'Segoe UI',sans-serif;font-size:12px}\
                      .title{font-size:16px;font-weight:bold}.line,.axis{stroke-width:1;fill:none}";

pub(super) struct Svg {
    width: f64,
    is_dark_at_night: bool,
    title: String,
    body: String,
}

/// Where a text stands as to its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn new(width: f64, is_dark_at_night: bool) -> Svg {
        Svg { width, is_dark_at_night, title: String::new(), body: String::new() }
    }

    pub(super) fn title(&mut self, title: &str) {
        self.title = title.to_owned();
    }

    fn add(&mut self, part: std::fmt::Arguments<'_>) {
        // Writing to a text can't fail.
        let _ = self.body.write_fmt(part);
        self.body.push('\n');
    }

    /// A rectangle; one without area is none.
    pub(super) fn rectangle(&mut self, class: &str, left: f64, top: f64, width: f64, height: f64) {
        if width > 0.0 && height > 0.0 {
            let [left, top, width, height] = [left, top, width, height].map(short);
            self.add(format_args!(
                "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"
            ));
        }
    }

    /// A line from one place to another.
    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x, y, to_x, to_y] = [from.0, from.1, to.0, to.1].map(short);
        self.add(format_args!("<path class=\"{class}\" d=\"M{x} {y}L{to_x} {to_y}\"/>"));
    }

    /// An area between its corners.
    pub(super) fn area(&mut self, class: &str, corners: &[(f64, f64)]) {
        let corners: Vec<_> = corners.iter().map(|(x, y)| format!("{} {}", short(*x), short(*y))).collect();
        if !corners.is_empty() {
            self.add(format_args!("<path class=\"{class}\" d=\"M{}Z\"/>", corners.join("L")));
        }
    }

    pub(super) fn text(&mut self, class: &str, anchor: Anchor, x: f64, y: f64, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text) = (short(x), short(y), escaped(text));
        self.add(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    /// Title and legend, of classes and words; what follows begins below.
    pub(super) fn head(&mut self, legend: &[(&str, &str)]) -> f64 {
        const LEFT: f64 = 24.0;
        let title = cut(&self.title, 92);
        self.text("text title", Anchor::Start, LEFT, 32.0, &title);
        let mut x = LEFT;
        for (class, word) in legend {
            self.rectangle(class, x, 47.0, 12.0, 12.0);
            self.text("text", Anchor::Start, x + 17.0, 57.0, word);
            x += 40.0 + 7.5 * word.len() as f64;
        }
        72.0
    }

    /// The whole picture, this high.
    pub(super) fn end(self, height: f64) -> String {
        let Svg { width, is_dark_at_night, title, body } = self;
        let colours = |which: fn(&(&'static str, &'static str, &'static str, &'static str)) -> &'static str| {
            COLOURS.iter().map(|of| format!(".{}{{{}:{}}}", of.0, of.1, which(of))).collect::<String>()
        };
        let mut style = SHAPES.to_owned() + &colours(|of| of.2);
        if is_dark_at_night {
            style += &format!("@media(prefers-color-scheme:dark){{{}}}", colours(|of| of.3));
        }
        let title = escaped(&title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>{style}</style>\n\
             <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n",
            height = short(height)
        )
    }
}

/// A number with no more digits than can be seen.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The text, or as much of it as there is room for.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_not_break_out() {
        let mut svg = Svg::new(10.0, true);
        svg.title("<a&b>");
        svg.text("text", Anchor::End, 1.0, 2.25, "</text>\"");
        let whole = svg.end(7.0);
        assert!(whole.contains("<title>&lt;a&amp;b&gt;</title>"), "{whole}");
        assert!(whole.contains("y=\"2.2\" text-anchor=\"end\">&lt;/text&gt;&quot;</text>"), "{whole}");
    }

    #[test]
    fn texts_are_cut() {
        assert_eq!((cut("ééé", 3), cut("éééé", 3)), ("ééé".to_owned(), "éé…".to_owned()));
    }
}
