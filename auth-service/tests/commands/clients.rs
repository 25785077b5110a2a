//! `clients`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::folder::Folder;

#[test]
fn a_client_is_added_with_a_secret_shown_once_and_removed() {
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
fn a_secret_can_go_to_a_file_that_nobody_else_reads() {
    let folder = Folder::new();
    let said = folder.run("clients add reports --secret-file secret").done();
    let file = folder.path().join("secret");
    let secret = fs::read_to_string(&file).expect("a secret");
    assert!(!said.contains(secret.trim_end()));
    assert_eq!(fs::metadata(&file).expect("metadata").permissions().mode() & 0o777, 0o600);
    // An id that is taken does not cost the file that is there.
    folder.run("clients add reports --secret-file secret").failed(1);
    assert_eq!(fs::read_to_string(&file).expect("a secret"), secret);
}

#[test]
fn an_id_that_could_be_mistaken_is_refused() {
    let folder = Folder::new();
    for id in ["first-party", "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11", "a/b"] {
        folder.run(&format!("clients add {id}")).failed(1);
    }
}
