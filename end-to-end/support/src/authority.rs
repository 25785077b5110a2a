//! A private certificate authority with one certificate for 127.0.0.1, made by `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of the authority.
#[derive(Debug)]
pub struct Authority {
    /// The authority's own certificate, which clients trust.
    pub certificate: PathBuf,
    /// The server's certificate.
    pub server: PathBuf,
    /// The server's key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes an authority and a server's certificate in `folder`.
    pub fn made_in(folder: &Path) -> Self {
        let own_key = folder.join("authority.key");
        let made = Self {
            certificate: folder.join("authority.crt"),
            server: folder.join("server.crt"),
            key: folder.join("server.key"),
        };
        let extensions = ["-subj", "/CN=Test authority", "-addext", "keyUsage=keyCertSign"];
        request(&own_key, &made.certificate, &extensions);
        let (certificate, own_key) =
            (made.certificate.to_string_lossy(), own_key.to_string_lossy());
        let extensions = [
            "-CA",
            &*certificate,
            "-CAkey",
            &own_key,
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ];
        request(&made.key, &made.server, &extensions);
        made
    }
}

/// Makes a key and a certificate for it.
fn request(key: &Path, certificate: &Path, extensions: &[&str]) {
    let ended = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "30"])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(certificate)
        .args(extensions)
        .output()
        .expect("openssl");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}
