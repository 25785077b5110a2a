//! Use cases of operators on users: find, list, create, import, disable, enable, set roles, set the
//! password, log out, delete.
//!
//! A use case with a new password takes its hash: a server hashes in its pool, a command on its own
//! thread.

mod import;
mod password;

use serde::{Deserialize, Serialize};
use serde_json::json;
use signet_contract::claims::{ROLE_ADMIN, ROLE_USER};
use signet_contract::directory::UserState;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use uuid::Uuid;

use crate::error::{AppError, Conflict, Entity};
use auth_domain::audit::Act;
use auth_domain::email::Email;
use auth_domain::page::{self, Cursor};
use auth_domain::sign_up::{Applicant, SignUpForm};
use auth_domain::users::{Changed, Created, User, UserQuery, admin_by};
use auth_store::Store;

pub use import::{CheckedLine, Import, ImportReport, Line};
pub use password::{check_password, set_user_password};

/// Returns the id of the user with this id or e-mail address. A text in the form of an id is
/// returned without a look-up: the audit log also knows the ids of deleted users.
///
/// # Errors
///
/// [`AppError::Invalid`] for a text that is neither an id nor an address, or [`Entity::User`] is not
/// found.
pub fn find_user(store: &Store, who: &str) -> Result<Uuid, AppError> {
    if let Ok(public_id) = Uuid::try_parse(who) {
        return Ok(public_id);
    }
    let email = Email::parse(who).map_err(|why| {
        AppError::invalid("user", format_args!("`{}` is not an id, and {why}", who.escape_debug()))
    })?;
    let user = store.find_user_by_email_key(&email.key)?;
    user.map(|user| user.public_id).ok_or_else(|| AppError::not_found(Entity::User, who))
}

/// Returns a page of at most `limit` users, in the order of their creation: those after `after`, and
/// with the text `search` in the name or the address, or at the beginning of the id.
pub fn list_users(
    store: &Store,
    after: Option<Cursor>,
    limit: u32,
    search: Option<String>,
) -> Result<UserList, AppError> {
    let after = after.map_or(0, |Cursor(place)| place);
    let users = store.list_users(&UserQuery { after, limit: page::rows_for(limit), search })?;
    Ok(UserList::of(users, limit))
}

/// A user to create, as JSON.
#[derive(Deserialize, ToSchema)]
pub struct UserForm {
    /// Name, address and password.
    #[serde(flatten)]
    pub sign_up: SignUpForm,
    /// The roles; `user` alone if left out.
    #[schema(schema_with = roles_or_none)]
    pub roles: Option<Vec<String>>,
}

/// Describes a list of roles that has `user`.
pub fn known_roles() -> ArrayBuilder {
    let role = ObjectBuilder::new().schema_type(Type::String);
    let roles = ArrayBuilder::new()
        .items(role.enum_values(Some([ROLE_USER, ROLE_ADMIN])))
        .description(Some("`user`, and `admin` for an operator."));
    // The library has no `contains` of JSON Schema.
    let with_user = ("contains", json!({"const": ROLE_USER}));
    roles.extensions(Some([with_user].into_iter().collect()))
}

fn roles_or_none() -> Array {
    known_roles().schema_type(SchemaType::from_iter([Type::Array, Type::Null])).build()
}

/// A form without faults.
pub struct NewAccount {
    applicant: Applicant,
    admin: bool,
}

impl UserForm {
    /// Checks every field, by the rules of a sign-up.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] for each field with a fault.
    pub fn check(self) -> Result<NewAccount, AppError> {
        let admin = self.roles.as_deref().map_or(Ok(false), admin_by);
        match (self.sign_up.check(), admin) {
            (Ok(applicant), Ok(admin)) => Ok(NewAccount { applicant, admin }),
            (form, admin) => {
                let roles = admin.err().map(|why| ("roles", why.to_string()));
                Err(AppError::Invalid(form.err().into_iter().flatten().chain(roles).collect()))
            }
        }
    }
}

impl NewAccount {
    /// Returns the password to hash.
    pub fn password(&self) -> &str {
        &self.applicant.password
    }
}

/// Creates a user with the `hash` of the account's password.
///
/// # Errors
///
/// [`Conflict::AddressTaken`].
pub fn create_user(
    store: &Store,
    account: NewAccount,
    hash: String,
    act: &Act,
) -> Result<UserEntry, AppError> {
    let new = account.applicant.into_user(Uuid::new_v4(), hash, account.admin);
    match store.create_user(&new, act)? {
        Created::User(user) => {
            tracing::info!(by = act.by.id().map(display), public_id = %user.public_id, "an operator created a user");
            Ok(user.into())
        }
        Created::AddressTaken => Err(Conflict::AddressTaken.into()),
    }
}

/// Disables a user: every session ends, and the issuer refuses log-ins.
///
/// # Errors
///
/// [`Entity::User`] is not found, or [`Conflict::LastAdmin`].
pub fn disable_user(store: &Store, public_id: Uuid, act: &Act) -> Result<(), AppError> {
    let changed = store.set_user_state(public_id, UserState::Disabled, act)?;
    done(changed, public_id, act, "disabled")
}

/// Enables a disabled user. Ended sessions stay ended.
///
/// # Errors
///
/// [`Entity::User`] is not found.
pub fn enable_user(store: &Store, public_id: Uuid, act: &Act) -> Result<(), AppError> {
    let changed = store.set_user_state(public_id, UserState::Active, act)?;
    done(changed, public_id, act, "enabled")
}

/// Gives a user these roles and no others.
///
/// # Errors
///
/// [`AppError::Invalid`] for the field `roles`, [`Entity::User`] is not found, or
/// [`Conflict::LastAdmin`].
pub fn set_user_roles(
    store: &Store,
    public_id: Uuid,
    roles: &[String],
    act: &Act,
) -> Result<(), AppError> {
    let admin = admin_by(roles).map_err(|why| AppError::invalid("roles", why))?;
    let what = if admin { "made an admin" } else { "made no admin" };
    done(store.set_user_admin(public_id, admin, act)?, public_id, act, what)
}

/// Ends every session of a user. The user may log in again.
///
/// # Errors
///
/// [`Entity::User`] is not found.
pub fn log_user_out(store: &Store, public_id: Uuid, act: &Act) -> Result<(), AppError> {
    let known = store.end_sessions_of(public_id, None, act)?;
    let changed = if known { Changed::Done } else { Changed::Unknown };
    done(changed, public_id, act, "logged out everywhere")
}

/// Deletes a user, every session, and the name and the address in the feed.
///
/// # Errors
///
/// [`Entity::User`] is not found, or [`Conflict::LastAdmin`].
pub fn delete_user(store: &Store, public_id: Uuid, act: &Act) -> Result<(), AppError> {
    done(store.delete_user(public_id, act)?, public_id, act, "deleted")
}

fn done(changed: Changed, public_id: Uuid, act: &Act, what: &str) -> Result<(), AppError> {
    match changed {
        Changed::Done => {
            tracing::info!(by = act.by.id().map(display), %public_id, what, "an operator changed a user");
            Ok(())
        }
        Changed::Unknown => Err(AppError::not_found(Entity::User, public_id)),
        Changed::LastAdmin => Err(Conflict::LastAdmin.into()),
    }
}

/// A page of users, in order of creation.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    /// The users, in the order of their creation.
    pub users: Vec<UserEntry>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<String>,
}

/// An account, without anything of its password.
#[derive(Serialize, ToSchema)]
pub struct UserEntry {
    /// The user's id.
    pub public_id: Uuid,
    /// The name, as typed.
    pub name: String,
    /// The e-mail address, as typed.
    pub email: String,
    /// `active` or `disabled`.
    pub state: UserState,
    /// `user`, and `admin` for operators.
    pub roles: Vec<String>,
    /// The time of creation.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    /// The time of the last change of state, roles or password; the time of creation until then.
    #[serde(with = "rfc3339")]
    pub changed_at: OffsetDateTime,
}

impl UserList {
    /// Returns the page of at most `limit` at the start of the rows read ([`page::rows_for`]).
    fn of(mut users: Vec<User>, limit: u32) -> Self {
        let next = page::cut(&mut users, limit, |user| Cursor(user.created_seq).to_string());
        Self { users: users.into_iter().map(UserEntry::from).collect(), next }
    }
}

impl From<User> for UserEntry {
    fn from(user: User) -> Self {
        Self {
            public_id: user.public_id,
            roles: user.roles(),
            name: user.name,
            email: user.email,
            state: user.state,
            created_at: user.created_at,
            changed_at: user.changed_at,
        }
    }
}
