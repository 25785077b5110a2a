//! The limit of audit rows for refusals that cost a stranger nothing. Without a limit, junk sent at
//! full speed would fill the disk, and a full disk ends every log-in.
//!
//! Each network has an allowance that refills. Refusals beyond it are only counted, and the next
//! row from that network states the count. A refusal that costs a password hash is always noted,
//! and so is a change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use super::{NewAuditRow, Origin};
use crate::network::Network;

/// The number of rows that a network may cause at once.
const BURST: u32 = 200;

/// The time in which one more row is allowed: 8,640 rows a day and network.
const REFILL: Duration = Duration::seconds(10);

/// The most networks that are counted separately. The others share one allowance.
const MOST_NETWORKS: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u32,
    filled_at: OffsetDateTime,
    left_out: u64,
}

/// The allowances of all networks.
#[derive(Debug, Default)]
pub struct Allowance(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    by_network: HashMap<Option<Network>, Bucket>,
    swept_at: Option<OffsetDateTime>,
}

impl Allowance {
    /// Returns the row to write, if the allowance admits one. The row states the number of refusals
    /// that were left out before it.
    pub fn admit(&self, entry: NewAuditRow) -> Option<NewAuditRow> {
        let origin = match &entry.act.from {
            Origin::Request(origin) => origin.address.map(Network::from),
            Origin::CommandLine | Origin::Server => None,
        };
        let left_out = self.take(origin, entry.act.at)?;
        Some(match left_out {
            0 => entry,
            count => entry.saying(format!("{count} refusals before this one were left out")),
        })
    }

    /// Takes one row; returns the number of refusals since the last one. `None` if no row is left.
    fn take(&self, origin: Option<Network>, now: OffsetDateTime) -> Option<u64> {
        // No bucket is ever left half changed.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = origin.filter(|_| buckets.have_room_for(origin, now));
        let full = Bucket { left: BURST, filled_at: now, left_out: 0 };
        let bucket = buckets.by_network.entry(origin).or_insert(full);
        bucket.refill(now);
        if bucket.left == 0 {
            bucket.left_out += 1;
            return None;
        }
        bucket.left -= 1;
        Some(std::mem::take(&mut bucket.left_out))
    }
}

impl Buckets {
    fn have_room_for(&mut self, origin: Option<Network>, now: OffsetDateTime) -> bool {
        let known = self.by_network.contains_key(&origin);
        let full = self.by_network.len() >= MOST_NETWORKS;
        if full && !known && self.swept_at.is_none_or(|at| (now - at).abs() >= REFILL) {
            self.swept_at = Some(now);
            self.by_network.retain(|_, bucket| {
                bucket.refill(now);
                bucket.left < BURST || bucket.left_out > 0
            });
        }
        known || self.by_network.len() < MOST_NETWORKS
    }
}

impl Bucket {
    fn refill(&mut self, now: OffsetDateTime) {
        let passed = now - self.filled_at;
        if passed.is_negative() {
            // The clock was set back.
            self.filled_at = now;
            return;
        }
        let rows = passed.whole_seconds() / REFILL.whole_seconds();
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        if self.left.saturating_add(rows) >= BURST {
            self.left = BURST;
            self.filled_at = now;
        } else {
            self.left += rows;
            self.filled_at += REFILL * rows;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use time::macros::datetime;

    use super::*;
    use crate::audit::{Act, Action, Reason, RequestOrigin, Subject};

    const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    fn refusal(from: &str, at: OffsetDateTime) -> NewAuditRow {
        let from = RequestOrigin { address: Some(from.parse().unwrap()), request_id: None };
        let nobody = Act::by_nobody(&from, at);
        nobody.refused(Action::SessionRefresh, Subject::Unknown, Reason::UnknownToken)
    }

    #[test]
    fn refusals_of_one_network_are_limited_and_hide_no_others() {
        let allowance = Allowance::default();
        let admitted = |from: &str, at| allowance.admit(refusal(from, at)).map(|row| row.detail);
        for _ in 0..BURST {
            assert_eq!(admitted("192.0.2.1", START), Some(None));
        }
        for _ in 0..3 {
            assert_eq!(admitted("192.0.2.1", START + REFILL - Duration::SECOND), None);
        }
        assert_eq!(admitted("192.0.2.2", START), Some(None));
        let next = admitted("192.0.2.1", START + REFILL).flatten().unwrap();
        assert_eq!(next, "3 refusals before this one were left out");
        assert_eq!(admitted("192.0.2.1", START + REFILL), None);
    }

    #[test]
    fn allowance_of_a_quiet_network_refills() {
        let allowance = Allowance::default();
        let admitted = |at| allowance.admit(refusal("2001:db8::1", at)).is_some();
        assert_eq!((0..500).filter(|_| admitted(START)).count(), BURST as usize);
        let later = START + REFILL * BURST;
        assert_eq!((0..500).filter(|_| admitted(later)).count(), BURST as usize);
        assert_eq!((0..500).filter(|_| admitted(START)).count(), 0, "a clock set back gives none");
    }

    #[test]
    fn memory_for_networks_is_bounded() {
        let allowance = Allowance::default();
        for n in 0..u32::try_from(MOST_NETWORKS).unwrap() + 500 {
            let from = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
            allowance.admit(refusal(&from.to_string(), START));
        }
        assert!(allowance.0.lock().unwrap().by_network.len() <= MOST_NETWORKS + 1);
    }
}
