//! The metrics of the signing keys, from the records that the key ring follows.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use signet_service::metrics::encoding::{count, gauge, gauges};
use time::OffsetDateTime;

use auth_domain::keys::{Key, KeyPolicy, KeyState, next_change, rotation_at};

/// Writes the metrics of `keys`.
pub(super) fn encode(
    to: &mut DescriptorEncoder<'_>,
    keys: &[Key],
    policy: &KeyPolicy,
    now: OffsetDateTime,
) -> fmt::Result {
    gauges(
        to,
        "signet_keys",
        "Signing keys by state",
        KeyState::ALL.map(|state| {
            let keys = keys.iter().filter(|key| key.state == state);
            ([("state", state.word())], count(keys.count()))
        }),
    )?;
    let next = keys.iter().filter_map(|key| next_change(key, keys, policy)).min();
    gauge(
        to,
        "signet_key_next_change_timestamp_seconds",
        "Unix time of the next planned change of a key, 0 if none is planned",
        next.map_or(0, OffsetDateTime::unix_timestamp),
    )?;
    // The upkeep makes a due rotation within a moment, unless it has to wait.
    let waiting = rotation_at(keys, policy).is_some_and(|at| at <= now);
    gauge(
        to,
        "signet_key_rotation_waiting",
        "Whether a rotation is due and not made: it waits for a guard, a good key file, or room in the key set",
        i64::from(waiting),
    )
}

#[cfg(test)]
mod tests {
    use prometheus_client::collector::Collector;
    use prometheus_client::encoding::prometheus_text;
    use prometheus_client::registry::Registry;
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    const POLICY: KeyPolicy = KeyPolicy {
        jwks_max_age: Duration::seconds(60),
        token_life: Duration::minutes(30),
        rotation_every: None,
        guard_patience: Duration::minutes(5),
    };

    #[derive(Debug)]
    struct Fixed(Vec<Key>, KeyPolicy, OffsetDateTime);

    impl Collector for Fixed {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
            encode(&mut encoder, &self.0, &self.1, self.2)
        }
    }

    fn text(keys: &[Key], policy: KeyPolicy, now: OffsetDateTime) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        let fixed = Fixed(keys.to_vec(), policy, now);
        registry.register_collector(Box::new(fixed));
        prometheus_text::encode(&mut text, &registry).unwrap();
        text
    }

    fn key(kid: &str, state: KeyState) -> Key {
        let fresh = Key::fresh(kid.into(), "n".into(), "AQAB".into(), START);
        Key { state, served_at: Some(START), ..fresh }
    }

    #[test]
    fn keys_are_counted_in_every_state() {
        let keys =
            [key("a", KeyState::Active), key("b", KeyState::Retired), key("c", KeyState::Retired)];
        let text = text(&keys, POLICY, START);
        for (state, count) in
            [("pending", 0), ("active", 1), ("retiring", 0), ("retired", 2), ("revoked", 0)]
        {
            let line = format!("signet_keys{{state=\"{state}\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(text.contains("signet_key_next_change_timestamp_seconds 0\n"), "{text}");
    }

    #[test]
    fn next_change_is_the_earliest_one() {
        let rotating = KeyPolicy { rotation_every: Some(Duration::days(90)), ..POLICY };
        let active = key("a", KeyState::Active);
        let next = |keys: &[Key], change: OffsetDateTime| {
            let line = change.unix_timestamp();
            let line = format!("signet_key_next_change_timestamp_seconds {line}\n");
            let text = text(keys, rotating, START);
            assert!(text.contains(&line), "{line}{text}");
        };
        next(std::slice::from_ref(&active), START + Duration::days(90));
        let standby = key("b", KeyState::Pending);
        next(&[active.clone(), standby.clone()], START + Duration::days(90));
        let requested = Key { rotation_requested_at: Some(START), ..standby };
        next(&[active, requested], START + Duration::minutes(2));
    }

    #[test]
    fn rotation_waits_from_its_time_until_it_is_made() {
        let standby = key("b", KeyState::Pending);
        let requested = Key { rotation_requested_at: Some(START), ..standby.clone() };
        let waits = |keys: &[Key], after: Duration| {
            text(keys, POLICY, START + after).contains("signet_key_rotation_waiting 1\n")
        };
        let active = key("a", KeyState::Active);
        let keys = [active.clone(), requested];
        assert!(!waits(&keys, Duration::seconds(119)), "the lead is not over");
        assert!(waits(&keys, Duration::seconds(120)));
        assert!(!waits(&[active, standby], Duration::seconds(120)), "none is due");
    }
}
