//! `users import`: reads the file, shows the progress, and prints the refused lines.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use signet_service::failure::Failure;

use super::super::{Context, database, output};
use auth_app::users::{CheckedLine, Import, ImportReport, Line};
use auth_store::Store;
use file::{ReadError, UserFile};

mod csv_file;
mod file;
mod json_lines;
mod text_reader;

/// The lines that are read and checked together.
const PART: usize = 1_000;

/// The parts that are read ahead while the database writes: as many as one transaction may have.
const PARTS_AHEAD: usize = 50;

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

/// Imports the file batch by batch, prints each refused line, and counts. Another thread reads and
/// checks the next lines meanwhile.
fn import(
    file: &mut UserFile,
    store: &Store,
    counts: &mut Counts,
    context: &Context,
) -> Result<(), Failure> {
    let bar = bar(file.size());
    let path = file.path().to_owned();
    let fault = thread::scope(|scope| {
        // Dropped at the end of this closure, so that the other thread ends after a failure here.
        let (sender, parts) = mpsc::sync_channel(PARTS_AHEAD);
        scope.spawn(move || read(file, &sender));
        let mut import = Import::default();
        loop {
            let Part { lines, position, fault } = next_batch(&parts, import.batch_size(store));
            let ended = lines.is_empty();
            let report = import.import_users(store, lines, &context.act());
            let ImportReport { created, there, refused } = report.map_err(Failure::failed)?;
            counts.created += created;
            counts.there += there;
            counts.refused += u64::try_from(refused.len()).unwrap_or(u64::MAX);
            bar.suspend(|| {
                refused
                    .iter()
                    .try_for_each(|(number, why)| output::line(&format!("{number}: {why}")))
            })?;
            bar.set_position(position);
            if ended || fault.is_some() {
                return Ok::<_, Failure>(fault);
            }
        }
    })?;
    bar.finish_and_clear();
    match fault {
        Some(why) => {
            let path = path.display();
            Err(Failure::failed(format_args!("{path}: {why}; nothing after it was read")))
        }
        None => Ok(()),
    }
}

/// A part of the file.
#[derive(Default)]
struct Part {
    lines: Vec<CheckedLine>,
    /// The amount of the file up to the end of the part.
    position: u64,
    /// The reason for which nothing after the part can be read.
    fault: Option<ReadError>,
}

/// Reads and checks the file part by part, until its end, a fault, or the end of the receiver.
fn read(file: &mut UserFile, parts: &SyncSender<Part>) {
    loop {
        let (lines, fault) = file.read(PART);
        let ended = lines.is_empty() || fault.is_some();
        let lines = lines.into_iter().map(Line::check).collect();
        if parts.send(Part { lines, position: file.position(), fault }).is_err() || ended {
            return;
        }
    }
}

/// Returns about `size` of the next lines; none at the end.
fn next_batch(parts: &Receiver<Part>, size: usize) -> Part {
    let mut batch = Part::default();
    while batch.lines.len() < size && batch.fault.is_none() {
        let Ok(part) = parts.recv() else { break };
        batch.lines.extend(part.lines);
        (batch.position, batch.fault) = (part.position, part.fault);
    }
    batch
}

/// Returns a bar that shows progress and time left on a terminal, and nothing elsewhere.
fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent:>3} %, {eta} left") {
        bar.set_style(style);
    }
    bar
}
