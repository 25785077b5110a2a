//! The `.env` file. Other programs read it, too, so lines of other programs are ignored.
//!
//! A line is `NAME=VALUE`. The value may be in quotes. Nothing in it is replaced: `$` and `\` stay.
//! The values are not added to the environment of this process.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use signet_files::text;

use super::SettingError;

/// The largest size of a file, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The error of a line that assigns nothing.
const NO_ASSIGNMENT: &str = "the line is not NAME=VALUE";

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

impl Line {
    /// Returns true if the line assigns a value to its name, valid or not.
    pub(super) fn assigns(&self) -> bool {
        self.value != Err(NO_ASSIGNMENT)
    }
}

impl DotEnv {
    /// Reads `path`. A missing file counts as an empty one.
    ///
    /// # Errors
    ///
    /// The file can't be read, is too large, or is UTF-16.
    pub fn read(path: &Path) -> Result<Self, SettingError> {
        let failed = |why: &dyn fmt::Display| SettingError(format!("{}: {why}", path.display()));
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(&error)),
        };
        // A line of another program may be in any encoding.
        let text = text::without_mark(&bytes).map_err(|fault| failed(&fault))?;
        Ok(Self::parse(&String::from_utf8_lossy(text)))
    }

    /// Parses the text of a file.
    pub fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let line = |(line, number): (&str, usize)| {
            let line = line.trim();
            let exported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
            let line = exported.unwrap_or(line).trim_start();
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

/// Reads a file. A pipe is refused: without a writer, it would block for ever.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.file_type().is_fifo() {
        return Err(io::Error::other("the file is a pipe; put a file in its place"));
    }
    let mut bytes = Vec::new();
    let length = File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(length).is_ok_and(|length| length > LARGEST) {
        return Err(io::Error::other("the file is larger than 16 MiB"));
    }
    Ok(bytes)
}

/// Parses the part of a line after the name.
fn value(rest: &str) -> Result<String, &'static str> {
    let value = rest.trim_start().strip_prefix('=').ok_or(NO_ASSIGNMENT)?;
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
            ("export\tA=1", "1"),
            ("A=\"it's\" # it's", "it's"),
            ("A='say \"x\"'", "say \"x\""),
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
        let line = |number, name: &str, value: &str| Line {
            number,
            name: name.into(),
            value: Ok(value.into()),
        };
        for end in ["\n", "\r\n", "\r"] {
            let text = "\u{feff}A=1\n\nB='2'\n".replace('\n', end);
            std::fs::write(&file, text).expect("written");
            let found = DotEnv::read(&file).expect("read").0;
            assert_eq!(found, [line(1, "A", "1"), line(3, "B", "2")], "{end:?}");
        }
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
        let error = |name: &str| {
            let path = folder.path().join(name);
            DotEnv::read(&path).expect_err("refused").to_string()
        };
        assert!(error("").contains("directory"), "{}", error(""));
        assert!(DotEnv::read(&folder.path().join("none")).expect("missing").0.is_empty());
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).expect("made");
        assert!(error("loop").contains("symbolic link"), "{}", error("loop"));
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero")).expect("made");
        assert!(error("zero").contains("16 MiB"), "{}", error("zero"));
        std::os::unix::fs::symlink("/dev/null", folder.path().join("null")).expect("made");
        assert!(DotEnv::read(&folder.path().join("null")).expect("empty").0.is_empty());
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(pipe).status().expect("mkfifo runs");
        assert!(made.success() && error("pipe").contains("a pipe"), "{}", error("pipe"));
        for text in [&b"\xff\xfeA\0=\0"[..], b"\xfe\xff\0A", b"A\0=\0", b"\0A\0="] {
            fs::write(folder.path().join("wide"), text).expect("written");
            assert!(error("wide").contains("UTF-16"), "{}", error("wide"));
        }
    }
}
