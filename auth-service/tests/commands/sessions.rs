//! `sessions`.

use crate::folder::Folder;

#[test]
fn list_is_empty_without_a_log_in() {
    let folder = Folder::new();
    assert!(folder.run("sessions list").failed(1).contains("auth-service init"));
    folder.run("init").done();
    let list = folder.run("sessions list --json").json();
    assert_eq!(list, serde_json::json!({"sessions": [], "next": null}));
    let id = "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11";
    assert!(folder.run(&format!("sessions list {id}")).failed(1).contains(id));
    folder.run("sessions list nobody@example.org").failed(1);
    assert!(folder.run(&format!("sessions revoke {id}")).failed(1).contains(id));
    assert_eq!(folder.run("sessions revoke nothing").status, 2);
    assert_eq!(folder.run("sessions list --after nothing").status, 2);
}
