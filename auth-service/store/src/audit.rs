//! The audit log: rows are added, and removed when they are old. The database itself refuses to
//! change a row.

use std::cmp::Reverse;

use diesel::prelude::*;
use signet_contract::clock::{from_unix_micros, unix_micros};
use time::OffsetDateTime;

use super::Store;
use super::bulk::insert_all;
use super::connection::AnyConnection;
use super::schema::audit;
use super::transaction::Transaction;
use super::values::{position, position_column, storable};
use crate::error::StoreResult;
use auth_domain::audit::{AuditQuery, AuditRow, NewAuditRow, Reason, Subject};

/// The word for a subject that is a user.
const USER: &str = "user";

/// Rows deleted in one transaction: the writer is free again after a few milliseconds.
const PRUNED_AT_ONCE: i64 = 2_000;

type Row = (
    (i64, i64, String, Option<String>, String, Option<String>),
    (String, Option<String>, Option<String>),
    (Option<String>, Option<String>, Option<String>),
);

fn record((first, subject, origin): Row) -> QueryResult<AuditRow> {
    let (id, at, actor_type, actor, action, refused) = first;
    let (subject_type, subject, public_id) = subject;
    let subject = subject.or_else(|| public_id.clone().filter(|_| subject_type == USER));
    let (origin, request_id, detail) = origin;
    Ok(AuditRow {
        id: position(id)?,
        at: from_unix_micros(at),
        actor_type,
        actor,
        action,
        outcome: if refused.is_some() { "refused" } else { "done" },
        refused,
        subject_type,
        subject,
        public_id,
        origin,
        request_id,
        detail,
    })
}

impl Transaction<'_> {
    /// Adds a row. It waits for no other transaction.
    pub(super) fn note(&mut self, row: &NewAuditRow) -> QueryResult<()> {
        self.note_all(std::slice::from_ref(row))
    }

    /// Adds rows in this order. It waits for no other transaction.
    pub(super) fn note_all(&mut self, notes: &[NewAuditRow]) -> QueryResult<()> {
        let row = |note: &NewAuditRow| {
            (
                audit::at.eq(unix_micros(note.act.at)),
                audit::actor_type.eq(note.act.by.kind()),
                audit::actor.eq(note.act.by.id()),
                audit::action.eq(note.action.word()),
                audit::refused.eq(note.refused.map(Reason::word)),
                audit::subject_type.eq(note.subject.kind()),
                audit::subject.eq(subject_column(&note.subject)),
                audit::public_id.eq(note.subject.user().map(|public_id| public_id.to_string())),
                audit::origin.eq(note.act.from.text()),
                audit::request_id.eq(note.act.from.request_id().map(str::to_owned)),
                audit::detail.eq(note.detail.clone()),
            )
        };
        let rows: Vec<_> = notes.iter().map(row).collect();
        insert_all!(self.connection, audit::table, rows);
        self.count_acts(notes.len())
    }
}

/// Returns the id of a subject that is no user. A user's id is in `public_id` alone, so one index
/// holds it, and not two. Rows of earlier versions have it in both columns.
fn subject_column(subject: &Subject) -> Option<String> {
    match subject {
        Subject::User(_) => None,
        other => other.id(),
    }
}

/// Returns a page of rows. It looks for a subject in both columns, one after the other: so each
/// query reads the rows of one index in their order.
fn page(connection: &mut AnyConnection, query: &AuditQuery) -> QueryResult<Vec<AuditRow>> {
    let mut rows = page_by(connection, query, SubjectColumn::Subject)?;
    if query.subject.is_some() {
        rows.extend(page_by(connection, query, SubjectColumn::PublicId)?);
        rows.sort_by_key(|row| Reverse(row.id));
        rows.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    }
    Ok(rows)
}

/// The column that holds the id of a subject.
#[derive(Clone, Copy)]
enum SubjectColumn {
    /// `subject`: for all kinds but users, and for users in rows of earlier versions.
    Subject,
    /// `public_id`: for users.
    PublicId,
}

fn page_by(
    connection: &mut AnyConnection,
    query: &AuditQuery,
    column: SubjectColumn,
) -> QueryResult<Vec<AuditRow>> {
    let before = query.before.map_or(i64::MAX, position_column);
    let mut rows = audit::table
        .filter(audit::id.lt(before))
        .order(audit::id.desc())
        .limit(i64::from(query.limit))
        .select((
            (audit::id, audit::at, audit::actor_type, audit::actor, audit::action, audit::refused),
            (audit::subject_type, audit::subject, audit::public_id),
            (audit::origin, audit::request_id, audit::detail),
        ))
        .into_boxed();
    if let Some(actor) = &query.actor {
        rows = rows.filter(audit::actor.eq(actor));
    }
    if let Some(action) = &query.action {
        rows = rows.filter(audit::action.eq(action));
    }
    if let Some(subject) = &query.subject {
        rows = match column {
            SubjectColumn::Subject => rows.filter(audit::subject.eq(subject)),
            SubjectColumn::PublicId => rows
                .filter(audit::public_id.eq(subject))
                .filter(audit::subject_type.eq(USER))
                .filter(audit::subject.is_null()),
        };
    }
    if let Some(public_id) = query.public_id {
        rows = rows.filter(audit::public_id.eq(public_id.to_string()));
    }
    if let Some(since) = query.since {
        rows = rows.filter(audit::at.ge(unix_micros(since)));
    }
    if let Some(until) = query.until {
        rows = rows.filter(audit::at.lt(unix_micros(until)));
    }
    rows.load::<Row>(connection)?.into_iter().map(record).collect()
}

fn prune_batch(connection: &mut AnyConnection, before: OffsetDateTime) -> QueryResult<usize> {
    let old = audit::table
        .filter(audit::at.lt(unix_micros(before)))
        .order(audit::at)
        .limit(PRUNED_AT_ONCE)
        .select(audit::id)
        .load::<i64>(connection)?;
    diesel::delete(audit::table.filter(audit::id.eq_any(old))).execute(connection)
}

impl Store {
    /// Adds the row of a refusal, which belongs to no change.
    pub fn note(&self, row: &NewAuditRow) -> StoreResult<()> {
        self.write(|transaction| transaction.note(row))
    }

    /// Returns rows, the latest first.
    pub fn list_audit(&self, query: &AuditQuery) -> StoreResult<Vec<AuditRow>> {
        let texts = [&query.actor, &query.action, &query.subject];
        if !texts.into_iter().flatten().all(|text| storable(text)) {
            return Ok(Vec::new());
        }
        self.read(|connection| page(connection, query))
    }

    /// Removes the rows from before `before`; returns their number.
    pub fn prune_audit(&self, before: OffsetDateTime) -> StoreResult<usize> {
        self.prune(|transaction| prune_batch(transaction.connection, before))
    }
}
