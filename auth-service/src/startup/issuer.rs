//! Builds the state of the public routes from the settings and the parts.

use std::sync::Arc;

use signet_contract::clock::Clock;
use signet_service::failure::Failure;
use signet_service::shutdown::Shutdown;
use time::Duration;

use super::keys::rotator;
use crate::settings::{CountLimit, LoginErrors, Registration, Settings};
use auth_app::{AppConfig, AppState};
use auth_crypto::hashing::HashingPool;
use auth_crypto::signing::KeyRing;
use auth_domain::refresh::RefreshPolicy;
use auth_domain::throttle::Limit;
use auth_domain::tokens::TokenPolicy;
use auth_http::{Edge, Options, Snapshots};
use auth_store::Store;

/// Builds the state and starts the hashing threads.
pub(super) fn of(
    settings: &Settings,
    store: Arc<Store>,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
) -> Result<(AppState, Edge), Failure> {
    let tokens = TokenPolicy {
        issuer: settings.issuer.clone(),
        audiences: settings.audience.clone(),
        life: span(settings.access_token_ttl),
    };
    let refresh = RefreshPolicy {
        idle: span(settings.refresh_token_ttl),
        max_life: span(settings.session_max_life),
        repeat_window: span(settings.refresh_repeat_window),
    };
    let uniform_errors = settings.login_errors == LoginErrors::Uniform;
    let options = Options {
        trusted_proxies: settings.trusted_proxies.clone().unwrap_or_default(),
        cors_origins: settings.cors_origins.clone().unwrap_or_default(),
    };
    if !uniform_errors {
        tracing::warn!(
            "log-in and sign-up tell whether an account exists; AUTH_LOGIN_ERRORS=uniform hides it"
        );
    }
    let config = AppConfig {
        tokens,
        refresh,
        log_in_failures_per_account: settings.login_failures_per_account.map(limit),
        log_in_failures_per_address: settings.login_failures_per_address.map(limit),
        registration_open: settings.registration == Registration::Open,
        sign_ups_per_address: settings.sign_ups_per_address.map(limit),
        uniform_errors,
    };
    let hashing = HashingPool::start().map_err(Failure::failed)?;
    let app = AppState::new(store, keys, rotator(settings), hashing, config, clock);
    let app = app.map_err(Failure::failed)?;
    let edge = Edge { options, snapshots: Snapshots::default(), shutdown };
    Ok((app, edge))
}

fn limit(limit: CountLimit) -> Limit {
    Limit { count: limit.count, window: span(limit.window) }
}

/// Converts a setting. Its upper bound is far below the limits of both types.
fn span(setting: std::time::Duration) -> Duration {
    Duration::try_from(setting).unwrap_or(Duration::MAX)
}
