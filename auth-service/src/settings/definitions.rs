//! What each setting is called, takes and means. `--help`, `check-config` and `.env.example` are
//! made from these.

use shared::service::settings::Setting;

/// Every setting, in the order in which people read them.
pub const ALL: &[Setting] = &[
    BIND,
    MANAGEMENT_BIND,
    ISSUER,
    DATABASE_URL,
    DATABASE_PASSWORD_FILE,
    KEYS_DIR,
    KEY_BITS,
    KEY_ROTATION_EVERY,
    GUARD_PATIENCE,
    JWKS_MAX_AGE,
    AUDIENCE,
    ACCESS_TOKEN_TTL,
    REFRESH_TOKEN_TTL,
    SESSION_MAX_LIFE,
    REFRESH_REPEAT_WINDOW,
    LOGIN_ERRORS,
    LOGIN_FAILURES_PER_ACCOUNT,
    LOGIN_FAILURES_PER_ADDRESS,
    SIGN_UPS_PER_ADDRESS,
    TRUSTED_PROXIES,
    CORS_ORIGINS,
    FEED_KEEP,
    AUDIT_KEEP,
];

/// Where clients are served.
pub const BIND: Setting =
    Setting::new("AUTH_BIND", Some("127.0.0.1:8001"), "HOST:PORT", "Where clients are served");

/// Where health and metrics are served.
pub const MANAGEMENT_BIND: Setting = Setting::new(
    "AUTH_MANAGEMENT_BIND",
    Some("127.0.0.1:9001"),
    "HOST:PORT",
    "Where health and metrics are served, for operators only",
);

/// The `iss` of every token.
pub const ISSUER: Setting = Setting::new(
    "AUTH_ISSUER",
    Some("http://localhost:8001"),
    "an http or https address",
    "The issuer's public address, written into every token to the letter",
);

/// Where the data is kept.
pub const DATABASE_URL: Setting = Setting {
    name: "AUTH_DATABASE_URL",
    default: Some("sqlite://data/auth.db"),
    takes: "sqlite://FILE or postgres://USER@HOST:PORT/DATABASE",
    help: "Where users, sessions, clients and the change feed are kept; a password in it is refused on the command line",
    // A URL may hold a password; an error does not repeat it.
    sensitive: true,
};

/// The password of the database.
pub const DATABASE_PASSWORD_FILE: Setting = Setting::new(
    "AUTH_DATABASE_PASSWORD_FILE",
    None,
    "a file",
    "The file with the password for a PostgreSQL database, read at each connection",
);

/// The folder of the private keys.
pub const KEYS_DIR: Setting = Setting::new(
    "AUTH_KEYS_DIR",
    Some("keys/signing"),
    "a folder",
    "The folder of the private signing keys, which no other service may read",
);

/// The size of a new key.
pub const KEY_BITS: Setting = Setting::new(
    "AUTH_KEY_BITS",
    Some("4096"),
    "2048, 3072 or 4096",
    "The size of a new signing key, in bits",
);

/// How long a key signs.
pub const KEY_ROTATION_EVERY: Setting = Setting::new(
    "AUTH_KEY_ROTATION_EVERY",
    Some("90d"),
    "a duration from 1s to 3650d, or off",
    "How long a key signs before the next one takes over; `keys plan` shows what that means",
);

/// How long a key waits for guards.
pub const GUARD_PATIENCE: Setting = Setting::new(
    "AUTH_GUARD_PATIENCE",
    Some("5m"),
    "a duration from 0s to 1d",
    "How long after its lead a new key waits for guards that do not hold it yet",
);

/// The `max-age` of the key set.
pub const JWKS_MAX_AGE: Setting = Setting::new(
    "AUTH_JWKS_MAX_AGE",
    Some("60s"),
    "a duration from 1s to 1d",
    "How long a verifier may keep the key set; a new key waits two of these before it signs",
);

/// The audiences.
pub const AUDIENCE: Setting = Setting::new(
    "AUTH_AUDIENCE",
    Some("api-service"),
    "names separated by commas",
    "The audiences that a token may be asked for; the first is the default of users",
);

/// The life of an access token.
pub const ACCESS_TOKEN_TTL: Setting = Setting::new(
    "AUTH_ACCESS_TOKEN_TTL",
    Some("30m"),
    "a duration from 5s to 24h",
    "The life of an access token",
);

/// The idle life of a session.
pub const REFRESH_TOKEN_TTL: Setting = Setting::new(
    "AUTH_REFRESH_TOKEN_TTL",
    Some("30d"),
    "a duration from 1s to 3650d",
    "The life of a refresh token; each use gives a new one",
);

/// The absolute life of a session.
pub const SESSION_MAX_LIFE: Setting = Setting::new(
    "AUTH_SESSION_MAX_LIFE",
    Some("90d"),
    "a duration from 1s to 3650d",
    "How long after its log-in a session can be refreshed, however often it was",
);

/// How long a used refresh token is answered alike.
pub const REFRESH_REPEAT_WINDOW: Setting = Setting::new(
    "AUTH_REFRESH_REPEAT_WINDOW",
    Some("0s"),
    "a duration from 0s to 1h",
    "How long a used refresh token gets the same successor again, until that one is used; 0s: a used one ends its session",
);

/// Whether a refused log-in says why.
pub const LOGIN_ERRORS: Setting = Setting::new(
    "AUTH_LOGIN_ERRORS",
    Some("distinct"),
    "distinct or uniform",
    "Whether a refused log-in tells that an account exists, or gives one answer to all",
);

/// Failures an account takes.
pub const LOGIN_FAILURES_PER_ACCOUNT: Setting = Setting::new(
    "AUTH_LOGIN_FAILURES_PER_ACCOUNT",
    Some("10/15m"),
    "COUNT/DURATION or off",
    "How many failed log-ins an account takes before it has to wait",
);

/// Failures an address may make.
pub const LOGIN_FAILURES_PER_ADDRESS: Setting = Setting::new(
    "AUTH_LOGIN_FAILURES_PER_ADDRESS",
    Some("1000/15m"),
    "COUNT/DURATION or off",
    "How many failed log-ins a network address may make before it has to wait",
);

/// Sign-ups an address may make.
pub const SIGN_UPS_PER_ADDRESS: Setting = Setting::new(
    "AUTH_SIGN_UPS_PER_ADDRESS",
    Some("100/1h"),
    "COUNT/DURATION or off",
    "How many sign-ups a network address may make before it has to wait",
);

/// Proxies whose word is taken.
pub const TRUSTED_PROXIES: Setting = Setting::new(
    "AUTH_TRUSTED_PROXIES",
    None,
    "addresses or networks separated by commas",
    "The proxies whose X-Forwarded-For is believed",
);

/// Origins whose pages may call.
pub const CORS_ORIGINS: Setting = Setting::new(
    "AUTH_CORS_ORIGINS",
    None,
    "origins such as https://app.example.org, separated by commas",
    "The web origins whose pages may call from a browser",
);

/// How long the feed keeps an event.
pub const FEED_KEEP: Setting = Setting::new(
    "AUTH_FEED_KEEP",
    Some("7d"),
    "a duration from 1s to 3650d",
    "How long the change feed keeps an event; a guard that was away longer starts from a snapshot",
);

/// How long the audit log keeps a row.
pub const AUDIT_KEEP: Setting = Setting::new(
    "AUTH_AUDIT_KEEP",
    Some("365d"),
    "a duration from 1s to 3650d",
    "How long the audit log keeps a row",
);
