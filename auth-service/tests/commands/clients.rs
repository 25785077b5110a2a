//! `clients`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::folder::Folder;

#[test]
fn clients_are_added_with_a_secret_and_removed() {
    let folder = Folder::new();
    let secret = folder.run("clients add reports --scope directory:read").done();
    assert_eq!(secret.trim_end().len(), 43);
    let list = folder.run("clients list --json").json();
    assert_eq!(list["clients"][0]["client_id"], "reports");
    assert_eq!(list["clients"][0]["scope"], "directory:read");
    assert!(!list.to_string().contains(secret.trim_end()));
    assert!(folder.run("clients add reports").failed(1).contains("exists already"));
    folder.run("clients remove reports").done();
    folder.run("clients remove reports").failed(1);
}

#[test]
fn secret_files_are_for_the_owner_alone() {
    let folder = Folder::new();
    let said = folder.run("clients add reports --secret-file secret").done();
    let file = folder.path().join("secret");
    let secret = fs::read_to_string(&file).expect("a secret");
    assert!(!said.contains(secret.trim_end()));
    assert_eq!(fs::metadata(&file).expect("metadata").permissions().mode() & 0o777, 0o600);
    // A taken id does not overwrite the existing file.
    folder.run("clients add reports --secret-file secret").failed(1);
    assert_eq!(fs::read_to_string(&file).expect("a secret"), secret);
}

#[test]
fn ids_with_another_meaning_are_refused() {
    let folder = Folder::new();
    for id in ["first-party", "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11", "a/b"] {
        folder.run(&format!("clients add {id}")).failed(1);
    }
    assert!(folder.files().is_empty(), "no database is made");
}

#[test]
fn rotation_shows_the_new_secret_and_the_list_the_end_of_the_old_one() {
    let folder = Folder::new();
    let old = folder.run("clients add reports").done();
    let new = folder.run("clients rotate-secret reports --overlap 1h").done();
    assert_eq!(new.trim_end().len(), 43);
    assert_ne!(old, new);
    let list = || folder.run("clients list --json").json()["clients"][0].clone();
    assert!(list()["previous_secret_until"].is_string() && list()["secret_changed_at"].is_string());
    folder.run("clients rotate-secret reports --overlap 0s").done();
    assert!(list()["previous_secret_until"].is_null());
    assert!(folder.run("clients rotate-secret nobody").failed(1).contains("nobody"));
    for overlap in ["8d", "1", "soon"] {
        let command = format!("clients rotate-secret reports --overlap {overlap}");
        assert_eq!(folder.run(&command).status, 2, "{overlap}");
    }
}

#[test]
fn rotation_for_api_service_replaces_the_file_of_init() {
    let folder = Folder::new();
    folder.run("init").done();
    let file = folder.path().join("keys/clients/api-service.secret");
    let secret = || fs::read_to_string(&file).expect("a secret");
    let old = secret();
    let said = folder.run("clients rotate-secret api-service").done();
    assert!(said.contains("api-service.secret") && !said.contains(secret().trim_end()), "{said}");
    assert_ne!(secret(), old);
    assert_eq!(fs::metadata(&file).expect("metadata").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(file.parent().expect("a folder")).expect("listed").count(), 1);
    assert!(folder.run("init").done().contains("its secret is in"));
    // `init` recognises the previous secret.
    fs::write(&file, old).expect("written");
    assert!(folder.run("init").done().contains("newer secret"));
}

#[test]
fn unwritable_secret_files_change_nothing() {
    let folder = Folder::new();
    folder.run("clients add reports").done();
    for command in ["rotate-secret reports", "add other"] {
        let told = folder.run(&format!("clients {command} --secret-file none/secret")).failed(1);
        assert!(told.contains("none/secret"), "{told}");
    }
    let list = folder.run("clients list --json").json();
    assert_eq!(list["clients"].as_array().expect("clients").len(), 1);
    assert!(list["clients"][0]["previous_secret_until"].is_null());
}
