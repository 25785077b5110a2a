//! A row for each key: the states of its life, and which guard held it from when until when.

use std::time::Instant;

use super::{LEFT, Picture, Sheet, Window, number};
use crate::drill::rotation::timeline::{KeyLine, Place};

const BAR: f64 = 18.0;
const LANE: f64 = 6.0;
const BETWEEN: f64 = 16.0;

pub(super) fn draw(sheet: &mut Sheet, picture: &Picture<'_>) {
    let newest = picture.timeline.keys.iter().max_by_key(|key| key.first_signed);
    let shown = picture.timeline.keys.iter().filter(|key| worth_showing(key, picture.window));
    for (row, key) in shown.enumerate() {
        let y = sheet.y;
        sheet.text("k", 12.0, y + 13.0, &format!("key {}", row + 1));
        let short: String = key.kid.chars().take(10).collect();
        sheet.text("c", 12.0, y + 28.0, &format!("{short}…"));
        let signs = newest.is_some_and(|newest| newest.kid == key.kid);
        life(sheet, key, signs, picture.window, y);
        let lanes = y + BAR + 7.0;
        for guard in 0..picture.guards {
            held(sheet, key, guard, picture.window, lanes + LANE * number(guard));
        }
        confirmed(sheet, key, picture, y);
        sheet.y = lanes + LANE * number(picture.guards) + BETWEEN;
    }
}

/// Keys that were published or signed within the window; those that only fade out tell nothing.
fn worth_showing(key: &KeyLine, window: Window) -> bool {
    let inside = |at: Option<Instant>| at.is_some_and(|at| window.holds(at));
    inside(key.first_signed)
        || inside(key.last_signed)
        || inside(key.seen.get(&Place::KeySet).map(|seen| seen.at))
}

/// `still`: it signs to the end, though its last token came before.
fn life(sheet: &mut Sheet, key: &KeyLine, still: bool, window: Window, y: f64) {
    let end = key.revoked.or(key.gone).unwrap_or(window.until);
    let published = key.seen.get(&Place::KeySet).map_or(window.from, |seen| seen.at).min(end);
    // Who was there from the first look on was there before.
    let first = key.seen.get(&Place::KeySet).is_none_or(|seen| seen.not_before.is_none());
    let published = if first { window.from } else { published };
    let signs = key.first_signed.map_or(end, |at| at.clamp(published, end));
    let signs = if first { published } else { signs };
    let stops = key.last_signed.filter(|_| !still).map_or(end, |at| at.clamp(signs, end));
    let over = if key.revoked.is_some() { "revoked" } else { "retired" };
    for (state, from, until) in [
        ("pending", published, signs),
        ("active", signs, stops),
        ("retiring", stops, end),
        (over, end, window.until),
    ] {
        // A revoked key signs until it is void: between its last token and that lies no state.
        if state == "retiring" && key.revoked.is_some() {
            sheet.bar("active", [window.x(from), window.x(until)], y, BAR);
            continue;
        }
        let ends = [window.x(from), window.x(until)];
        sheet.bar(state, ends, y, BAR);
        if ends[1] - ends[0] > 12.0 + 6.0 * number(state.len()) {
            sheet.text(&format!("l l{state}"), ends[0] + 7.0, y + 13.0, state);
        }
    }
}

fn held(sheet: &mut Sheet, key: &KeyLine, guard: usize, window: Window, y: f64) {
    let place = Place::Guard(guard);
    let Some(seen) = key.seen.get(&place) else { return };
    let dropped = key.dropped.get(&place).copied().unwrap_or(window.until);
    let x = if seen.not_before.is_none() { LEFT } else { window.x(seen.at) };
    let end = window.x(dropped);
    sheet.add(&format!("<path class=\"hold\" d=\"M{x:.1} {y:.1}H{end:.1}\"/>"));
    if seen.not_before.is_some() {
        sheet.add(&format!("<circle class=\"got\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\"/>"));
    }
}

/// A hook where the issuer's list first said that every guard holds the key.
fn confirmed(sheet: &mut Sheet, key: &KeyLine, picture: &Picture<'_>, y: f64) {
    let at = key.confirmed.get(&picture.guards).filter(|at| picture.window.holds(**at));
    if let Some(at) = at
        && key.seen.get(&Place::KeySet).is_some_and(|seen| seen.not_before.is_some())
    {
        let x = picture.window.x(*at);
        let y = y + BAR + 7.0 + LANE;
        sheet.add(&format!("<path class=\"conf\" d=\"M{:.1} {y:.1}l3 4 7-9\"/>", x + 6.0));
    }
}
