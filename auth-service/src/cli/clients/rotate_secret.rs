//! `clients rotate-secret`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use signet_service::failure::Failure;
use signet_service::settings::duration;

use super::super::{Context, database, output};
use auth_app::clients::{self, ClientWithSecret};
use auth_app::error::AppError;
use auth_app::first_start;
use auth_domain::clients::LONGEST_OVERLAP;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The client's id
    client_id: String,
    /// The time that the old secret stays good
    ///
    /// It is at most 7d; 0s ends the old secret at once.
    #[arg(long, default_value = "24h", value_parser = overlap)]
    overlap: Duration,
    /// Write the secret to this file (0600) instead of printing it
    ///
    /// The default for api-service is the file that `init` wrote, if it exists.
    #[arg(long)]
    secret_file: Option<PathBuf>,
}

fn overlap(text: &str) -> Result<Duration, String> {
    duration(Duration::ZERO, LONGEST_OVERLAP)(text)
}

/// Writes the file beside its place, then the database, then moves the file to its place. A file
/// that can't be written changes nothing, and a crash in between does not lose the secret.
pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let client_id = arguments.client_id.as_str();
    let of_init = Path::new(first_start::SECRET_FILE);
    let usual = (client_id == first_start::CLIENT_ID && of_init.exists()).then_some(of_init);
    let place = arguments.secret_file.as_deref().or(usual);
    let store = database::existing(context)?;
    let mut beside = None;
    let keep = |secret: &str| {
        if place == Some(of_init) {
            first_start::make_secret_folder()?;
        }
        beside = place.map(|place| SecretFile::beside(place, secret)).transpose()?;
        Ok(())
    };
    let overlap = arguments.overlap;
    let rotated = clients::rotate_client_secret(&store, client_id, overlap, &context.act(), keep);
    let ClientWithSecret { client, client_secret } = rotated.map_err(Failure::failed)?;
    let Some(file) = beside else { return output::line(&client_secret) };
    let before = client
        .previous_secret_until
        .map_or_else(|| "void".to_owned(), |until| format!("good until {}", output::time(until)));
    let place = file.put_in_place()?;
    output::line(&format!("the new secret is in {}; the one before is {before}", place.display()))
}

/// A secret in a file beside the file that it replaces.
struct SecretFile<'f> {
    place: &'f Path,
    beside: PathBuf,
}

impl<'f> SecretFile<'f> {
    fn beside(place: &'f Path, secret: &str) -> Result<Self, AppError> {
        let mut beside = place.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        clients::write_secret(&beside, secret)?;
        Ok(Self { place, beside })
    }

    fn put_in_place(self) -> Result<&'f Path, Failure> {
        let folder = clients::folder_of(self.place);
        fs::rename(&self.beside, self.place)
            .and_then(|()| File::open(folder)?.sync_all())
            .map_err(|error| {
                Failure::failed(format_args!(
                    "the new secret is good and in {}, but can't be put in {}: {error}",
                    self.beside.display(),
                    self.place.display()
                ))
            })?;
        Ok(self.place)
    }
}
