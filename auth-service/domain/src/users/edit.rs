//! The decision on a change that an operator makes to a user: one admin always stays.

use signet_contract::directory::UserState;
use signet_contract::events::Change;
use uuid::Uuid;

use super::User;
use crate::audit::{Act, Action, NewAuditRow, Reason, Subject};

/// A change that an operator makes to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Disables or enables the user. Disabling ends every session; enabling restores none.
    State(UserState),
    /// Makes the user an operator or not. Without the role, earlier tokens are refused.
    Admin(bool),
    /// Deletes the user.
    Deletion,
}

/// The decision on an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The user is already as the edit wants.
    Unchanged,
    /// No admin would be left. The row notes the refusal.
    LastAdmin(NewAuditRow),
    /// The edit is done.
    Done {
        /// The user after the edit.
        user: User,
        /// The row of the audit log.
        note: NewAuditRow,
        /// The events of the feed. The last one is the revocation, if the edit revokes tokens.
        events: Vec<Change>,
    },
}

impl User {
    /// Returns true if the user is an admin who can log in.
    pub fn is_active_admin(&self) -> bool {
        self.admin && self.state == UserState::Active
    }

    /// Decides on an edit. `other_admins` is the number of active admins beside this user.
    pub fn decide(mut self, edit: Edit, other_admins: i64, act: &Act) -> Decision {
        let last_admin = self.is_active_admin() && other_admins == 0;
        let public_id = self.public_id;
        let before = (self.state, self.admin);
        match edit {
            Edit::State(state) => self.state = state,
            Edit::Admin(admin) => self.admin = admin,
            Edit::Deletion => {}
        }
        if edit != Edit::Deletion && before == (self.state, self.admin) {
            return Decision::Unchanged;
        }
        if last_admin {
            let why = Reason::LastAdmin;
            return Decision::LastAdmin(act.refused(edit.action(), Subject::User(public_id), why));
        }
        let note = act.done(edit.action(), Subject::User(public_id));
        let note = match edit {
            Edit::Admin(_) => note.saying(self.roles().join(" ")),
            Edit::State(_) | Edit::Deletion => note,
        };
        let events = edit.events(&self);
        Decision::Done { user: self, note, events }
    }
}

impl Edit {
    fn action(self) -> Action {
        match self {
            Self::State(UserState::Disabled) => Action::UserDisable,
            Self::State(UserState::Active) => Action::UserEnable,
            Self::Admin(_) => Action::UserSetRoles,
            Self::Deletion => Action::UserDelete,
        }
    }

    /// Returns the events of the edit, with the user after it.
    fn events(self, user: &User) -> Vec<Change> {
        let revoked = |public_id: Uuid| Change::UserSessionsRevoked { public_id, except: None };
        let public_id = user.public_id;
        match self {
            Self::State(UserState::Active) => vec![Change::UserEnabled(user.event_record())],
            Self::State(UserState::Disabled) => {
                vec![Change::UserDisabled(user.event_record()), revoked(public_id)]
            }
            Self::Admin(true) => vec![Change::UserUpdated(user.event_record())],
            Self::Admin(false) => {
                vec![Change::UserUpdated(user.event_record()), revoked(public_id)]
            }
            Self::Deletion => vec![Change::UserDeleted { public_id }, revoked(public_id)],
        }
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::feed::revokes;

    fn user(state: UserState, admin: bool) -> User {
        User {
            public_id: Uuid::from_u128(1),
            name: "Ann".into(),
            email: "ann@example.org".into(),
            state,
            admin,
            created_at: OffsetDateTime::UNIX_EPOCH,
            changed_at: OffsetDateTime::UNIX_EPOCH,
            created_seq: 1,
        }
    }

    /// Returns the result in a word, and true if it revokes tokens.
    fn decided(user: User, edit: Edit, other_admins: i64) -> (&'static str, bool) {
        match user.decide(edit, other_admins, &Act::by_operator(OffsetDateTime::UNIX_EPOCH)) {
            Decision::Unchanged => ("unchanged", false),
            Decision::LastAdmin(note) => {
                assert_eq!((note.action, note.refused), (edit.action(), Some(Reason::LastAdmin)));
                ("last admin", false)
            }
            Decision::Done { note, events, .. } => {
                assert_eq!((note.action, note.refused), (edit.action(), None));
                ("done", events.last().is_some_and(revokes))
            }
        }
    }

    #[test]
    fn last_admin_stays_and_removed_rights_are_revoked() {
        use UserState::{Active, Disabled};
        let (disable, enable) = (Edit::State(Disabled), Edit::State(Active));
        let (grant, withdraw) = (Edit::Admin(true), Edit::Admin(false));
        for (state, admin, edit, others, expected) in [
            (Active, true, disable, 0, ("last admin", false)),
            (Active, true, withdraw, 0, ("last admin", false)),
            (Active, true, Edit::Deletion, 0, ("last admin", false)),
            (Active, true, enable, 0, ("unchanged", false)),
            (Active, true, grant, 0, ("unchanged", false)),
            (Active, true, disable, 1, ("done", true)),
            (Active, true, withdraw, 1, ("done", true)),
            (Active, true, Edit::Deletion, 1, ("done", true)),
            // A disabled admin or a user without the role is not the last admin.
            (Disabled, true, withdraw, 0, ("done", true)),
            (Disabled, true, Edit::Deletion, 0, ("done", true)),
            (Disabled, true, enable, 0, ("done", false)),
            (Active, false, disable, 0, ("done", true)),
            (Active, false, grant, 0, ("done", false)),
        ] {
            let decided = decided(user(state, admin), edit, others);
            assert_eq!(decided, expected, "{state:?} {admin} {edit:?} {others}");
        }
    }
}
