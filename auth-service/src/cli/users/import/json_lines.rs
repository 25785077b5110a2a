//! JSON lines: an object on each line. Empty lines are skipped.

use std::io::{self, BufRead, Read};

use auth_app::users::Line;
use auth_domain::import::ImportRecord;

/// The longest line, in bytes. A file without line ends must not fill the memory.
const LONGEST: u64 = 64 * 1024;

/// The lines of a reader.
pub(super) struct JsonLines<R> {
    reader: R,
    number: i64,
    position: u64,
}

impl<R: BufRead> JsonLines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0, position: 0 }
    }

    /// The bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.position
    }

    /// Returns the next line, cut at [`LONGEST`], and true if nothing was cut.
    fn next_line(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        let mut line = Vec::new();
        let length = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.position += u64::try_from(length).unwrap_or(0);
        let mut whole = true;
        let mut ended = line.ends_with(b"\n");
        while !ended {
            let rest = self.reader.fill_buf()?;
            let end = rest.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(rest.len(), |end| end + 1);
            ended = used == 0 || end.is_some();
            whole &= used == 0 || end == Some(0);
            self.reader.consume(used);
            self.position += u64::try_from(used).unwrap_or(0);
        }
        Ok(Some((line, whole)))
    }
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (line, whole) = match self.next_line().transpose()? {
                Ok(read) => read,
                Err(error) => return Some(Err(error)),
            };
            let text = line.trim_ascii();
            if !whole {
                let record = Err("is longer than 64 KiB".to_owned());
                return Some(Ok(Line { number: self.number, record }));
            }
            if !text.is_empty() {
                return Some(Ok(Line { number: self.number, record: record(text) }));
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
}
