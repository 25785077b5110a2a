//! The audit log: a change and its row are one step, rows are only added, and queries find them.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use signet_contract::directory::UserState;
use time::Duration;
use uuid::Uuid;

use super::super::Location;
use super::super::connection::{AnyConnection, Purpose};
use super::super::schema::audit;
use super::fixture::{Fixture, START, by_operator, new_user, opening, second};
use super::on_every_database;
use auth_domain::audit::{Act, Action, AuditQuery, AuditRow, Reason, RequestOrigin, Subject};
use auth_domain::clients::Client;
use auth_domain::keys::{Addition, Key, RotationRequest};
use auth_domain::users::{Changed, Created};

on_every_database! {
    change_writes_one_row_and_no_change_writes_none,
    change_fails_without_its_row,
    audit_row_can_not_be_changed,
    each_change_of_a_key_or_client_has_a_row,
    audit_query_filters_rows,
    user_is_found_as_the_subject_of_rows_of_every_version,
    old_rows_are_removed_and_their_ids_not_reused,
}

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Runs a statement in the database, as another program does.
fn run(fixture: &Fixture, statement: &str) -> Result<(), String> {
    match &fixture.location {
        Location::Sqlite(file) => {
            let mut connection =
                SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("a connection");
            connection.batch_execute("PRAGMA busy_timeout = 30000").expect("set");
            connection.batch_execute(statement).map_err(|error| error.to_string())
        }
        Location::Postgres(_) => {
            let mut connection =
                PgConnection::establish(&fixture.server().url()).expect("a connection");
            connection.batch_execute(statement).map_err(|error| error.to_string())
        }
    }
}

fn found(fixture: &Fixture, query: &AuditQuery) -> Vec<AuditRow> {
    let query = AuditQuery { limit: query.limit.max(100), ..query.clone() };
    fixture.store.list_audit(&query).expect("answered")
}

fn words(records: &[AuditRow]) -> Vec<&str> {
    records.iter().map(|record| record.action.as_str()).collect()
}

fn change_writes_one_row_and_no_change_writes_none(fixture: &Fixture) {
    let store = &fixture.store;
    let admin = fixture.admin("Ann");
    let ben = fixture.user("Ben").public_id;
    let address = Some("192.0.2.7".parse().expect("an address"));
    let from = RequestOrigin { address, request_id: Some("r-1".into()) };
    let by_ann = Act::by_user(admin.public_id, &from, second(5));
    for state in [UserState::Disabled, UserState::Disabled, UserState::Active] {
        assert_eq!(store.set_user_state(ben, state, &by_ann).expect("done"), Changed::Done);
    }
    let taken = store.create_user(&new_user("Ben"), &by_ann).expect("answered");
    assert_eq!(taken, Created::AddressTaken);
    assert!(!store.end_sessions_of(Uuid::new_v4(), None, &by_ann).expect("answered"));

    let of_ben = found(fixture, &AuditQuery { public_id: Some(ben), ..AuditQuery::default() });
    assert_eq!(words(&of_ben), ["user.enable", "user.disable", "user.create"]);
    let disabled = &of_ben[1];
    assert_eq!(
        *disabled,
        AuditRow {
            id: disabled.id,
            at: second(5),
            actor_type: "user".into(),
            actor: Some(admin.public_id.to_string()),
            action: "user.disable".into(),
            outcome: "done",
            refused: None,
            subject_type: "user".into(),
            subject: Some(ben.to_string()),
            public_id: Some(ben.to_string()),
            origin: Some("192.0.2.7".into()),
            request_id: Some("r-1".into()),
            detail: None,
        }
    );
    let created = &of_ben[2];
    assert_eq!((created.origin.as_deref(), &created.request_id), (Some("command line"), &None));

    let last = store.delete_user(admin.public_id, &by_ann).expect("answered");
    assert_eq!(last, Changed::LastAdmin);
    let refused = &found(fixture, &AuditQuery::default())[0];
    assert_eq!((&*refused.action, refused.refused.as_deref()), ("user.delete", Some("last_admin")));
}

fn change_fails_without_its_row(fixture: &Fixture) {
    let user = fixture.user("Ann");
    let session = fixture.open_session(&user);
    let position = fixture.position();
    run(fixture, "ALTER TABLE audit RENAME TO hidden").expect("renamed");
    let act = by_operator(0);
    let store = &fixture.store;
    assert!(store.create_user(&new_user("Ben"), &act).is_err());
    assert!(store.set_user_admin(user.public_id, true, &act).is_err());
    assert!(store.end_session(session.sid, &act).is_err());
    assert!(store.open_session(&opening(user.public_id), START).is_err());
    assert!(store.delete_user(user.public_id, &act).is_err());
    run(fixture, "ALTER TABLE hidden RENAME TO audit").expect("renamed");
    assert_eq!(fixture.position(), position, "no event either");
    let page = auth_domain::users::UserQuery { limit: 10, ..Default::default() };
    assert_eq!(store.list_users(&page).expect("answered"), std::slice::from_ref(&user));
    assert_eq!(fixture.open_sessions(user.public_id, START).len(), 1);
    assert_eq!(words(&found(fixture, &AuditQuery::default())), ["login", "user.create"]);
}

fn audit_row_can_not_be_changed(fixture: &Fixture) {
    fixture.user("Ann");
    let refused = run(fixture, "UPDATE audit SET origin = 'nowhere'").expect_err("refused");
    assert!(refused.contains("never changed"), "{refused}");
    let row = &found(fixture, &AuditQuery::default())[0];
    assert_eq!(row.origin.as_deref(), Some("command line"));
}

fn each_change_of_a_key_or_client_has_a_row(fixture: &Fixture) {
    let store = &fixture.store;
    let key = |kid: &str| Key::fresh(kid.into(), "n".into(), "AQAB".into(), START);
    let (operator, server) = (by_operator(0), Act::by_server(START));
    store.add_key(&key("k1"), Addition::Generated, &operator).expect("added");
    store.add_key(&key("k1"), Addition::Generated, &operator).expect("known");
    store.add_key(&key("k2"), Addition::Activated, &operator).expect("added");
    assert!(store.retire_key("k1", &server).expect("answered"));
    assert!(!store.retire_key("k1", &server).expect("answered"));
    store.add_key(&key("k3"), Addition::Standby, &server).expect("added");
    store.rotate("k3", RotationRequest::Scheduled, &operator).expect("scheduled");
    store.rotate("k3", RotationRequest::Scheduled, &operator).expect("scheduled already");
    assert!(store.activate_key("k3", &server).expect("answered"));
    store.revoke_key("k3", None, Some(&key("k4")), &operator).expect("revoked");
    store.revoke_key("k3", None, None, &operator).expect("again");
    let scopes = vec!["directory:read".into(), "events:read".into()];
    let client = Client::new("reports", scopes, [7; 32], START);
    assert!(store.add_client(&client, &operator).expect("answered"));
    assert!(!store.add_client(&client, &operator).expect("taken"));
    let rotated = store.rotate_client_secret("reports", &[8; 32], DAY, &operator);
    assert!(rotated.expect("answered").is_some());
    assert!(store.remove_client("reports", &operator).expect("answered"));
    assert!(!store.remove_client("reports", &operator).expect("answered"));

    let rows = found(fixture, &AuditQuery::default());
    let found_rows: Vec<_> = rows
        .iter()
        .rev()
        .map(|row| {
            let detail = row.detail.as_deref().unwrap_or_default();
            (&*row.action, row.subject.as_deref().unwrap_or_default(), &*row.actor_type, detail)
        })
        .collect();
    assert_eq!(
        found_rows,
        [
            ("key.generate", "k1", "operator", ""),
            ("key.activate", "k1", "operator", ""),
            ("key.import", "k2", "operator", ""),
            ("key.activate", "k2", "operator", ""),
            ("key.retire", "k1", "server", ""),
            ("key.generate", "k3", "server", ""),
            ("key.rotate", "k3", "operator", "planned"),
            ("key.activate", "k3", "server", ""),
            ("key.revoke", "k3", "operator", ""),
            ("key.activate", "k4", "operator", ""),
            ("client.add", "reports", "operator", "directory:read events:read"),
            ("client.rotate_secret", "reports", "operator", "overlap 86400s"),
            ("client.remove", "reports", "operator", ""),
        ]
    );
}

fn audit_query_filters_rows(fixture: &Fixture) {
    let store = &fixture.store;
    let (ann, ben) = (fixture.user("Ann").public_id, fixture.user("Ben").public_id);
    let sid = Uuid::new_v4();
    let unknown = RequestOrigin::default();
    let first_party = Act::by_client("first-party", &unknown, second(1));
    let subject = Subject::Session(sid, ann);
    store
        .note(&first_party.refused(Action::SessionRefresh, subject, Reason::Reused))
        .expect("noted");
    let nobody = Act::by_nobody(&unknown, second(2));
    let wrong = |user| nobody.refused(Action::Login, Subject::User(user), Reason::WrongPassword);
    store.note(&wrong(ann)).expect("noted");
    store.note(&wrong(ben)).expect("noted");
    store
        .note(&Act::by_server(second(3)).done(Action::KeyRetire, Subject::Key("k".into())))
        .expect("noted");

    let all = AuditQuery::default;
    let refresh: &[&str] = &["session.refresh"];
    for (query, expected) in [
        (AuditQuery { actor: Some("first-party".into()), ..all() }, refresh),
        (AuditQuery { action: Some("session.refresh".into()), ..all() }, refresh),
        (AuditQuery { subject: Some(sid.to_string()), ..all() }, refresh),
        (
            AuditQuery { public_id: Some(ann), ..all() },
            &["login", "session.refresh", "user.create"],
        ),
        (AuditQuery { public_id: Some(ann), action: Some("login".into()), ..all() }, &["login"]),
        (AuditQuery { since: Some(second(3)), ..all() }, &["key.retire"]),
        (AuditQuery { until: Some(second(1)), ..all() }, &["user.create", "user.create"]),
        (
            AuditQuery { since: Some(second(1)), until: Some(second(2)), ..all() },
            &["session.refresh"],
        ),
        (AuditQuery { actor: Some("nobody else".into()), ..all() }, &[]),
        (AuditQuery { subject: Some("a\0b".into()), ..all() }, &[]),
    ] {
        assert_eq!(words(&found(fixture, &query)), expected, "{query:?}");
    }
}

fn user_is_found_as_the_subject_of_rows_of_every_version(fixture: &Fixture) {
    let (ann, ben) = (fixture.user("Ann").public_id, fixture.user("Ben").public_id);
    for (id, kind) in [(ann, "user"), (ben, "user"), (ann, "session")] {
        let sid = Uuid::new_v4();
        let subject = if kind == "user" { id } else { sid };
        let row = format!(
            "INSERT INTO audit (at, actor_type, action, subject_type, subject, public_id) \
             VALUES (1, 'nobody', 'login', '{kind}', '{subject}', '{id}')"
        );
        run(fixture, &row).expect("inserted");
    }
    fixture.store.set_user_admin(ann, true, &by_operator(1)).expect("answered");

    let store = &fixture.store;
    let of_ann = |before, limit| {
        let subject = Some(ann.to_string());
        let rows =
            store.list_audit(&AuditQuery { subject, before, limit, ..AuditQuery::default() });
        rows.expect("answered")
    };
    let rows = of_ann(None, 10);
    assert_eq!(words(&rows), ["user.set_roles", "login", "user.create"]);
    let id = Some(ann.to_string());
    assert!(rows.iter().all(|row| row.subject == id && row.public_id == id), "{rows:?}");
    assert_eq!(of_ann(None, 2), rows[..2]);
    assert_eq!(of_ann(Some(rows[1].id), 2), rows[2..]);
    // An index holds the id once, and not twice.
    let mut connection = AnyConnection::open(&fixture.location, Purpose::Read).expect("opened");
    let twice = audit::table.filter(audit::subject.eq(audit::public_id)).count();
    assert_eq!(twice.get_result::<i64>(&mut connection).expect("a number"), 2);
}

fn old_rows_are_removed_and_their_ids_not_reused(fixture: &Fixture) {
    let store = &fixture.store;
    let subject = || Subject::Key("k".into());
    // More than one batch.
    run(
        fixture,
        "INSERT INTO audit (at, actor_type, action, subject_type) \
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 4500) \
         SELECT x, 'nobody', 'login', 'unknown' FROM n",
    )
    .expect("inserted");
    store.note(&Act::by_server(START).done(Action::KeyRotate, subject())).expect("noted");
    let last = found(fixture, &AuditQuery::default())[0].id;
    assert_eq!(store.prune_audit(START).expect("pruned"), 4_500);
    assert_eq!(words(&found(fixture, &AuditQuery::default())), ["key.rotate"]);
    assert_eq!(store.prune_audit(START + Duration::SECOND).expect("pruned"), 1);
    store.note(&Act::by_server(START).done(Action::KeyRetire, subject())).expect("noted");
    assert!(found(fixture, &AuditQuery::default())[0].id > last);
}
