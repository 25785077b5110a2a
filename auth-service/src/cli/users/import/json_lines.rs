//! JSON lines: an object on each line. Empty lines are skipped.

use std::io::{self, BufRead};

use super::file::ReadError;
use super::text_reader::{LONGEST, TextReader};
use auth_app::users::Line;
use auth_domain::import::ImportRecord;

/// The lines of a reader.
pub(super) struct JsonLines<R>(TextReader<R>);

impl<R: BufRead> JsonLines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self(TextReader::new(reader))
    }

    /// The bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.0.position()
    }

    /// Returns the next line, cut after [`LONGEST`].
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut line, mut ended) = (Vec::new(), true);
        let mut length = 0;
        while let Some(byte) = self.0.byte()? {
            ended = false;
            if byte == b'\n' {
                return Ok(Some(line));
            }
            length += 1;
            if length <= LONGEST + 1 {
                line.push(byte);
            }
        }
        Ok((!ended).then_some(line))
    }
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = Result<Line, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let number = self.0.line();
            let line = match self.next_line().transpose()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error.into())),
            };
            if u64::try_from(line.len()).is_ok_and(|length| length > LONGEST) {
                return Some(Ok(Line { number, record: Err("is longer than 64 KiB".to_owned()) }));
            }
            let text = line.trim_ascii();
            if !text.is_empty() {
                return Some(Ok(Line { number, record: record(text) }));
            }
        }
    }
}

/// Parses an object and ignores unknown members. The parser's error text may hold content of the
/// line, so the error names the column at most.
fn record(text: &[u8]) -> Result<ImportRecord, String> {
    if !text.starts_with(b"{") {
        return Err("is no JSON object".to_owned());
    }
    serde_json::from_slice(text).map_err(|error| {
        if error.is_data() {
            "has not each of public_id, name, email and password_hash once, as a text".to_owned()
        } else if error.is_eof() {
            "ends in the middle of a JSON object".to_owned()
        } else {
            format!("is no JSON object (column {})", error.column())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(i64, Result<String, String>)> {
        JsonLines::new(text.as_bytes())
            .map(|line| line.expect("read"))
            .map(|line| (line.number, line.record.map(|record| record.name)))
            .collect()
    }

    const GOOD: &str = r#"{"public_id":"1","id":7,"name":"Ann","email":"a","password_hash":"x"}"#;

    #[test]
    fn lines_are_read_with_their_numbers_past_empty_ones() {
        let ann = || Ok("Ann".to_owned());
        assert_eq!(read(&format!("\n{GOOD}\r\n  \n{GOOD}")), [(2, ann()), (4, ann())]);
        assert!(read("").is_empty());
    }

    #[test]
    fn malformed_json_line_is_refused_without_its_content() {
        for bad in [
            &GOOD.replace("\"x\"", "17"),
            &GOOD.replace("\"name\":\"Ann\",", ""),
            &GOOD.replace("\"id\":7", "\"password_hash\":\"secret\""),
            &GOOD.replace("\"x\"}", "secret}"),
            "[\"secret\"]",
            "secret",
            &format!("{GOOD}secret"),
        ] {
            let lines = read(&format!("{bad}\n{GOOD}"));
            let [(1, Err(why)), (2, Ok(_))] = &*lines else { panic!("{bad}: {lines:?}") };
            assert!(!why.contains("secret") && !why.contains("17"), "{why}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused_and_the_next_one_read() {
        let long = GOOD.replace("Ann", &"x".repeat(200_000));
        let lines = read(&format!("{long}\n{GOOD}\n"));
        assert!(matches!(&*lines, [(1, Err(_)), (2, Ok(_))]), "{lines:?}");
        let mut file = JsonLines::new(GOOD.as_bytes());
        assert!(file.next().is_some());
        assert_eq!(file.bytes_read(), u64::try_from(GOOD.len()).expect("a length"));
    }

    #[test]
    fn each_kind_of_line_end_separates_objects() {
        for end in ["\n", "\r\n", "\r"] {
            let lines = read(&format!("{GOOD}{end}{end}{GOOD}"));
            assert!(matches!(&*lines, [(1, Ok(_)), (3, Ok(_))]), "{end:?}: {lines:?}");
        }
    }

    #[test]
    fn cut_last_line_is_refused_as_cut() {
        for length in 1..GOOD.len() {
            let lines = read(&format!("{GOOD}\n{}", &GOOD[..length]));
            let [(1, Ok(_)), (2, Err(why))] = &*lines else { panic!("{length}: {lines:?}") };
            assert_eq!(why, "ends in the middle of a JSON object", "{length}");
        }
    }
}
