//! Key files: what is taken as it is, what is refused with one line, and who may read them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use end_to_end::forge::{Forge, write_private};
use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::process::Ended;
use end_to_end::signing_keys::{active, keys, state};
use end_to_end::user::User;
use end_to_end::{poll, token};

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the tool runs");
    assert!(status.success(), "{program} {arguments:?}");
}

fn openssl(arguments: &str, folder: &Path) {
    run("openssl", &arguments.split(' ').collect::<Vec<_>>(), folder);
}

fn import(pair: &Pair, file: &str, more: &[&str]) -> Ended {
    let path = pair.folder().join(file).to_string_lossy().into_owned();
    pair.auth.command(&[&["keys", "import", &path][..], more].concat())
}

#[test]
fn keys_made_by_openssl_and_ssh_keygen_are_taken_as_they_are() {
    let pair = Pair::prepare();
    let folder = pair.folder().to_owned();
    run(
        "ssh-keygen",
        &["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", "ssh"],
        &folder,
    );
    openssl("genrsa -traditional -out pkcs1 2048", &folder);
    openssl("genrsa -out pkcs8 3072", &folder);
    let mut before = active(&pair.auth);
    for (file, first_line) in [
        ("ssh", "-----BEGIN RSA PRIVATE KEY-----"),
        ("pkcs1", "-----BEGIN RSA PRIVATE KEY-----"),
        ("pkcs8", "-----BEGIN PRIVATE KEY-----"),
    ] {
        let text = fs::read_to_string(folder.join(file)).expect("a key");
        assert_eq!(text.lines().next(), Some(first_line), "{file}");
        import(&pair, file, &[]).done();
        let now = active(&pair.auth);
        assert_ne!(now, before, "no token was signed yet: {file} is active at once");
        before = now;
    }
    // Line ends of Windows.
    openssl("genrsa -traditional -out more 2048", &folder);
    let text = fs::read_to_string(folder.join("more")).expect("a key").replace('\n', "\r\n");
    write_private(&folder.join("crlf"), &text);
    import(&pair, "crlf", &[]).done();
    for file in fs::read_dir(pair.auth.path("keys/signing")).expect("a folder") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[test]
fn what_is_no_usable_key_is_refused_with_one_line() {
    let pair = Pair::prepare();
    let folder = pair.folder().to_owned();
    let before = keys(&pair.auth);
    openssl("genrsa -out good 2048", &folder);
    openssl("genrsa -out short 1024", &folder);
    openssl("genrsa -out odd 2047", &folder);
    openssl("genrsa -out long 4104", &folder);
    openssl("genrsa -3 -out three 2048", &folder);
    openssl("rsa -in good -pubout -out public", &folder);
    openssl("rsa -in good -RSAPublicKey_out -out public1", &folder);
    openssl("ecparam -name prime256v1 -genkey -noout -out ec", &folder);
    openssl("genpkey -algorithm ed25519 -out ed", &folder);
    openssl("genpkey -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048 -out pss", &folder);
    openssl("rsa -in good -aes128 -passout pass:x -out encrypted8", &folder);
    openssl("rsa -in good -traditional -aes128 -passout pass:x -out encrypted1", &folder);
    run("ssh-keygen", &["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "openssh"], &folder);
    let good = fs::read_to_string(folder.join("good")).expect("a key");
    write_private(&folder.join("truncated"), &good[..good.len() / 2]);
    let middle = good.len() / 2;
    let flipped = if good.as_bytes()[middle] == b'A' { "B" } else { "A" };
    write_private(
        &folder.join("damaged"),
        &format!("{}{flipped}{}", &good[..middle], &good[middle + 1..]),
    );
    write_private(&folder.join("twice"), &format!("{good}{good}"));
    write_private(&folder.join("empty"), "");
    write_private(&folder.join("text"), "hello\n");
    fs::create_dir(folder.join("directory")).expect("a folder");
    for file in [
        "short",
        "odd",
        "long",
        "three",
        "public",
        "public1",
        "ec",
        "ed",
        "pss",
        "encrypted8",
        "encrypted1",
        "openssh",
        "truncated",
        "damaged",
        "empty",
        "text",
        "directory",
        "missing",
    ] {
        let ended = import(&pair, file, &["--activate"]);
        ended.failed_with(1, &[file]);
        let line = good.lines().nth(1).expect("a line");
        assert!(!ended.err.contains(line), "the key itself is told: {ended:?}");
    }
    assert_eq!(keys(&pair.auth), before, "nothing was imported");
    import(&pair, "good", &[]).done();
}

#[test]
fn a_key_imported_after_tokens_were_signed_waits_unless_told_otherwise() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let first = active(&pair.auth);
    User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    let forge = Forge::generate(2_048);
    forge.write_to(pair.folder());
    let file = format!("{}.pem", forge.kid);
    import(&pair, &file, &[]).done();
    assert_eq!(active(&pair.auth), first);
    assert_eq!(state(&pair.auth, &forge.kid), "pending");
    let published = |answer: &Answer| answer.text().contains(&forge.kid);
    poll::until("the running server publishes it", std::time::Duration::from_secs(5), || {
        published(&pair.auth.get("/.well-known/jwks.json").send())
    });
    import(&pair, &file, &["--activate"]).done();
    assert_eq!(active(&pair.auth), forge.kid);
    poll::until("the running server signs with it", std::time::Duration::from_secs(5), || {
        let token = User::signed_up(&pair.auth, "Grace").log_in(&pair.auth);
        token::read(&token).0["kid"] == forge.kid
    });
    assert_eq!(state(&pair.auth, &first), "retiring");
}

/// The file of the signing key, and its name.
fn key_file(pair: &Pair) -> (PathBuf, String) {
    let file = pair.auth.path(&format!("keys/signing/{}.pem", active(&pair.auth)));
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    (file, name)
}

#[test]
fn a_start_with_a_key_file_that_others_may_read_is_refused() {
    let pair = Pair::prepare();
    let (file, name) = key_file(&pair);
    for mode in [0o644, 0o640, 0o604, 0o620] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("changed");
        pair.auth.launch.run_briefly(&["serve"]).failed_in_log(1, &name);
    }
}

#[test]
fn a_start_without_its_signing_key_or_with_a_damaged_one_is_refused() {
    let pair = Pair::prepare();
    let (file, name) = key_file(&pair);
    let whole = fs::read_to_string(&file).expect("a key");
    let other = Forge::generate(2_048);
    let other = fs::read_to_string(other.write_to(pair.folder())).expect("a key");
    for content in [&whole[..whole.len() / 2], "", &other] {
        write_private(&file, content);
        pair.auth.launch.run_briefly(&["serve"]).failed_in_log(1, &name);
    }
    fs::remove_file(&file).expect("removed");
    pair.auth.launch.run_briefly(&["serve"]).failed_in_log(1, &name);
}
