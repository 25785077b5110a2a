//! What log-ins leave behind: addresses that are known, and records that are forgotten.

use std::net::IpAddr;

use uuid::Uuid;

use super::fixture::{Fixture, HASH, START, second};
use super::on_every_database;
use crate::domain::login::{LoginStore, Opened, Opening};
use crate::domain::sessions::SessionStore;
use crate::domain::users::{User, UserStore};

on_every_database! {
    an_address_is_known_from_the_first_log_in_on,
    old_sessions_and_addresses_are_forgotten,
}

const HERE: &str = "192.0.2.1";

fn log_in(fixture: &Fixture, user: &User, address: &str, at: i64) {
    let opening = Opening {
        public_id: user.public_id,
        verified_hash: HASH.into(),
        sid: Uuid::new_v4(),
        address: Some(address.parse().expect("an address")),
    };
    let opened = fixture.store.open_session(&opening, second(at)).expect("answered");
    assert!(matches!(opened, Opened::Session(_)));
}

fn knows(fixture: &Fixture, user: &User, address: &str) -> bool {
    let address: IpAddr = address.parse().expect("an address");
    fixture.store.has_logged_in_from(user.public_id, address).expect("answered")
}

fn an_address_is_known_from_the_first_log_in_on(fixture: &Fixture) {
    let (ann, bob) = (fixture.user("Ann"), fixture.user("Bob"));
    assert!(!knows(fixture, &ann, HERE));
    log_in(fixture, &ann, HERE, 0);
    log_in(fixture, &ann, HERE, 1);
    log_in(fixture, &ann, "2001:db8::1", 1);
    assert!(knows(fixture, &ann, HERE) && knows(fixture, &ann, "2001:db8::1"));
    assert!(!knows(fixture, &bob, HERE) && !knows(fixture, &ann, "192.0.2.2"));
    fixture.store.delete_user(ann.public_id, START).expect("deleted");
    assert!(!knows(fixture, &ann, HERE));
}

fn old_sessions_and_addresses_are_forgotten(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    log_in(fixture, &ann, HERE, 0);
    log_in(fixture, &ann, "192.0.2.2", 5);
    log_in(fixture, &ann, HERE, 10);
    assert_eq!(fixture.store.prune_sessions(second(7)).expect("pruned"), 2);
    assert!(knows(fixture, &ann, HERE), "seen again since");
    assert!(!knows(fixture, &ann, "192.0.2.2"));
}
