//! The page about forward authentication.

use std::fs;
use std::path::Path;

use support::deploy;

#[test]
fn page_shows_each_tested_file() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/forward-auth.md");
    let page = fs::read_to_string(page).expect("a page");
    let folder = deploy::path("forward-auth");
    let files = fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").path());
    let mut compared = 0;
    for file in files.filter(|file| file.is_file()) {
        let text = fs::read_to_string(&file).expect("text");
        let shown = page.contains(&format!("\n{text}```\n"));
        assert!(shown, "docs/forward-auth.md does not show {} as it is", file.display());
        compared += 1;
    }
    assert!(compared > 1, "{}", folder.display());
}
