//! `users import`: reads the file, shows the progress, and prints the refused lines.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use signet_service::failure::Failure;

use super::super::{Context, database, output};
use auth_app::users::{Import, ImportReport};
use auth_store::Store;
use file::UserFile;

mod csv_file;
mod file;
mod json_lines;
mod text_reader;

/// The number of users in one transaction. Its commit waits for the disk once, and a running server
/// waits for the database while a transaction runs.
const BATCH: usize = 1_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// JSON lines, CSV or the SQLite file of the Flask tutorial; recognised by its content
    ///
    /// A line has `public_id`, `name`, `email` and `password_hash`. Hashes may be argon2id (PHC),
    /// bcrypt, or as werkzeug or Django writes them, up to 64 MiB, 2,000,000 iterations and bcrypt's
    /// cost 14. A user with a known `public_id` stays as it is. Exit status 1: some lines were
    /// refused, and the others are imported; or the file can't be read to its end.
    file: PathBuf,
}

/// The number of users by result.
#[derive(Default)]
struct Counts {
    created: u64,
    there: u64,
    refused: u64,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut file = UserFile::open(&arguments.file).map_err(Failure::failed)?;
    let store = database::or_new(context)?;
    let mut counts = Counts::default();
    let imported = import(&mut file, &store, &mut counts, context);
    let Counts { created, there, refused } = counts;
    // The counts come first: a failure in the middle does not undo the batches before it.
    output::line(&format!("{created} created, {there} there already, {refused} refused"))?;
    imported?;
    if refused > 0 {
        let lines = created + there + refused;
        return Err(Failure::failed(format_args!("{refused} of {lines} users were refused")));
    }
    Ok(())
}

/// Imports the file batch by batch, prints each refused line, and counts.
fn import(
    file: &mut UserFile,
    store: &Store,
    counts: &mut Counts,
    context: &Context,
) -> Result<(), Failure> {
    let bar = bar(file.size());
    let mut import = Import::default();
    loop {
        let (lines, fault) = file.read(BATCH);
        let ended = lines.is_empty();
        let report = import.import_users(store, lines, &context.act());
        let ImportReport { created, there, refused } = report.map_err(Failure::failed)?;
        counts.created += created;
        counts.there += there;
        counts.refused += u64::try_from(refused.len()).unwrap_or(u64::MAX);
        bar.suspend(|| {
            refused.iter().try_for_each(|(number, why)| output::line(&format!("{number}: {why}")))
        })?;
        bar.set_position(file.position());
        if let Some(why) = fault {
            bar.finish_and_clear();
            let path = file.path().display();
            return Err(Failure::failed(format_args!("{path}: {why}; nothing after it was read")));
        }
        if ended {
            bar.finish_and_clear();
            return Ok(());
        }
    }
}

/// Returns a bar that shows progress and time left on a terminal, and nothing elsewhere.
fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent:>3} %, {eta} left") {
        bar.set_style(style);
    }
    bar
}
