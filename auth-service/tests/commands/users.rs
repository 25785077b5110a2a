//! `users`.

use crate::folder::Folder;

const PASSWORD: &str = "a long enough sentence";

fn create(folder: &Folder, name: &str, role: &str) -> String {
    let arguments = format!("users create --name {name} --email {name}@example.org --role {role}");
    folder.run_with(&arguments, &format!("{PASSWORD}\n")).done().trim_end().to_owned()
}

fn user(folder: &Folder, name: &str) -> serde_json::Value {
    let list = folder.run(&format!("users list --json --search {name}")).json();
    list["users"][0].clone()
}

#[test]
fn users_are_created_listed_changed_and_deleted() {
    let folder = Folder::new();
    let id = create(&folder, "ann", "admin");
    create(&folder, "bob", "user");
    let ann = user(&folder, "ann");
    assert_eq!((ann["public_id"].as_str(), ann["state"].as_str()), (Some(&*id), Some("active")));
    assert_eq!(ann["roles"], serde_json::json!(["user", "admin"]));
    assert!(ann.get("password_hash").is_none());

    folder.run("users disable BOB@Example.ORG").done();
    assert_eq!(user(&folder, "bob")["state"], "disabled");
    folder.run("users enable bob@example.org").done();
    folder.run("users set-role bob@example.org --role admin").done();
    assert!(folder.run("users logout bob@example.org").done().contains("logged out"));
    folder.run(&format!("users delete {id}")).done();
    let table = folder.run("users list").done();
    assert!(table.contains("bob") && !table.contains("ann"), "{table}");
}

#[test]
fn password_of_a_user_is_set_by_command() {
    let folder = Folder::new();
    create(&folder, "ann", "user");
    let before = user(&folder, "ann")["changed_at"].clone();
    let set = "users set-password ANN@example.org";
    for refused in ["short\n", "ann@example.org\n", ""] {
        let told = folder.run_with(set, refused).failed(1);
        assert!(told.contains("password"), "{told}");
    }
    assert!(
        folder
            .run_with("users set-password eve@example.org", PASSWORD)
            .failed(1)
            .contains("no user")
    );
    let told = folder.run_with(set, "another long sentence\n").done();
    assert!(told.contains("new password") && !told.contains("another long"), "{told}");
    assert_ne!(user(&folder, "ann")["changed_at"], before);
    let audit = folder.run("audit list --action user.set_password --json").json();
    assert_eq!(
        audit["entries"].as_array().or(audit["audit"].as_array()).map(Vec::len),
        Some(1),
        "{audit}"
    );
}

#[test]
fn last_admin_stays() {
    let folder = Folder::new();
    let id = create(&folder, "ann", "admin");
    for command in ["disable WHO", "delete WHO", "set-role WHO --role user"] {
        let command = format!("users {}", command.replace("WHO", &id));
        assert!(
            folder
                .run(&command)
                .failed(1)
                .contains("is the last admin; make another one first: auth-service"),
            "{command}"
        );
    }
}

#[test]
fn creation_follows_the_rules_of_a_sign_up() {
    let folder = Folder::new();
    let create = "users create --name Ann --email ann@example.org";
    let told = folder.run_with(create, "short\n").failed(1);
    assert!(told.contains("password") && !told.contains("short\n"), "{told}");
    assert!(folder.run_with(create, "ann@example.org").failed(1).contains("e-mail"));
    let told = folder.run_with("users create --name Ann --email ann", PASSWORD).failed(1);
    assert!(told.contains("email"), "{told}");
    assert!(folder.files().is_empty(), "no database is made");
    folder.run_with(create, PASSWORD).done();
    let again = "users create --name Ann --email ANN@example.org";
    assert!(folder.run_with(again, PASSWORD).failed(1).contains("another user"));
}

#[test]
fn passwords_can_come_from_a_file() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("pw"), PASSWORD).expect("written");
    let create = "users create --name Ann --email ann@example.org --password-file";
    folder.run(&format!("{create} pw")).done();
    assert!(folder.run(&format!("{create} none")).failed(1).contains("password"));
}

#[test]
fn lists_continue_after_a_cursor() {
    let folder = Folder::new();
    for name in ["ann", "bob", "eve"] {
        create(&folder, name, "user");
    }
    let first = folder.run("users list --json --limit 2").json();
    assert_eq!(first["users"].as_array().expect("users").len(), 2);
    let next = first["next"].as_str().expect("a cursor");
    let rest = folder.run(&format!("users list --json --after {next}")).json();
    assert_eq!(
        (rest["users"][0]["name"].as_str(), &rest["next"]),
        (Some("eve"), &serde_json::Value::Null)
    );
    assert_eq!(folder.run("users list --limit 0").status, 2);
}

#[test]
fn unknown_users_and_missing_databases_are_failures() {
    let folder = Folder::new();
    assert!(folder.run("users list").failed(1).contains("auth-service init"));
    assert!(folder.files().is_empty(), "nothing was made");
    folder.run("init").done();
    folder.run("users disable nobody@example.org").failed(1);
    folder.run("users enable 8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11").failed(1);
    folder.run("users delete nobody").failed(1);
    folder.run("users logout 8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11").failed(1);
}
