//! The timeline as a picture (SVG): a bar for each key, ticks where guards took it up, and below
//! what the guards made of the tokens that were shown to them.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::timeline::{KeyLine, Place, Timeline};
use crate::drill::tally::Mark;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 96.0;
const TOP: f64 = 58.0;
const ROW: f64 = 17.0;
const CHART: f64 = 90.0;

/// The width of a column of the chart, in time.
const COLUMN: Duration = Duration::from_millis(250);

/// Colours in the middle, which stand out on white and on black.
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#57606a}.t{font-size:14px;font-weight:600}\
.p{fill:#8aa4c8}.a{fill:#2f81f7}.r{fill:#8b949e;opacity:.45}.v{fill:#d1242f}.ok{fill:#2da44e}\
.void{fill:#bf8700}.g{stroke:#bf8700;stroke-width:2}.l{stroke:#8b949e;stroke-width:1;opacity:.35}\
@media(prefers-color-scheme:dark){text{fill:#9da7b3}}";

/// What part of a run is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

/// Draws `window` of a run.
pub fn draw(
    title: &str,
    timeline: &Timeline,
    answers: &[(Instant, Mark)],
    guards: usize,
    window: Window,
) -> String {
    let shown: Vec<_> = timeline.keys.iter().filter(|key| worth_showing(key, window)).collect();
    let rows_end = TOP + ROW * count(shown.len());
    let base = rows_end + 34.0 + CHART;
    let height = base + 46.0;
    let mut svg = String::new();
    let mut add = |line: &str| {
        svg.push_str(line);
        svg.push('\n');
    };
    add(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-label=\"{title}\"><style>{STYLE}</style>"
    ));
    add(&format!("<text class=\"t\" x=\"8\" y=\"20\">{title}</text>"));
    add(&legend());
    let span = window.until.duration_since(window.from);
    for second in (0..=span.as_secs()).step_by(5) {
        let x = window.x(window.from + Duration::from_secs(second));
        add(&format!("<path class=\"l\" d=\"M{x:.1} {TOP}V{base:.0}\"/>"));
        add(&format!(
            "<text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{second} s</text>",
            base + 15.0
        ));
    }
    for (row, key) in shown.iter().enumerate() {
        add(&key_row(key, TOP + ROW * count(row), guards, window));
    }
    add(&chart(answers, rows_end + 34.0, window));
    add(&format!(
        "<text x=\"{LEFT}\" y=\"{:.0}\">Drawn from a run of scripts/rotation-drill; times as seen from outside.</text>",
        base + 36.0
    ));
    add("</svg>");
    svg
}

fn count(number: usize) -> f64 {
    number as f64
}

impl Window {
    fn x(self, at: Instant) -> f64 {
        let at = at.clamp(self.from, self.until);
        let part = at.duration_since(self.from).as_secs_f64()
            / self.until.duration_since(self.from).as_secs_f64();
        LEFT + part * (WIDTH - LEFT - 16.0)
    }
}

/// Keys that were published or signed within the window; those that only fade out tell nothing.
fn worth_showing(key: &KeyLine, window: Window) -> bool {
    let inside =
        |at: Option<Instant>| at.is_some_and(|at| (window.from..window.until).contains(&at));
    inside(key.first_signed)
        || inside(key.last_signed)
        || inside(key.seen.get(&Place::KeySet).map(|seen| seen.at))
}

fn key_row(key: &KeyLine, y: f64, guards: usize, window: Window) -> String {
    let mut row = String::new();
    let mut bar = |class: &str, from: Instant, until: Instant| {
        let (x, end) = (window.x(from), window.x(until));
        if end > x {
            let _ = write!(
                row,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"9\" rx=\"1\"/>",
                y + 3.0,
                end - x
            );
        }
    };
    let gone = key.revoked.or(key.gone).unwrap_or(window.until);
    let published = key.seen.get(&Place::KeySet).map_or(window.from, |seen| seen.at);
    let signs = key.first_signed.unwrap_or(gone);
    let stops = key.last_signed.unwrap_or(gone).max(signs);
    bar("p", published, signs);
    bar("a", signs, stops);
    bar("r", stops, gone);
    if let Some(revoked) = key.revoked {
        bar("v", revoked, revoked + window.until.duration_since(window.from) / 240);
    }
    for guard in 0..guards {
        let Some(seen) = key.seen.get(&Place::Guard(guard)) else { continue };
        if seen.at > window.from {
            let x = window.x(seen.at) + 3.0 * count(guard);
            let _ = write!(row, "<path class=\"g\" d=\"M{x:.1} {:.1}v9\"/>", y + 3.0);
        }
    }
    let short: String = key.kid.chars().take(8).collect();
    format!("<text x=\"8\" y=\"{:.1}\">{short}…</text>{row}", y + 12.0)
}

/// Answers by time: good tokens taken above, void ones refused on top, and what must not be.
fn chart(answers: &[(Instant, Mark)], top: f64, window: Window) -> String {
    let columns = window.until.duration_since(window.from).as_millis() / COLUMN.as_millis();
    let mut counts = vec![[0_usize; 3]; usize::try_from(columns).unwrap_or(0) + 1];
    for (at, mark) in answers {
        if (window.from..window.until).contains(at) {
            let column = at.duration_since(window.from).as_millis() / COLUMN.as_millis();
            counts[usize::try_from(column).unwrap_or(0)][*mark as usize] += 1;
        }
    }
    let most = counts.iter().map(|column| column.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let per_second = count(most) / COLUMN.as_secs_f64();
    let mut chart = format!(
        "<text x=\"8\" y=\"{:.0}\">answers/s</text><text x=\"8\" y=\"{:.0}\">up to {per_second:.0}</text>",
        top + 12.0,
        top + 28.0
    );
    for (number, column) in counts.iter().enumerate() {
        let from = window.from + COLUMN * u32::try_from(number).unwrap_or(u32::MAX);
        let (x, width) = (window.x(from), window.x(from + COLUMN) - window.x(from));
        let mut y = top + CHART;
        for (class, answers) in ["ok", "void", "v"].iter().zip(column) {
            let tall = CHART * count(*answers) / count(most);
            y -= tall;
            if tall > 0.0 && width > 0.0 {
                let _ = write!(
                    chart,
                    "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{tall:.1}\"/>"
                );
            }
        }
    }
    chart
}

fn legend() -> String {
    let mut legend = String::new();
    let mut x = LEFT;
    for (class, text) in [
        ("p", "published"),
        ("a", "signs"),
        ("r", "retiring"),
        ("v", "revoked, or a broken promise"),
        ("ok", "token taken"),
        ("void", "guard took the key up; void token refused"),
    ] {
        let _ = write!(
            legend,
            "<rect class=\"{class}\" x=\"{x:.0}\" y=\"34\" width=\"12\" height=\"9\"/><text x=\"{:.0}\" y=\"43\">{text}</text>",
            x + 17.0
        );
        x += 34.0 + 6.4 * count(text.len());
    }
    legend
}
