//! The token endpoint: client credentials and refreshes, against the signature that they need.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::client::Client;
use support::user::{Session, User};

use super::comparison::{Goal, Row};
use super::limits::{Commits, Signer};
use super::requests::Request;
use super::wrk::Load;
use super::{Plan, pair_with_keys};
use crate::figures::grouped;

/// The connections that send requests at the same time.
const CONNECTIONS: usize = 32;

/// The sessions of one measurement: one for each connection, and some that wait.
const SESSIONS: usize = CONNECTIONS + 8;

/// The request of a client's token (RFC 6749 §4.4).
pub fn request(client: &Client) -> Request {
    let secret = STANDARD.encode(format!("{}:{}", client.id, client.secret));
    Request::form("/oauth2/token", &[("grant_type", "client_credentials")])
        .header("authorization", format!("Basic {secret}"))
}

/// The rows with signing keys of `bits`.
pub fn rows(plan: &Plan<'_>, bits: u32, goal: Goal) -> Vec<Row> {
    let pair = pair_with_keys(bits);
    let signer = Signer::new(bits);
    let commits = Commits::new(pair.folder());
    let client = Client::registered(&pair.auth, "bench", &["directory:read"]);
    let load = Load::of(&pair.auth.url, CONNECTIONS, &[request(&client)]);

    let user = User::signed_up(&pair.auth, "Ann");
    let refresh = || {
        let session = |_| Session::opened(&pair.auth, &user, "api-service").refresh;
        let tokens: Vec<_> = (0..SESSIONS).map(session).collect();
        Load::of_refreshes(&pair.auth.url, CONNECTIONS, &tokens).run(plan.time)
    };
    vec![
        plan.compare(
            &format!("Client credentials, {} bits", grouped(bits.into())),
            "a signature with a parsed key, on all cores",
            goal,
            || load.run(plan.time),
            || signer.signatures(plan.time),
        ),
        plan.compare(
            &format!("Refresh, {} bits", grouped(bits.into())),
            "a signature with a parsed key, on all cores",
            goal,
            refresh,
            || signer.signatures(plan.time),
        ),
        plan.compare(
            &format!("Refresh, {} bits", grouped(bits.into())),
            "a signature and an SQLite commit of its own",
            Goal::Shown,
            refresh,
            || commits.refreshes(&signer, plan.time),
        ),
    ]
}
