//! The change feed, as guards read it: the changes after a position, and the report of the guard.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use signet_contract::events::{Change, Event, FeedPage, UserChange};
use signet_contract::scope::DIRECTORY_READ;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::AppState;
use crate::callers::ClientCaller;
use crate::error::AppError;
use crate::guards::Call;
use crate::keys::follow;
use auth_domain::feed::Changes;
use auth_domain::guards::{GuardId, Report};
use auth_domain::keys::KeyState;

/// A guard's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRequest {
    /// The position to read from. The guard has applied all changes up to it.
    pub after: u64,
    /// The longest time to wait for a change.
    pub wait: Duration,
    /// The most events of one page.
    pub limit: u32,
    /// The guard's own id; a client without one is not counted as a guard.
    pub instance: Option<Uuid>,
    /// The thumbprints of the keys that the guard holds.
    pub kids: BTreeSet<String>,
}

impl FeedRequest {
    /// Returns the guard's report on itself, or `None` if the request names no instance.
    fn report(&self, client_id: &str, arrival: u64) -> Option<Report> {
        let id = GuardId { client_id: client_id.to_owned(), instance: self.instance? };
        Some(Report { id, kids: self.kids.clone(), position: self.after, arrival })
    }
}

impl AppState {
    /// Returns the changes after a position as soon as there are any, and an empty page when the
    /// wait ends or `shutdown` begins. Returns `None` if these changes are not kept.
    ///
    /// `arrival` is the [`Guards::arrival`](crate::guards::Guards::arrival) of the call. A change
    /// of a user shows only the id and the state to a caller without `directory:read`.
    pub async fn read_changes(
        &self,
        caller: &ClientCaller,
        request: &FeedRequest,
        arrival: u64,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Option<FeedPage>, AppError> {
        let report = request.report(&caller.client_id, arrival);
        let Some((mut events, oldest)) = self.next_changes(request, report, shutdown).await? else {
            return Ok(None);
        };
        self.serve_keys_of(&events).await;
        if !caller.may(DIRECTORY_READ) {
            events.iter_mut().for_each(conceal);
        }
        let next = events.last().map_or(request.after, |event| event.seq);
        Ok(Some(FeedPage { events, next, oldest }))
    }

    /// Waits for changes. The wait holds only a timer and a channel. A position that is kept is a
    /// confirmation, which is recorded before the wait begins.
    async fn next_changes(
        &self,
        request: &FeedRequest,
        mut report: Option<Report>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Option<(Vec<Event>, u64)>, AppError> {
        let FeedRequest { after, wait, limit, .. } = *request;
        let (mut shutdown, mut timer) = (pin!(shutdown), pin!(sleep_until(Instant::now() + wait)));
        let mut news = self.store.changed();
        let mut call: Option<Call<'_>> = None;
        let mut over = wait.is_zero();
        loop {
            // Before the read, so that a commit after the read wakes the wait.
            news.mark_unchanged();
            let changes = self.run(move |store| store.changes_after(after, limit)).await?;
            let Changes::After { events, oldest } = changes else { return Ok(None) };
            if let Some(report) = report.take() {
                call = self.guards.call(report, &*self.clock);
            }
            if over || !events.is_empty() {
                if let Some(call) = &call {
                    call.sends(&events);
                }
                return Ok(Some((events, oldest)));
            }
            over = tokio::select! {
                Ok(()) = news.changed() => false,
                () = &mut timer => true,
                () = &mut shutdown => true,
            };
        }
    }

    /// Updates the served key set if it is older than `events`: a guard fetches the set at once. If
    /// the update fails, the upkeep logs the reason and the guard asks again.
    async fn serve_keys_of(&self, events: &[Event]) {
        let unserved = |event: &Event| match &event.change {
            Change::KeyPublished { kid } => self.keys.state(kid).is_none(),
            Change::KeyRevoked { kid } => self.keys.state(kid) != Some(KeyState::Revoked),
            _ => false,
        };
        if events.iter().any(unserved) {
            let (keys, now) = (Arc::clone(&self.keys), self.clock.now());
            let _ = self.run(move |store| follow(&keys, store, now)).await;
        }
    }
}

/// Removes the fields that only clients with `directory:read` may see.
fn conceal(event: &mut Event) {
    match &mut event.change {
        Change::UserCreated(user)
        | Change::UserUpdated(user)
        | Change::UserDisabled(user)
        | Change::UserEnabled(user) => {
            let UserChange { public_id, state, .. } = *user;
            *user = UserChange { public_id, state, name: None, email: None, roles: None };
        }
        Change::UserDeleted { .. }
        | Change::SessionRevoked { .. }
        | Change::UserSessionsRevoked { .. }
        | Change::ClientRemoved { .. }
        | Change::KeyPublished { .. }
        | Change::KeyActivated { .. }
        | Change::KeyRevoked { .. }
        | Change::Unknown => {}
    }
}
