//! The `.env` file. Other programs read it, too, so lines of other programs are ignored.
//!
//! A line is `NAME=VALUE`. The value may be in quotes. Nothing in it is replaced: `$` and `\` stay.
//! The values are not added to the environment of this process.

use std::io;
use std::path::Path;

use signet_files::text;

use super::SettingError;

/// The lines of a `.env` file that begin with a name.
#[derive(Debug, Default)]
pub struct DotEnv(pub(super) Vec<Line>);

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) name: String,
    /// The value, or the error of the line.
    pub(super) value: Result<String, &'static str>,
}

impl DotEnv {
    /// Reads `path`. A missing file counts as an empty one.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is UTF-16 text.
    pub fn read(path: &Path) -> Result<Self, SettingError> {
        match std::fs::read(path) {
            Ok(bytes) => {
                // A line of another program may be in any encoding.
                let text = text::without_mark(&bytes);
                let text =
                    text.map_err(|error| SettingError(format!("{}: {error}", path.display())))?;
                Ok(Self::parse(&String::from_utf8_lossy(text)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(SettingError(format!("{}: {error}", path.display()))),
        }
    }

    /// Parses the text of a file.
    pub fn parse(text: &str) -> Self {
        let line = |(line, number): (&str, usize)| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, rest) = line.split_at(end.unwrap_or(line.len()));
            Line { number, name: name.to_owned(), value: value(rest) }
        };
        Self(text.lines().zip(1..).map(line).filter(|line| !line.name.is_empty()).collect())
    }

    /// Returns the last line with this name, which takes effect.
    pub(super) fn find(&self, name: &str) -> Option<&Line> {
        self.0.iter().rev().find(|line| line.name == name)
    }
}

/// Parses the part of a line after the name.
fn value(rest: &str) -> Result<String, &'static str> {
    let value = rest.trim_start().strip_prefix('=').ok_or("the line is not NAME=VALUE")?;
    if value.contains(char::REPLACEMENT_CHARACTER) {
        return Err("the value is not UTF-8");
    }
    for quote in ['\'', '"'] {
        if let Some(quoted) = value.trim_start().strip_prefix(quote) {
            let mut ends = quoted.match_indices(quote).map(|(end, _)| quoted.split_at(end));
            return ends
                .find(|(_, rest)| without_comment(&rest[1..]).is_empty())
                .map(|(value, _)| value.to_owned())
                .ok_or("the quote is not closed at the end of the line");
        }
    }
    Ok(without_comment(value).to_owned())
}

/// Removes a comment, which begins with `#` after a space or a tab.
fn without_comment(text: &str) -> &str {
    let mut marks = text.match_indices('#').map(|(at, _)| &text[..at]);
    marks.find(|before| before.ends_with([' ', '\t'])).unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(usize, String, Option<String>)> {
        let lines = DotEnv::parse(text).0.into_iter();
        lines.map(|line| (line.number, line.name, line.value.ok())).collect()
    }

    #[test]
    fn values_are_read_unchanged() {
        for (line, value) in [
            ("A=plain", "plain"),
            (" A = two words ", "two words"),
            ("export A=1", "1"),
            ("A=", ""),
            ("A=https://x/pa$word/$HOME", "https://x/pa$word/$HOME"),
            ("A=\"$x \\n\"", "$x \\n"),
            ("A='it's'", "it's"),
            ("A=\"a#b\" # the \"old\" one", "a#b"),
            ("A=a#b # c", "a#b"),
            ("A= # none", ""),
            ("A=a=b", "a=b"),
        ] {
            assert_eq!(values(line), [(1, "A".to_owned(), Some(value.to_owned()))], "{line}");
        }
    }

    #[test]
    fn byte_order_mark_and_carriage_returns_are_no_part_of_a_value() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(".env");
        std::fs::write(&file, "\u{feff}A=1\r\n\r\nB='2'\r\n").expect("written");
        let found = DotEnv::read(&file).expect("read").0;
        let line = |number, name: &str, value: &str| Line {
            number,
            name: name.into(),
            value: Ok(value.into()),
        };
        assert_eq!(found, [line(1, "A", "1"), line(3, "B", "2")]);
        std::fs::write(&file, b"\xff\xfeA\0=\0").expect("written");
        let told = DotEnv::read(&file).expect_err("UTF-16").to_string();
        assert!(told.contains(".env: it is UTF-16 text"), "{told}");
    }

    #[test]
    fn wrong_lines_have_a_fault_and_comments_have_no_name() {
        let found = values("# A=1\n\nB\nC: 1\nD=\"1\nE='1'2\nF=\u{fffd}\n=1\n");
        let names: Vec<_> = found.iter().map(|(_, name, _)| name.as_str()).collect();
        assert_eq!(names, ["B", "C", "D", "E", "F"]);
        assert!(found.iter().all(|(_, _, value)| value.is_none()), "{found:?}");
    }

    #[test]
    fn unreadable_file_is_reported_with_its_cause() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = DotEnv::read(folder.path()).expect_err("a folder").to_string();
        assert!(error.contains("directory"), "{error}");
        assert!(DotEnv::read(&folder.path().join("none")).expect("missing").0.is_empty());
    }
}
