//! `keys`.

use std::fs;

use crate::folder::Folder;

fn states(folder: &Folder) -> Vec<String> {
    let json = folder.run("keys list --json").json();
    let keys = json["keys"].as_array().expect("keys");
    keys.iter().map(|key| key["state"].as_str().expect("a state").to_owned()).collect()
}

/// Writes a key of another issuer to the file `name`.
fn foreign_key(folder: &Folder, name: &str) {
    let other = Folder::new();
    other.run("keys generate").done();
    let mut files = other.files().into_iter().map(|(path, _)| path);
    let file = files.find(|path| path.extension().is_some_and(|kind| kind == "pem"));
    fs::copy(file.expect("a key"), folder.path().join(name)).expect("copied");
}

#[test]
fn import_into_an_empty_folder_makes_the_first_key() {
    let folder = Folder::new();
    foreign_key(&folder, "mine.pem");
    folder.run("keys import mine.pem").done();
    assert_eq!(states(&folder), ["active", "pending"]);
    folder.run("init").done();
    assert_eq!(states(&folder), ["active", "pending"]);
}

#[test]
fn generated_key_replaces_the_standby_key_and_import_can_activate_at_once() {
    let folder = Folder::new();
    let said = folder.run("keys generate").done();
    assert!(said.contains("signs from now on"), "{said}");
    let said = folder.run("keys generate --bits 3072").done();
    assert!(said.contains("standby key"), "{said}");
    assert_eq!(states(&folder), ["active", "retired", "pending"]);
    foreign_key(&folder, "mine.pem");
    folder.run("keys import mine.pem --activate").done();
    assert_eq!(states(&folder), ["retiring", "retired", "pending", "active"]);
    let table = folder.run("keys list").done();
    assert!(table.contains("signs at") && table.contains("leaves the key set at"), "{table}");
    let pems =
        folder.files().into_iter().filter(|(path, _)| path.starts_with(folder.path().join("keys")));
    assert_eq!(pems.count(), 3, "the replaced key has no file");
}

#[test]
fn rotation_and_revocations_without_a_server_leave_a_standby_key() {
    let folder = Folder::new();
    folder.run("init").done();
    // No server served the standby key, so it is not ripe.
    let again = || folder.run("keys rotate --json").json();
    let (first, listed) = (again(), folder.run("keys list --json").json());
    let said = folder.run("keys rotate").done();
    assert!(said.contains("signs at") && said.contains("if every guard holds it"), "{said}");
    assert_eq!(again(), first, "the same request has the same answer");
    assert_eq!(listed["keys"][1]["signs_at"], first["signs_at"]);
    assert_eq!(states(&folder), ["active", "pending"]);
    let said = folder.run("keys rotate --immediate").done();
    assert!(said.contains("signs from now on"), "{said}");
    assert_eq!(states(&folder), ["retiring", "active", "pending"]);
    let keys = folder.run("keys list --json").json();
    let kid = |number: usize| keys["keys"][number]["kid"].as_str().expect("a kid").to_owned();
    let revoked = folder.run(&format!("keys revoke {} --json", kid(1))).json();
    assert_eq!(
        (&*revoked["kid"].to_string(), &revoked["active"]),
        (&*format!("{:?}", kid(1)), &keys["keys"][2]["kid"])
    );
    assert_eq!(states(&folder), ["retiring", "revoked", "active", "pending"]);
    let said = folder.run("keys revoke --all").done();
    assert_eq!(said.lines().filter(|line| line.ends_with(" is void")).count(), 3, "{said}");
    assert_eq!(states(&folder), ["revoked", "revoked", "revoked", "revoked", "active", "pending"]);
    assert_eq!(folder.run("keys revoke").status, 2);
    assert_eq!(folder.run(&format!("keys revoke {} --all", kid(0))).status, 2);
}

#[test]
fn import_of_a_file_without_a_key_changes_nothing() {
    let folder = Folder::new();
    folder.run("init").done();
    let before = folder.files();
    fs::write(folder.path().join("note"), "no key").expect("written");
    assert!(folder.run("keys import note").failed(1).contains("note holds no private key"));
    fs::remove_file(folder.path().join("note")).expect("removed");
    assert!(folder.run("keys import missing").failed(1).contains("missing"));
    assert_eq!(folder.files(), before);
    assert_eq!(folder.run("keys generate --bits 1024").status, 2);
    // One thumbprint in 64 begins with a hyphen; it is not an option.
    for unknown in ["nobody", "-nobody", "--nobody"] {
        folder.run(&format!("keys export-public {unknown}")).failed(1);
    }
}

/// Tests that call `openssl`.
mod openssl {
    use std::process::Command;

    use super::*;

    #[test]
    fn imported_key_signs_and_is_exported_as_openssl_prints_it() {
        let folder = Folder::new();
        folder.run("init").done();
        let made = Command::new("openssl")
            .args(["genrsa", "-traditional", "-out", "mine.pem", "2048"])
            .current_dir(folder.path())
            .output();
        assert!(made.expect("openssl is installed").status.success());
        let said = folder.run("keys import mine.pem").done();
        assert!(said.contains("signs from now on"), "{said}");
        assert_eq!(states(&folder), ["retiring", "pending", "active"]);
        let openssl = Command::new("openssl")
            .args(["rsa", "-in", "mine.pem", "-pubout"])
            .current_dir(folder.path())
            .output()
            .expect("openssl is installed");
        let exported = folder.run("keys export-public").done();
        assert_eq!(exported.as_bytes(), openssl.stdout);

        let jwk = folder.run("keys export-public --format jwk").json();
        let kid = jwk["kid"].as_str().expect("a kid");
        assert_eq!(folder.run(&format!("keys export-public {kid}")).done(), exported);
        assert!(jwk.get("d").is_none() && jwk["kty"] == "RSA");
        // A second import changes nothing.
        let said = folder.run("keys import mine.pem").done();
        assert!(said.contains("known already"), "{said}");
        assert_eq!(states(&folder), ["retiring", "pending", "active"]);
    }
}
