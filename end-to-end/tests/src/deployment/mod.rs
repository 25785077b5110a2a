//! The files of `deploy`, by the programs that read them.

mod kubernetes;
mod proxies;
mod systemd;
