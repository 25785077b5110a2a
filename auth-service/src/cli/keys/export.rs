//! `keys export-public`: for clients that verify without fetching the key set.

use signet_contract::jwks::PublicJwk;
use signet_service::failure::Failure;

use super::super::{Context, database, output};
use super::Format;
use auth_crypto::signing::public_pem;
use auth_domain::keys::KeyState;

pub(super) fn run(kid: Option<&str>, format: Format, context: &Context) -> Result<(), Failure> {
    let keys = database::existing(context)?.list_keys().map_err(Failure::failed)?;
    let key = match kid {
        Some(kid) => keys.into_iter().find(|key| key.kid == kid).ok_or_else(|| {
            Failure::failed(format_args!("no key has the thumbprint `{}`", kid.escape_debug()))
        })?,
        None => keys
            .into_iter()
            .find(|key| key.state == KeyState::Active)
            .ok_or_else(|| Failure::failed("no key is active; `auth-service init` makes one"))?,
    };
    match format {
        Format::Pem => {
            let pem = public_pem(&key.n, &key.e)
                .ok_or_else(|| Failure::failed("the key's record is damaged"))?;
            output::line(pem.trim_end())
        }
        Format::Jwk => output::json(&PublicJwk::rs256(key.kid, key.n, key.e)),
    }
}
