//! `users import` of JSON lines and CSV. The tutorial's own database is imported end to end.

use serde_json::{Value, json};

use crate::folder::Folder;

/// A hash in werkzeug's format that belongs to no password.
const HASH: &str = "pbkdf2:sha1:1000$abcdefgh$00112233445566778899aabbccddeeff00112233";

const IDS: [&str; 3] = [
    "0b0e8a3e-6cbe-4a1b-9d4f-7c3d1f8e2a10",
    "0b0e8a3e-6cbe-4a1b-9d4f-7c3d1f8e2a11",
    "0b0e8a3e-6cbe-4a1b-9d4f-7c3d1f8e2a12",
];

fn user(id: &str, name: &str) -> Value {
    let email = format!("{name}@example.org");
    json!({"public_id": id, "name": name, "email": email, "password_hash": HASH})
}

fn write(folder: &Folder, name: &str, lines: &[Value]) {
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    let text = lines.join("\n");
    std::fs::write(folder.path().join(name), text).expect("written");
}

fn listed(folder: &Folder) -> Vec<(String, String)> {
    let list = folder.run("users list --json").json();
    let text = |user: &Value, member: &str| user[member].as_str().expect("text").to_owned();
    let users = list["users"].as_array().expect("users");
    users.iter().map(|user| (text(user, "public_id"), text(user, "name"))).collect()
}

#[test]
fn json_lines_and_csv_bring_the_same_users() {
    let folder = Folder::new();
    write(&folder, "users", &[user(IDS[0], "ann"), user(IDS[1], "bob")]);
    let csv = format!(
        "\u{feff}email,name,password_hash,public_id\r\neve@example.org,eve,{HASH},{}",
        IDS[2]
    );
    std::fs::write(folder.path().join("users.txt"), csv).expect("written");
    assert_eq!(folder.run("users import users").done(), "2 created, 0 there already, 0 refused\n");
    let outcome = folder.run("users import users.txt");
    assert!(outcome.errors.is_empty(), "no progress bar but on a terminal: {outcome:?}");
    outcome.done();
    let names = ["ann", "bob", "eve"].map(str::to_owned);
    assert_eq!(listed(&folder), IDS.map(str::to_owned).into_iter().zip(names).collect::<Vec<_>>());
}

#[test]
fn files_saved_by_programs_of_windows_are_imported_or_refused_as_utf_16() {
    let folder = Folder::new();
    let lines = format!("\u{feff}{}\r\n\r\n{}\r\n", user(IDS[0], "ann"), user(IDS[1], "bob"));
    std::fs::write(folder.path().join("users"), &lines).expect("written");
    assert_eq!(folder.run("users import users").done(), "2 created, 0 there already, 0 refused\n");
    let utf_16: Vec<u8> = lines.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for file in [&utf_16[..], &utf_16[2..]] {
        std::fs::write(folder.path().join("users"), file).expect("written");
        let told = folder.run("users import users").failed(1);
        assert!(told.contains("users: it is UTF-16 text; save it as UTF-8"), "{told}");
    }
}

#[test]
fn imports_can_be_run_again() {
    let folder = Folder::new();
    let mut broken = user(IDS[1], "bob");
    broken["email"] = json!("nowhere");
    write(&folder, "users", &[user(IDS[0], "ann"), broken]);
    let outcome = folder.run("users import users");
    assert_eq!(outcome.status, 1);
    assert!(outcome.out.starts_with("2: the email "), "{outcome:?}");
    write(&folder, "users", &[user(IDS[0], "ann"), user(IDS[1], "bob")]);
    assert_eq!(folder.run("users import users").done(), "1 created, 1 there already, 0 refused\n");
    assert_eq!(listed(&folder).len(), 2);
}

#[test]
fn refused_lines_are_reported_without_their_hash() {
    let folder = Folder::new();
    let with = |member: &str, value: &str| {
        let mut line = user(IDS[1], "bob");
        line[member] = json!(value);
        line
    };
    write(
        &folder,
        "users",
        &[
            user(IDS[0], "ann"),
            user(IDS[0], "bob"),
            user(IDS[1], "ANN"),
            with("public_id", "17"),
            with("name", "a\u{1b}[31m"),
            with("password_hash", "pbkdf2:sha256:9000000$abcdefgh$0011"),
            with("password_hash", "scrypt:1048576:8:1$abcdefgh$0011"),
            with(
                "password_hash",
                "$argon2id$v=19$m=4194304,t=1,p=1$YWJjZGVmZ2g$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            ),
            with("password_hash", "plain abcdefgh"),
            with("password_hash", ""),
            json!(["abcdefgh"]),
            json!({"password_hash": "abcdefgh"}),
        ],
    );
    let outcome = folder.run("users import users");
    let told = format!("{}{}", outcome.out, outcome.errors);
    assert!(!told.contains("abcdefgh") && !told.contains('\u{1b}'), "{told}");
    let lines: Vec<_> = outcome.out.lines().collect();
    let reasons = [
        "2: an earlier line has the public_id",
        "3: another user has the email",
        "4: the public_id",
        "5: the name",
        "6: the password's hash costs",
        "7: the password's hash costs",
        "8: the password's hash costs",
        "9: the password's hash is of no method",
        "10: the password's hash is of no method",
        "11: is no JSON object",
        "12: has not each",
        "1 created, 0 there already, 11 refused",
    ];
    assert_eq!(lines.len(), reasons.len(), "{lines:#?}");
    for (line, reason) in lines.iter().zip(reasons) {
        assert!(line.starts_with(reason), "{line}, not {reason}");
    }
    assert!(outcome.failed(1).contains("11 of 12"));
    assert_eq!(listed(&folder).len(), 1);
}

#[test]
fn files_without_users_are_refused_as_a_whole() {
    let folder = Folder::new();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes);
    write("empty", b"").expect("written");
    write("prose", b"Dear all,\nplease find attached\n").expect("written");
    write("broken.db", b"SQLite format 3\0 and no more").expect("written");
    for (file, word) in [
        ("missing", "can't read"),
        ("empty", "column"),
        ("prose", "column"),
        ("broken.db", "Flask"),
    ] {
        let told = folder.run(&format!("users import {file}")).failed(1);
        assert!(told.contains(word) && told.contains(file), "{told}");
    }
    // The issuer's own database has users, but not in the tutorial's tables.
    folder.run("init").done();
    assert!(folder.run("users import data/auth.db").failed(1).contains("user"));
    assert_eq!(folder.run("users import").status, 2);
}

#[test]
fn unreadable_files_make_no_database() {
    let folder = Folder::new();
    folder.run("users import missing").failed(1);
    assert!(folder.files().is_empty());
}

/// Returns CSV with these rows after the header.
fn csv(rows: &[String]) -> String {
    format!("public_id,name,email,password_hash\n{}", rows.join("\n"))
}

#[test]
fn rows_before_an_open_quote_are_counted_and_no_others() {
    let folder = Folder::new();
    let rows = [
        format!("{},ann,ann@example.org,{HASH}", IDS[0]),
        format!("{},\"bob,bob@example.org,{HASH}", IDS[1]),
        format!("{},eve,eve@example.org,{HASH}", IDS[2]),
    ];
    std::fs::write(folder.path().join("users.csv"), csv(&rows)).expect("written");
    let outcome = folder.run("users import users.csv");
    assert_eq!(outcome.out, "1 created, 0 there already, 0 refused\n");
    let told = outcome.failed(1);
    let why = "users.csv: the quote opened on line 3 is never closed; nothing after it was read";
    assert!(told.contains(why), "{told}");
    assert_eq!(listed(&folder).len(), 1);
}

#[test]
fn malformed_rows_are_refused_by_the_lines_of_the_file() {
    let folder = Folder::new();
    let rows = [
        format!("{},\"an\nn\",ann@example.org,{HASH}", IDS[0]),
        format!("{},bob,bob@example.org", IDS[1]),
        format!("{},bob,bob@example.org,{HASH},x", IDS[1]),
        format!("{},\"bo\"b,bob@example.org,{HASH}", IDS[1]),
        format!("{},b\0b,bob@example.org,{HASH}", IDS[1]),
        "public_id,name,email,password_hash".to_owned(),
        format!("{},eve,eve@example.org,{HASH}", IDS[2]),
    ];
    // Old programs end a line by a carriage return alone.
    let text = csv(&rows).replace('\n', "\r");
    std::fs::write(folder.path().join("users.csv"), text).expect("written");
    let outcome = folder.run("users import users.csv");
    let lines: Vec<_> = outcome.out.lines().collect();
    let reasons = [
        "2: the name",
        "4: has 3 fields",
        "5: has 5 fields",
        "6: has text after a closing quote",
        "7: the name",
        "8: the public_id",
        "1 created, 0 there already, 6 refused",
    ];
    assert_eq!(lines.len(), reasons.len(), "{lines:#?}");
    for (line, reason) in lines.iter().zip(reasons) {
        assert!(line.starts_with(reason), "{line}, not {reason}");
    }
    assert!(outcome.failed(1).contains("6 of 7"));
}

#[test]
fn other_encodings_and_forms_are_named() {
    let folder = Folder::new();
    let wide = |order: fn(u16) -> [u8; 2], mark: &str| {
        let text = format!("{mark}{}", csv(&[]));
        text.encode_utf16().flat_map(order).collect::<Vec<u8>>()
    };
    for (content, word) in [
        (wide(u16::to_le_bytes, "\u{feff}"), "UTF-16"),
        (wide(u16::to_be_bytes, "\u{feff}"), "UTF-16"),
        (wide(u16::to_le_bytes, ""), "UTF-16"),
        (wide(u16::to_be_bytes, ""), "UTF-16"),
        (b"\xef\xbb\xbf \n[{\"public_id\":".to_vec(), "JSON array"),
        (csv(&[]).replace(',', ";").into_bytes(), "separated by commas"),
        (
            format!("{},ann,ann@example.org,{HASH}", IDS[0]).into_bytes(),
            "as CSV its first line names no column",
        ),
        (b"public_id,\"name".to_vec(), "as CSV the quote opened on line 1 is never closed"),
    ] {
        std::fs::write(folder.path().join("users"), content).expect("written");
        let told = folder.run("users import users").failed(1);
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(folder.files().len(), 1, "no database is made");
}

#[test]
fn cut_last_line_is_refused_and_counted() {
    let folder = Folder::new();
    let (ann, bob) = (user(IDS[0], "ann").to_string(), user(IDS[1], "bob").to_string());
    std::fs::write(folder.path().join("users"), format!("{ann}\n{}", &bob[..40])).expect("written");
    let outcome = folder.run("users import users");
    let out = "2: ends in the middle of a JSON object\n1 created, 0 there already, 1 refused\n";
    assert_eq!(outcome.out, out);
    outcome.failed(1);
}
