//! Builds the state of the public routes from the settings and the parts.

use std::sync::Arc;

use signet_contract::clock::Clock;
use signet_service::failure::Failure;
use signet_service::shutdown::Shutdown;
use time::Duration;
use tokio::sync::Notify;

use super::keys::rotator;
use crate::settings::{CountLimit, LoginErrors, Settings};
use auth_app::AppState;
use auth_app::guards::Guards;
use auth_app::metrics::Metrics;
use auth_crypto::hashing::HashingPool;
use auth_crypto::signing::KeyRing;
use auth_domain::audit::Allowance;
use auth_domain::refresh::RefreshPolicy;
use auth_domain::sign_up_limit::SignUpLimit;
use auth_domain::throttle::{Limit, Throttle};
use auth_domain::tokens::TokenPolicy;
use auth_http::{Edge, Options, Snapshots};
use auth_store::Store;

/// Builds the state and starts the hashing threads. The guards that the last run saved still count.
pub(super) fn of(
    settings: &Settings,
    store: Arc<Store>,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
) -> Result<(AppState, Edge), Failure> {
    let guards = store.list_guards(clock.now()).map_err(Failure::failed)?;
    let throttle = Throttle::new(
        settings.login_failures_per_account.map(limit),
        settings.login_failures_per_address.map(limit),
    );
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
    let app = AppState {
        store,
        keys,
        rotator: rotator(settings),
        guards: Arc::new(Guards::new(guards)),
        hashing: HashingPool::start().map_err(Failure::failed)?,
        throttle: Arc::new(throttle),
        sign_ups: SignUpLimit::new(settings.sign_ups_per_address.map(limit)),
        refusals: Allowance::default(),
        attempt_ended: Notify::new(),
        tokens,
        refresh,
        uniform_errors,
        clock,
        metrics: Metrics::default(),
    };
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
