//! `init`: the first run is complete, and a second run does no harm.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::folder::Folder;

const SECRET: &str = "keys/clients/api-service.secret";

#[test]
fn init_makes_files_for_the_owner_alone() {
    let folder = Folder::new();
    let said = folder.run("init").done();
    assert!(said.contains("made the signing key") && said.contains(SECRET), "{said}");
    assert!(said.contains("made the standby key"), "{said}");
    let files = folder.files();
    assert!(files.iter().all(|(_, mode)| *mode == 0o600), "{files:?}");
    assert_eq!(
        files.iter().filter(|(path, _)| path.starts_with(folder.path().join("keys"))).count(),
        3
    );
    let secret = fs::read_to_string(folder.path().join(SECRET)).expect("a secret");
    assert_eq!(secret.trim_end().len(), 43, "256 bits");
    assert!(!said.contains(secret.trim_end()));
}

#[test]
fn second_init_changes_nothing() {
    let folder = Folder::new();
    folder.run("init").done();
    assert_eq!(folder.run("users list --json").json()["users"], serde_json::json!([]));
    let keys = folder.run("keys list --json").json();
    let secret = fs::read(folder.path().join(SECRET)).expect("a secret");
    let said = folder.run("init").done();
    assert!(!said.contains("made") && !said.contains("new secret"), "{said}");
    assert_eq!(folder.run("keys list --json").json(), keys);
    assert_eq!(fs::read(folder.path().join(SECRET)).expect("a secret"), secret);
}

/// Returns the command at the end of the line about the client, without the program.
fn advice(said: &str) -> String {
    let line = said.lines().find(|line| line.contains("the client api-service")).expect("a line");
    let (_, command) = line.rsplit_once(": auth-service ").expect("a command");
    command.to_owned()
}

#[test]
fn lost_secret_is_reported_with_a_command_that_makes_another() {
    let folder = Folder::new();
    folder.run("init").done();
    fs::remove_dir_all(folder.path().join("keys/clients")).expect("removed");
    let clients = folder.run("clients list --json").json();
    let said = folder.run("init").done();
    assert!(said.contains("is missing; the client keeps its secret"), "{said}");
    assert!(!folder.path().join(SECRET).exists());
    assert_eq!(folder.run("clients list --json").json(), clients);

    folder.run(&advice(&said)).done();
    let clients = folder.run("clients list --json").json();
    assert!(clients["clients"][0]["previous_secret_until"].is_string(), "{clients}");
    let said = folder.run("init").done();
    assert!(said.contains("is registered, its secret is in"), "{said}");
    assert!(folder.files().iter().all(|(_, mode)| *mode == 0o600));
}

#[test]
fn file_with_another_secret_is_reported_and_kept() {
    let folder = Folder::new();
    folder.run("init").done();
    let clients = folder.run("clients list --json").json();
    for other in ["another-secret", "a", "another secret\nof two lines"] {
        fs::write(folder.path().join(SECRET), other).expect("written");
        let said = folder.run("init").done();
        assert!(said.contains("another secret than the one in"), "{said}");
        assert!(!said.contains("another-secret"), "{said}");
        assert_eq!(fs::read_to_string(folder.path().join(SECRET)).expect("a file"), other);
        assert_eq!(folder.run("clients list --json").json(), clients);
    }
    // An empty file holds no secret.
    fs::write(folder.path().join(SECRET), "\n").expect("written");
    let said = folder.run("init").done();
    assert!(said.contains("is missing"), "{said}");
    folder.run(&advice(&said)).done();
    let said = folder.run("init").done();
    assert!(said.contains("is registered, its secret is in"), "{said}");
}

#[test]
fn init_in_another_folder_changes_nothing() {
    let (folder, other) = (Folder::new(), Folder::new());
    folder.run("init").done();
    let (keys, clients) =
        (|| folder.run("keys list --json").json(), || folder.run("clients list --json").json());
    let before = (keys(), clients());
    let database = format!("sqlite://{}", folder.path().join("data/auth.db").display());
    for _ in 0..2 {
        let said = other.run(&format!("init --database-url {database}")).done();
        assert!(said.contains("is missing; the client keeps its secret"), "{said}");
        assert!(said.contains("keys/signing does not have its file"), "{said}");
    }
    assert_eq!((keys(), clients()), before);
    assert!(other.files().is_empty(), "{:?}", other.files());
}

#[test]
fn refused_init_and_other_commands_make_no_file() {
    for (name, below) in [("keys", "keys"), ("keys/clients", "keys/clients")] {
        let folder = Folder::new();
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::set_permissions(file.parent().expect("a folder"), PermissionsExt::from_mode(0o700))
            .expect("changed");
        fs::write(&file, "not a folder").expect("written");
        let told = folder.run("init").failed(1);
        assert!(told.contains(below), "{told}");
        assert_eq!(folder.files().len(), 1, "{:?}", folder.files());
        assert!(
            !folder.path().join("data").exists() && !folder.path().join("keys/signing").exists()
        );
    }
    let folder = Folder::new();
    fs::write(folder.path().join("keys"), "not a folder").expect("written");
    for command in ["keys generate", "clients add reports --secret-file none/secret"] {
        folder.run(command).failed(1);
        assert_eq!(folder.files().len(), 1, "{command}: {:?}", folder.files());
    }
}

#[test]
fn existing_secret_is_registered_in_a_new_database() {
    let folder = Folder::new();
    folder.run("init").done();
    let before = fs::read(folder.path().join(SECRET)).expect("a secret");
    fs::remove_dir_all(folder.path().join("data")).expect("removed");
    let said = folder.run("init").done();
    assert!(said.contains("with the secret found"), "{said}");
    assert_eq!(fs::read(folder.path().join(SECRET)).expect("a secret"), before);
    let said = folder.run("init").done();
    assert!(said.contains("is registered, its secret is in"), "{said}");
}

#[test]
fn secret_saved_by_an_editor_of_windows_is_the_same_secret() {
    let folder = Folder::new();
    folder.run("init").done();
    let file = folder.path().join(SECRET);
    let secret = fs::read_to_string(&file).expect("a secret");
    fs::write(&file, format!("\u{feff}{}\r\n", secret.trim_end())).expect("written");
    let said = folder.run("init").done();
    assert!(said.contains("is registered, its secret is in"), "{said}");
    let utf_16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&file, utf_16).expect("written");
    let told = folder.run("init").failed(1);
    assert!(told.contains(SECRET) && told.contains("UTF-16"), "{told}");
}

#[test]
fn first_starts_at_once_make_one_key_one_standby_key_and_one_secret() {
    let folder = Folder::new();
    let starts: Vec<_> = (0..4)
        .map(|_| folder.program("init").stdout(Stdio::null()).spawn().expect("started"))
        .collect();
    for mut start in starts {
        assert!(start.wait().expect("ended").success());
    }
    let keys = folder.run("keys list --json").json();
    assert_eq!(keys["keys"].as_array().expect("a list").len(), 2, "{keys}");
    let again = folder.run("init").done();
    assert!(again.contains("the client api-service is registered, its secret is in"), "{again}");
}

#[test]
fn database_of_an_earlier_version_gets_its_standby_key() {
    let folder = Folder::new();
    folder.run("init").done();
    let database = folder.path().join("data/auth.db");
    support::sqlite::execute(&database, "DELETE FROM keys WHERE state = 'pending'");
    let said = folder.run("init").done();
    assert!(
        said.contains("made the standby key") && !said.contains("the signing key in"),
        "{said}"
    );
    let keys = folder.run("keys list --json").json();
    let states: Vec<_> =
        keys["keys"].as_array().expect("keys").iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["active", "pending"]);
}
