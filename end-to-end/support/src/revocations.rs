//! Very many revocations, as log-outs leave them, written directly into the issuer's tables. A
//! million log-outs would take most of a day.

use time::OffsetDateTime;

/// The statements that add `count` revoked sessions, made at `at`, to an issuer's database on
/// either engine. The sessions belong to no user.
pub fn sql(count: u32, at: OffsetDateTime) -> String {
    let at = at.unix_timestamp_nanos() / 1_000;
    // A UUID ends with twelve digits.
    let sid = "'00000000-0000-4000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2)";
    let user = "00000000-0000-4000-9000-000000000000";
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO revocations (seq, at, body) SELECT feed_position.seq + i, {at}, \
         '{{\"type\":\"session.revoked\",\"sid\":\"' || {sid} || '\",\"public_id\":\"{user}\"}}' \
         FROM n, feed_position; \
         UPDATE feed_position SET seq = seq + {count}; \
         DELETE FROM events;"
    )
}
