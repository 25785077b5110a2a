//! The timeline as a picture (SVG): a bar for each key with the states of its life, below it for how
//! long each guard held it, then the fetches of each guard, and what they made of the tokens that
//! were shown to them. All of it is what a run saw from outside.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::timeline::Timeline;
use crate::drill::tally::{Counts, Mark};

mod lanes;
mod rows;
mod style;

pub(super) const WIDTH: f64 = 960.0;
pub(super) const LEFT: f64 = 126.0;
const RIGHT: f64 = 18.0;
/// Where the rows begin, below title, legend and the names of calls.
const TOP: f64 = 108.0;

/// What part of a run is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

impl Window {
    /// Where a moment lies; those beyond the window lie on its edge.
    pub(super) fn x(self, at: Instant) -> f64 {
        let at = at.clamp(self.from, self.until);
        let part = at.duration_since(self.from).as_secs_f64() / self.span().as_secs_f64();
        LEFT + part * (WIDTH - LEFT - RIGHT)
    }

    fn span(self) -> Duration {
        self.until.duration_since(self.from)
    }

    pub(super) fn holds(self, at: Instant) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// What is drawn.
#[derive(Debug)]
pub struct Picture<'a> {
    /// What was seen of the keys.
    pub timeline: &'a Timeline,
    /// What the guards made of the load.
    pub counts: &'a Counts,
    /// How many guards there were.
    pub guards: usize,
    /// The part of the run.
    pub window: Window,
}

/// A drawing that grows downwards.
pub(super) struct Sheet {
    svg: String,
    /// Down to where it is drawn on.
    pub(super) y: f64,
}

impl Sheet {
    pub(super) fn add(&mut self, line: &str) {
        self.svg.push_str(line);
        self.svg.push('\n');
    }

    pub(super) fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.add(&format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
    }

    /// A bar; nothing if it has no length.
    pub(super) fn bar(&mut self, class: &str, [x, end]: [f64; 2], y: f64, tall: f64) {
        if end - x > 0.2 {
            self.add(&format!(
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{tall:.1}\" rx=\"2\"/>",
                end - x
            ));
        }
    }
}

pub(super) fn number(count: usize) -> f64 {
    count as f64
}

/// Draws it.
pub fn draw(picture: &Picture<'_>) -> String {
    let mut sheet = Sheet { svg: String::new(), y: TOP };
    rows::draw(&mut sheet, picture);
    lanes::fetches(&mut sheet, picture);
    lanes::answers(&mut sheet, picture);
    let base = sheet.y;
    let height = base + 64.0;
    let mut behind = String::new();
    axis(&mut behind, picture.window, base);
    calls(&mut behind, picture, base);
    let (title, told) =
        ("Rotations of the signing key, and its revocation, under load", told(picture));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-labelledby=\"t d\">\n<title id=\"t\">{title}</title>\n<desc id=\"d\">{told}</desc>\n\
         <style>{}</style>\n<text class=\"t\" x=\"12\" y=\"24\">{title}</text>\n{}{behind}{}\
         <text class=\"n\" x=\"{LEFT}\" y=\"{:.1}\">{told}</text>\n</svg>\n",
        style::STYLE,
        style::legend(),
        sheet.svg,
        base + 46.0,
    )
}

/// The figures, in a line.
fn told(picture: &Picture<'_>) -> String {
    let Counts { requests, refused, void_refused, .. } = picture.counts;
    format!(
        "{requests} requests to {} guards: {refused} good tokens refused, {void_refused} of the revoked key \
         refused. Seen from outside, drawn by scripts/rotation-drill.",
        picture.guards
    )
}

fn axis(svg: &mut String, window: Window, base: f64) {
    for second in (0..=window.span().as_secs()).step_by(10) {
        let x = window.x(window.from + Duration::from_secs(second));
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{x:.1} {:.1}V{base:.1}\"/><text class=\"m\" x=\"{x:.1}\" y=\"{:.1}\">{second} s</text>",
            TOP - 4.0,
            base + 18.0
        );
    }
}

/// What the operator asked for, and when.
fn calls(svg: &mut String, picture: &Picture<'_>, base: f64) {
    for (at, what) in picture.timeline.calls.iter().filter(|(at, _)| picture.window.holds(*at)) {
        let x = picture.window.x(*at);
        let _ = writeln!(
            svg,
            "<path class=\"call {what}\" d=\"M{x:.1} {:.1}V{base:.1}\"/><text class=\"m {what}\" x=\"{x:.1}\" y=\"{:.1}\">{what}</text>",
            TOP - 8.0,
            TOP - 14.0
        );
    }
}

/// The marks of answers, from the bottom of a column up, and their colours.
pub(super) const MARKS: [(Mark, &str); 3] =
    [(Mark::Taken, "ok"), (Mark::VoidRefused, "void"), (Mark::Wrong, "wrong")];
