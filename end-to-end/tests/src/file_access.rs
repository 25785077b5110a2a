//! The access to files: what the services make is private, and a secret that others can read is
//! noticed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use support::pair::Pair;
use support::service::Service;
use support::user::User;

/// Lets every start of the service go through this line of a shell.
fn start_by(service: &mut Service, line: &str) {
    let program = service.launch.program.clone();
    let script = service.launch.folder.with_extension("sh");
    let text = format!("#!/bin/sh\n{}\n", line.replace("PROGRAM", &program.to_string_lossy()));
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("changed");
    service.launch.program = script;
}

/// Calls `look` with each file and folder below `folder`.
fn for_each(folder: &Path, look: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        look(&path);
        if path.is_dir() {
            for_each(&path, look);
        }
    }
}

#[test]
fn files_and_folders_are_private_whatever_the_umask() {
    for umask in ["000", "022"] {
        let mut pair = Pair::bare();
        for service in [&mut pair.auth, &mut pair.api] {
            start_by(service, &format!("umask {umask}\nexec PROGRAM \"$@\""));
        }
        pair.run();
        let user = User::signed_up(&pair.auth, "Ada");
        pair.accepts("it works", &user.log_in(&pair.auth));
        let mut seen = Vec::new();
        for service in [&pair.auth, &pair.api] {
            for_each(&service.launch.folder, &mut |path| {
                // A temporary file may have its name already.
                let Ok(found) = fs::metadata(path) else { return };
                let expected = if found.is_dir() { 0o700 } else { 0o600 };
                let mode = found.permissions().mode() & 0o777;
                assert_eq!(mode, expected, "{} under {umask}", path.display());
                let name = path.file_name().expect("a name").to_string_lossy();
                seen.push(name.into_owned());
            });
        }
        for name in ["auth.db", "auth.db-wal", "auth.db.lock", "auth.db.served"] {
            assert!(seen.iter().any(|seen| seen == name), "{name} is not in {seen:?}");
        }
        for name in ["api.db", "api.db-wal", "api.db-shm", "api.db.lock", "api-service.secret"] {
            assert!(seen.iter().any(|seen| seen == name), "{name} is not in {seen:?}");
        }
    }
}

#[test]
fn client_secret_that_others_can_read_is_one_warning() {
    let mut pair = Pair::prepare();
    let secret = pair.auth.path("keys/clients/api-service.secret");
    fs::set_permissions(&secret, Permissions::from_mode(0o644)).expect("changed");
    // Without its issuer, the guard reads the secret again and again.
    pair.api.spawn();
    pair.api.wait_live();
    let advice = format!("chmod 600 {}", secret.display());
    pair.api.wait_log(&advice);
    pair.auth.start();
    pair.api.wait_ready();
    let log = pair.api.log();
    assert_eq!(log.matches(&advice).count(), 1, "{log}");
    assert!(log.lines().any(|line| line.contains("WARN") && line.contains(&advice)), "{log}");
    assert!(!pair.auth.log().contains("chmod"), "{}", pair.auth.log());
}

#[test]
fn dot_env_with_a_password_that_others_can_read_is_one_warning() {
    let mut pair = Pair::prepare();
    let file = pair.auth.path(".env");
    let warned = |pair: &mut Pair, line: &str, mode: u32| {
        fs::write(&file, line).expect("written");
        fs::set_permissions(&file, Permissions::from_mode(mode)).expect("changed");
        pair.auth.launch.run_briefly(&["serve"]).err.contains("chmod 600 .env")
    };
    // No server listens there, so the start ends.
    let url = "AUTH_DATABASE_URL=postgres://u:p@127.0.0.1:1/auth\n";
    assert!(warned(&mut pair, url, 0o644));
    assert!(!warned(&mut pair, url, 0o600));
    assert!(!warned(&mut pair, &url.replace(":p@", "@"), 0o644));
}

#[test]
fn planted_link_in_place_of_a_lock_file_is_not_followed() {
    let mut pair = Pair::prepare();
    pair.run();
    pair.auth.stop();
    pair.api.stop();
    for (service, lock) in [(&pair.auth, "data/auth.db.lock"), (&pair.api, "data/api.db.lock")] {
        let (lock, target) = (service.path(lock), pair.folder().join("target"));
        fs::remove_file(&lock).expect("a lock file");
        symlink(&target, &lock).expect("a link");
        service.launch.run_briefly(&["serve"]).failed_in_log(1, "is a link");
        assert!(lock.is_symlink() && !target.exists());
    }
}

/// The kubelet gives the files of a volume to the group of the pod at each mount.
#[test]
fn issuer_starts_on_a_volume_that_kubernetes_gave_to_its_group() {
    let mut pair = Pair::prepare();
    let keys = pair.auth.path("keys");
    let ran = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).arg(&keys).status();
        done.is_ok_and(|status| status.success())
    };
    if !ran("chgrp", &["-R", "4242"]) || !ran("setpriv", &["--groups=4242", "true"]) {
        eprintln!("skipped: only root gives files and processes another group");
        return;
    }
    // Mode 0660 for files, 2770 for folders.
    assert!(ran("chmod", &["-R", "g+rwX"]));
    for_each(&keys, &mut |path| {
        if path.is_dir() {
            fs::set_permissions(path, Permissions::from_mode(0o2770)).expect("changed");
        }
    });
    let refused = pair.auth.launch.run_briefly(&["serve"]);
    refused.failed_in_log(1, "chmod 600");
    start_by(&mut pair.auth, "exec setpriv --groups=4242 PROGRAM \"$@\"");
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("it signs", &user.log_in(&pair.auth));
}
