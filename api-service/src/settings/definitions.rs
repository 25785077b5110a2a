//! What each setting is called, takes and means. `--help`, `check-config` and `.env.example` are
//! made from these.

use shared::service::settings::Setting;

/// Every setting, in the order in which people read them.
pub const ALL: &[Setting] = &[
    BIND,
    MANAGEMENT_BIND,
    ISSUER,
    AUTH_URL,
    PUBLIC_URL,
    ALLOW_HTTP,
    AUDIENCE,
    CLIENT_ID,
    CLIENT_SECRET_FILE,
    DATABASE_URL,
    CLOCK_LEEWAY,
    MAX_TOKEN_LIFE,
    MAX_STALENESS,
    USER_LIST,
];

/// Where clients are served.
pub const BIND: Setting =
    Setting::new("API_BIND", Some("127.0.0.1:8002"), "HOST:PORT", "Where clients are served");

/// Where health and metrics are served.
pub const MANAGEMENT_BIND: Setting = Setting::new(
    "API_MANAGEMENT_BIND",
    Some("127.0.0.1:9002"),
    "HOST:PORT",
    "Where health and metrics are served, for operators only",
);

/// The `iss` that a token must have.
pub const ISSUER: Setting = Setting::new(
    "API_ISSUER",
    Some("http://localhost:8001"),
    "an http or https address",
    "The issuer's public address, compared with every token to the letter",
);

/// Where the issuer is reached.
pub const AUTH_URL: Setting = Setting {
    name: "API_AUTH_URL",
    default: None,
    takes: "an https address, or plain http to loopback or to a name that API_ALLOW_HTTP lists",
    help: "Where to reach the issuer, if that differs from its public address",
    // Credentials in it are refused, and the refusal does not repeat them.
    sensitive: true,
};

/// This service's own public address.
pub const PUBLIC_URL: Setting = Setting::new(
    "API_PUBLIC_URL",
    Some("http://localhost:8002"),
    "an http or https address",
    "This service's own public address, as its metadata tells it",
);

/// Names that plain http may be used to.
pub const ALLOW_HTTP: Setting = Setting::new(
    "API_ALLOW_HTTP",
    None,
    "host names separated by commas",
    "The hosts, beside loopback, that may be called in plain http",
);

/// The audience that a token must be meant for.
pub const AUDIENCE: Setting = Setting::new(
    "API_AUDIENCE",
    Some("api-service"),
    "a name without blanks",
    "The audience that a token must be meant for",
);

/// The replica.
pub const DATABASE_URL: Setting = Setting::new(
    "API_DATABASE_URL",
    Some("sqlite://data/api.db"),
    "sqlite://FILE",
    "The replica of the user directory, one file per instance; it may be deleted at any time",
);

/// The tolerance for clocks that differ.
pub const CLOCK_LEEWAY: Setting = Setting::new(
    "API_CLOCK_LEEWAY",
    Some("10s"),
    "a duration from 0s to 60s",
    "How far this clock and the issuer's may differ before a token's times are held against it",
);

/// The longest life of a token.
pub const MAX_TOKEN_LIFE: Setting = Setting::new(
    "API_MAX_TOKEN_LIFE",
    Some("24h"),
    "a duration from 1s to 365d",
    "The longest life of a token that is taken",
);

/// Who may read other users' records.
pub const USER_LIST: Setting = Setting::new(
    "API_USER_LIST",
    Some("everyone"),
    "everyone or admin",
    "Who may list users and read records other than their own",
);

/// This guard's client at the issuer.
pub const CLIENT_ID: Setting = Setting::new(
    "API_CLIENT_ID",
    Some("api-service"),
    "a name without blanks",
    "The client as which this service follows the issuer's changes",
);

/// The client's secret.
pub const CLIENT_SECRET_FILE: Setting = Setting::new(
    "API_CLIENT_SECRET_FILE",
    Some("keys/clients/api-service.secret"),
    "a file",
    "The file that holds that client's secret; it may appear after the start",
);

/// How long what is held is trusted.
pub const MAX_STALENESS: Setting = Setting::new(
    "API_MAX_STALENESS",
    Some("24h"),
    "a duration from 1s to 365d",
    "How long keys, revocations and directory are trusted while the issuer can't be reached",
);
