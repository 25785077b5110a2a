//! The migrations of the databases are the same steps, each in its own words.

use std::collections::BTreeSet;
use std::path::Path;

fn steps(database: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    let entries = std::fs::read_dir(folder).expect("a folder");
    let steps = entries.map(|entry| entry.expect("an entry"));
    steps
        .inspect(|step| assert!(step.path().join("up.sql").is_file(), "{step:?}"))
        .map(|step| step.file_name().into_string().expect("UTF-8"))
        .collect()
}

#[test]
fn every_database_has_the_same_steps() {
    let sqlite = steps("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(steps("postgres"), sqlite);
}
