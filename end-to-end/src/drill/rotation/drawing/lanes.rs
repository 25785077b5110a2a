//! Below the keys: when each guard fetched the key set, and what the guards answered.

use std::time::Duration;

use super::{LEFT, MARKS, Picture, Sheet, WIDTH, number};

const LANE: f64 = 17.0;
const CHART: f64 = 74.0;

/// The width of a column of the chart, in time.
const COLUMN: Duration = Duration::from_millis(500);

/// A lane for each guard with a tick for each fetch.
pub(super) fn fetches(sheet: &mut Sheet, picture: &Picture<'_>) {
    sheet.text("k", 12.0, sheet.y + 11.0, "fetches");
    for guard in 0..picture.guards {
        let y = sheet.y + 7.0 + LANE * number(guard);
        sheet.text("e", LEFT - 8.0, y + 4.0, &format!("guard {}", guard + 1));
        for fetch in picture.timeline.fetches.iter().filter(|fetch| fetch.guard == guard) {
            if picture.window.holds(fetch.at) {
                let x = picture.window.x(fetch.at);
                let (class, half) = if fetch.beyond { ("beyond", 6.5) } else { ("poll", 4.5) };
                sheet.add(&format!(
                    "<path class=\"{class}\" d=\"M{x:.1} {:.1}v{:.1}\"/>",
                    y - half,
                    half * 2.0
                ));
            }
        }
    }
    sheet.y += LANE * number(picture.guards) + 18.0;
}

/// Answers by time: good tokens taken, those of the revoked key refused, and what must not be.
pub(super) fn answers(sheet: &mut Sheet, picture: &Picture<'_>) {
    let window = picture.window;
    let columns = window.span().as_millis() / COLUMN.as_millis();
    let mut counts = vec![[0_usize; MARKS.len()]; usize::try_from(columns).unwrap_or(0) + 1];
    for (at, mark) in picture.counts.answers.iter().filter(|(at, _)| window.holds(*at)) {
        let column = at.duration_since(window.from).as_millis() / COLUMN.as_millis();
        let kind = MARKS.iter().position(|(kind, _)| kind == mark).unwrap_or_default();
        counts[usize::try_from(column).unwrap_or(0)][kind] += 1;
    }
    let most = counts.iter().map(|column| column.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let per_second = number(most) / COLUMN.as_secs_f64();
    sheet.text("k", 12.0, sheet.y + 11.0, "answers");
    sheet.text("n", 12.0, sheet.y + 28.0, &format!("to {per_second:.0} a second"));
    for (line, (class, text)) in
        [("ok", "taken"), ("void", "void, refused"), ("wrong", "good, refused")]
            .into_iter()
            .enumerate()
    {
        let y = sheet.y + 36.0 + 13.0 * number(line);
        sheet.bar(class, [12.0, 20.0], y, 8.0);
        sheet.text("n", 25.0, y + 8.0, text);
    }
    let base = sheet.y + CHART;
    for (index, column) in counts.iter().enumerate() {
        let from = window.from + COLUMN * u32::try_from(index).unwrap_or(u32::MAX);
        let ends = [window.x(from), window.x(from + COLUMN)];
        let mut y = base;
        for ((_, class), answers) in MARKS.iter().zip(column).filter(|(_, answers)| **answers > 0) {
            let tall = CHART * number(*answers) / number(most);
            y -= tall;
            sheet.add(&format!(
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"/>",
                ends[0],
                (ends[1] - ends[0]).max(0.1)
            ));
        }
    }
    sheet.add(&format!("<path class=\"base\" d=\"M{LEFT} {base:.1}H{:.1}\"/>", WIDTH - 18.0));
    sheet.y = base;
}
