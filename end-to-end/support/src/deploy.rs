//! The files of `deploy`, and copies of them that fit a test.

use std::path::{Path, PathBuf};

/// The path of a file or folder of `deploy`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)
}

/// Reads a file of `deploy`.
pub fn file(name: &str) -> Copy {
    let path = path(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Copy { text }
}

/// The text of a file, with changes.
#[derive(Debug, Clone)]
pub struct Copy {
    text: String,
}

impl Copy {
    /// Replaces each `part`.
    ///
    /// # Panics
    ///
    /// If the file does not have it: then the test would run with another file than it believes.
    #[must_use]
    pub fn replace(self, part: &str, by: &str) -> Self {
        assert!(self.text.contains(part), "no `{part}` in:\n{}", self.text);
        Self { text: self.text.replace(part, by) }
    }

    /// The changed text.
    pub fn finish(self) -> String {
        self.text
    }
}
