//! Colours, for light and for dark surroundings, and what they mean.

use std::fmt::Write;

use super::LEFT;

/// No colour of the ground: whatever lies behind the picture shows.
pub(super) const STYLE: &str = "\
svg{--ink:#24292f;--soft:#656d76;--line:#d0d7de;--pend:#b6d4fe;--pendink:#0a3069;--act:#0969da;--ret:#d8dee4;\
--retink:#424a53;--hold:#1a7f64;--ok:#4ac26b;--void:#d4a72c;--bad:#cf222e}\
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#8d96a0;--line:#30363d;--pend:#12375f;--pendink:#a5d6ff;\
--act:#1f6feb;--ret:#30363d;--retink:#adbac7;--hold:#56d4b0;--ok:#2ea043;--void:#bb8009;--bad:#f85149}}\
text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--soft)}.t{font-size:16px;font-weight:600;fill:var(--ink)}\
.k{font-weight:600;fill:var(--ink)}.c{font:10.5px ui-monospace,SFMono-Regular,Menlo,monospace}.n{font-size:11.5px}.m{text-anchor:middle}\
.e{text-anchor:end}.pending{fill:var(--pend)}.active{fill:var(--act)}.retiring{fill:var(--ret)}\
.retired{fill:none;stroke:var(--line);stroke-dasharray:3 3}.revoked{fill:none;stroke:var(--bad);stroke-dasharray:3 3}\
.l{font-size:11px}.lpending{fill:var(--pendink)}.lactive{fill:#fff}.lretiring{fill:var(--retink)}.lretired{fill:var(--soft)}\
.lrevoked,.revoke{fill:var(--bad)}.rotate{fill:var(--ink)}.grid{stroke:var(--line);stroke-width:.6;opacity:.7}\
.call{fill:none;stroke:var(--soft);stroke-dasharray:2 3}.call.revoke{stroke:var(--bad)}\
.hold{stroke:var(--hold);stroke-width:2;opacity:.55}.got{fill:var(--hold)}.conf{stroke:var(--ink);stroke-width:1.6;fill:none}\
.poll{stroke:var(--soft);stroke-width:1;opacity:.75}.beyond{stroke:var(--hold);stroke-width:2.4}\
.ok{fill:var(--ok)}.void{fill:var(--void)}.wrong{fill:var(--bad)}.base{stroke:var(--line)}";

/// Signs, drawn from the left end of their line of text, and what each one means.
const SIGNS: [(f64, &str, &str); 9] = [
    (48.0, "pending: published", BAR_PENDING),
    (48.0, "active: signs", BAR_ACTIVE),
    (48.0, "retiring: published", BAR_RETIRING),
    (48.0, "retired", BAR_RETIRED),
    (48.0, "revoked", BAR_REVOKED),
    (
        69.0,
        "fetched, and held by a guard",
        "<path class=\"hold\" d=\"M0-4h14\"/><circle class=\"got\" cx=\"1\" cy=\"-4\" r=\"3\"/>",
    ),
    (69.0, "all guards have confirmed", "<path class=\"conf\" d=\"M2-4l3 4 7-9\"/>"),
    (69.0, "poll", "<path class=\"poll\" d=\"M7-9v10\"/>"),
    (69.0, "fetch that the feed asked for", "<path class=\"beyond\" d=\"M7-10v12\"/>"),
];

const BAR_PENDING: &str = "<rect class=\"pending\" y=\"-9\" width=\"14\" height=\"10\" rx=\"2\"/>";
const BAR_ACTIVE: &str = "<rect class=\"active\" y=\"-9\" width=\"14\" height=\"10\" rx=\"2\"/>";
const BAR_RETIRING: &str =
    "<rect class=\"retiring\" y=\"-9\" width=\"14\" height=\"10\" rx=\"2\"/>";
const BAR_RETIRED: &str = "<rect class=\"retired\" y=\"-9\" width=\"14\" height=\"10\" rx=\"2\"/>";
const BAR_REVOKED: &str = "<rect class=\"revoked\" y=\"-9\" width=\"14\" height=\"10\" rx=\"2\"/>";

/// What each sign means, in two lines.
pub(super) fn legend() -> String {
    let (mut svg, mut x, mut line) = (String::new(), LEFT, 0.0);
    for (y, text, sign) in SIGNS {
        if y > line {
            (x, line) = (LEFT, y);
        }
        let _ = writeln!(
            svg,
            "<g transform=\"translate({x:.1} {y})\">{sign}<text x=\"20\">{text}</text></g>"
        );
        x += 38.0 + 6.1 * super::number(text.len());
    }
    svg
}
