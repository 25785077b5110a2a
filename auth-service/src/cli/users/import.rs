//! `users import`: imports accounts with their password hashes.
//!
//! A line is imported whole or not at all. A refused line is reported by number and reason, never
//! by content. The other lines are imported, and the same file may be imported again.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use signet_service::failure::Failure;
use uuid::Uuid;

use super::super::{Context, database, output};
use auth_crypto::hashing;
use auth_domain::import::{Imported, Record};
use auth_domain::users::NewUser;
use auth_store::Store;
use file::{Line, UserFile};

mod csv_file;
mod file;
mod json_lines;

/// The number of users in one transaction. Its commit waits for the disk once, and a running server
/// waits for the database no longer than one transaction takes.
const BATCH: usize = 500;

#[derive(Args)]
pub(crate) struct Arguments {
    /// JSON lines or CSV with `public_id`, `name`, `email` and `password_hash`, or the `SQLite` file
    /// of the Flask tutorial; recognised by its content. Hashes may be argon2id (PHC), or scrypt and
    /// pbkdf2 as werkzeug writes them, up to 64 MiB and 2,000,000 iterations. A user
    /// with a known `public_id` stays as it is. With exit status 1, lines were refused and the
    /// others imported
    file: PathBuf,
}

#[derive(Default)]
struct Counts {
    created: u64,
    there: u64,
    refused: u64,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut file = UserFile::open(&arguments.file).map_err(Failure::failed)?;
    let database = database::or_new(context)?;
    let mut import = Import {
        database: &database,
        context,
        bar: bar(file.size()),
        seen: HashSet::new(),
        counts: Counts::default(),
    };
    loop {
        let lines = file.read(BATCH).map_err(Failure::failed)?;
        if lines.is_empty() {
            break;
        }
        import.take(lines)?;
        import.bar.set_position(file.position());
    }
    import.bar.finish_and_clear();
    let Counts { created, there, refused } = import.counts;
    output::line(&format!("{created} created, {there} there already, {refused} refused"))?;
    if refused > 0 {
        let lines = created + there + refused;
        return Err(Failure::failed(format_args!("{refused} of {lines} users were refused")));
    }
    Ok(())
}

struct Import<'c> {
    database: &'c Store,
    context: &'c Context,
    bar: ProgressBar,
    /// The ids of the file so far. A user of an earlier import is skipped, but a second one in the
    /// same file is a mistake.
    seen: HashSet<Uuid>,
    counts: Counts,
}

impl Import<'_> {
    fn take(&mut self, lines: Vec<Line>) -> Result<(), Failure> {
        let (mut users, mut numbers) = (Vec::new(), Vec::new());
        let mut refused = Vec::new();
        for line in lines {
            match line.record.and_then(check).and_then(|user| self.unseen(user)) {
                Ok(user) => {
                    users.push(user);
                    numbers.push(line.number);
                }
                Err(why) => refused.push((line.number, why)),
            }
        }
        let act = self.context.act();
        let imported = self.database.import_users(&users, &act).map_err(Failure::failed)?;
        for (number, imported) in numbers.into_iter().zip(imported) {
            match imported {
                Imported::Created => self.counts.created += 1,
                Imported::There => self.counts.there += 1,
                Imported::AddressTaken => {
                    refused.push((number, "another user has the email".to_owned()));
                }
            }
        }
        self.tell(refused)
    }

    fn unseen(&mut self, user: NewUser) -> Result<NewUser, String> {
        if self.seen.insert(user.public_id) {
            Ok(user)
        } else {
            Err("an earlier line has the public_id".to_owned())
        }
    }

    fn tell(&mut self, mut refused: Vec<(i64, String)>) -> Result<(), Failure> {
        refused.sort_by_key(|(number, _)| *number);
        self.counts.refused += u64::try_from(refused.len()).unwrap_or(u64::MAX);
        self.bar.suspend(|| {
            refused.iter().try_for_each(|(number, why)| output::line(&format!("{number}: {why}")))
        })
    }
}

/// Checks everything about a record that needs no database.
fn check(record: Record) -> Result<NewUser, String> {
    let hash = hashing::check(&record.password_hash);
    let mut wrong = match record.check() {
        Ok(user) if hash.is_ok() => return Ok(user),
        Ok(_) => Vec::new(),
        Err(wrong) => wrong,
    };
    if let Err(why) = hash {
        wrong.push(format!("the password's hash {why}"));
    }
    Err(wrong.join("; "))
}

/// Returns a bar that shows progress and time left on a terminal, and nothing elsewhere.
fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent:>3} %, {eta} left") {
        bar.set_style(style);
    }
    bar
}
