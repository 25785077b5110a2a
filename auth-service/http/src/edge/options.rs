//! The parts of the listener that no use case needs.

use ipnet::IpNet;
use signet_service::shutdown::Shutdown;

use crate::guards::directory::Snapshots;

/// The operator's options for the answers to requests.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The proxies that may set `X-Forwarded-For` and `X-Request-Id`.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins of pages that may call from a browser.
    pub cors_origins: Vec<String>,
}

/// The parts of the listener.
pub struct Edge {
    /// The operator's options.
    pub options: Options,
    /// Limits the snapshots that guards take at the same time.
    pub snapshots: Snapshots,
    /// Ends long polls.
    pub shutdown: Shutdown,
}
