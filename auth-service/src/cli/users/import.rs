//! `users import`: reads the file, shows the progress, and prints the refused lines.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use signet_service::failure::Failure;

use super::super::{Context, database, output};
use auth_app::users::{Import, ImportReport};
use file::UserFile;

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
    /// with a known `public_id` stays as it is. Exit status 1: some lines were refused, and the
    /// others are imported
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut file = UserFile::open(&arguments.file).map_err(Failure::failed)?;
    let store = database::or_new(context)?;
    let bar = bar(file.size());
    let mut import = Import::default();
    let (mut created, mut there, mut refused) = (0, 0, 0_u64);
    loop {
        let lines = file.read(BATCH).map_err(Failure::failed)?;
        if lines.is_empty() {
            break;
        }
        let report = import.import_users(&store, lines, &context.act());
        let ImportReport { created: new, there: known, refused: faults } =
            report.map_err(Failure::failed)?;
        created += new;
        there += known;
        refused += u64::try_from(faults.len()).unwrap_or(u64::MAX);
        bar.suspend(|| {
            faults.iter().try_for_each(|(number, why)| output::line(&format!("{number}: {why}")))
        })?;
        bar.set_position(file.position());
    }
    bar.finish_and_clear();
    output::line(&format!("{created} created, {there} there already, {refused} refused"))?;
    if refused > 0 {
        let lines = created + there + refused;
        return Err(Failure::failed(format_args!("{refused} of {lines} users were refused")));
    }
    Ok(())
}

/// Returns a bar that shows progress and time left on a terminal, and nothing elsewhere.
fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent:>3} %, {eta} left") {
        bar.set_style(style);
    }
    bar
}
