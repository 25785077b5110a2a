//! CSV (RFC 4180): the first line names the columns.
//!
//! A record may go over several lines: a quoted field may hold line ends.

use std::io::BufRead;
use std::mem;

use super::file::ReadError;
use super::text_reader::{LONGEST, TextReader};
use auth_app::users::Line;
use auth_domain::import::ImportRecord;

const COLUMNS: [&str; 4] = ["public_id", "name", "email", "password_hash"];

/// The lines of a reader.
pub(super) struct CsvFile<R> {
    text: TextReader<R>,
    /// The index of each of [`COLUMNS`].
    places: [usize; 4],
    /// The number of fields in a line.
    width: usize,
}

/// A record of the file.
struct Record {
    first: i64,
    last: i64,
    fields: Vec<Vec<u8>>,
    fault: Option<&'static str>,
}

/// The place in a field.
enum Place {
    Start,
    Unquoted,
    /// After a quote, which was opened on the line of this number.
    Quoted(i64),
    /// After a quote in a quoted field: its end, or the first half of a quote.
    Closed(i64),
}

impl<R: BufRead> CsvFile<R> {
    /// Reads the first line, or returns the error in it.
    pub(super) fn new(reader: R) -> Result<Self, String> {
        let mut file = Self { text: TextReader::new(reader), places: [0; 4], width: 0 };
        let header = file.read_record().map_err(|error| error.to_string())?;
        let header = header.map_or(Vec::new(), |record| record.fields);
        let named: Vec<&[u8]> = header.iter().map(|name| name.trim_ascii()).collect();
        for (place, column) in file.places.iter_mut().zip(COLUMNS) {
            let mut found = named
                .iter()
                .enumerate()
                .filter(|(_, name)| name.eq_ignore_ascii_case(column.as_bytes()));
            *place = match (found.next(), found.next()) {
                (Some((place, _)), None) => place,
                (None, _) => {
                    let all = COLUMNS.join(", ");
                    return Err(format!(
                        "its first line names no column {column}; it takes {all}, separated by commas"
                    ));
                }
                _ => return Err(format!("its first line names the column {column} twice")),
            };
        }
        file.width = named.len();
        Ok(file)
    }

    /// The bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.text.position()
    }

    /// Returns the next record, without empty lines before it.
    fn read_record(&mut self) -> Result<Option<Record>, ReadError> {
        let mut first = self.text.line();
        let mut last;
        let (mut fields, mut field) = (Vec::new(), Vec::new());
        let (mut fault, mut length, mut place) = (None, 0, Place::Start);
        loop {
            last = self.text.line();
            let Some(byte) = self.text.byte()? else {
                match place {
                    Place::Quoted(opened) => return Err(ReadError::OpenQuote(opened)),
                    Place::Start if fields.is_empty() => return Ok(None),
                    _ => break,
                }
            };
            length += 1;
            place = match (place, byte) {
                (Place::Start, b'\n') if fields.is_empty() => {
                    (first, length) = (self.text.line(), 0);
                    Place::Start
                }
                (Place::Start, b'"') => Place::Quoted(last),
                (Place::Quoted(opened), b'"') => Place::Closed(opened),
                (Place::Start | Place::Unquoted | Place::Closed(_), b'\n') => break,
                (Place::Start | Place::Unquoted | Place::Closed(_), b',') => {
                    if length <= LONGEST {
                        fields.push(mem::take(&mut field));
                    }
                    Place::Start
                }
                (place, byte) => {
                    if length <= LONGEST {
                        field.push(byte);
                    }
                    match place {
                        Place::Start | Place::Unquoted => Place::Unquoted,
                        Place::Quoted(opened) => Place::Quoted(opened),
                        // Two quotes in a quoted field stand for one.
                        Place::Closed(opened) if byte == b'"' => Place::Quoted(opened),
                        Place::Closed(_) => {
                            fault = Some("has text after a closing quote");
                            Place::Unquoted
                        }
                    }
                }
            };
        }
        fields.push(field);
        if length > LONGEST {
            fault = Some("is longer than 64 KiB");
        }
        Ok(Some(Record { first, last, fields, fault }))
    }

    fn user(&self, record: Record) -> Result<ImportRecord, String> {
        if let Some(fault) = record.fault {
            return Err(fault.to_owned());
        }
        let mut fields = record.fields;
        if fields.len() != self.width {
            return Err(format!(
                "has {} fields where the first line has {}",
                fields.len(),
                self.width
            ));
        }
        let [public_id, name, email, password_hash] = self.places.map(|place| {
            String::from_utf8(mem::take(&mut fields[place])).map_err(|_| "is not UTF-8".to_owned())
        });
        Ok(ImportRecord {
            public_id: public_id?,
            name: name?,
            email: email?,
            password_hash: password_hash?,
        })
    }
}

impl<R: BufRead> Iterator for CsvFile<R> {
    type Item = Result<Line, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.read_record().transpose()? {
            Ok(record) => record,
            Err(error) => return Some(Err(error)),
        };
        let (first, last) = (record.first, record.last);
        let user = self.user(record).map_err(|why| {
            if last > first { format!("{why} (it goes on to line {last})") } else { why }
        });
        Some(Ok(Line { number: first, record: user }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(i64, Result<String, String>)> {
        let file = CsvFile::new(text.as_bytes()).expect("a header");
        file.map(|line| line.expect("read"))
            .map(|line| (line.number, line.record.map(|record| record.name)))
            .collect()
    }

    #[expect(clippy::unnecessary_wraps, reason = "as `read` returns it")]
    fn name(name: &str) -> Result<String, String> {
        Ok(name.to_owned())
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_case() {
        let text = "id,email,Public_ID,password_hash, NAME \r\n\
            1,a,p,h,\"Lee, Ann\"\r\n2,b,p,h,\"two\nlines\"\n3,c,p,h,Eve\r\n\r\n";
        assert_eq!(read(text), [(2, name("Lee, Ann")), (3, name("two\nlines")), (5, name("Eve"))]);
    }

    #[test]
    fn each_kind_of_line_end_counts_as_one_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "public_id,name,email,password_hash\n\np,Ann,\"a\nb\",h\np,\"Bob\",b,h\n\
                p,Eve,c,h"
                .replace('\n', end);
            assert_eq!(read(&text), [(3, name("Ann")), (5, name("Bob")), (6, name("Eve"))]);
        }
    }

    #[test]
    fn quotes_are_read_as_rfc_4180_says() {
        let text = "public_id,name,email,password_hash\np,\"Ann \"\"Bo\"\" Lee\",a,h\n\
            p,Ann \"Bo\",a,h\np,\"\",a,h\n\"p\",\"Eve\",\"c\",\"h\"";
        let names = [name("Ann \"Bo\" Lee"), name("Ann \"Bo\""), name(""), name("Eve")];
        assert_eq!(read(text), (2..).zip(names).collect::<Vec<_>>());
    }

    #[test]
    fn a_line_of_another_width_is_refused_alone() {
        let names = read("public_id,name,email,password_hash\np,Ann,a\np,Bob,b,h\np,Eve,c,h,x\n");
        assert!(matches!(&*names, [(2, Err(_)), (3, Ok(_)), (4, Err(_))]), "{names:?}");
    }

    #[test]
    fn refused_record_names_all_its_lines() {
        let text = "public_id,name,email,password_hash\np,\"Ann,a,h\np,\"Bob\",b,h\np,Eve,c,h\n";
        let why = "has text after a closing quote (it goes on to line 3)".to_owned();
        assert_eq!(read(text), [(2, Err(why)), (4, name("Eve"))]);
        let text = "public_id,name,email,password_hash\np,\"Ann\n\nLee\",a\np,Eve,c,h\n";
        let why = "has 3 fields where the first line has 4 (it goes on to line 4)".to_owned();
        assert_eq!(read(text), [(2, Err(why)), (5, name("Eve"))]);
    }

    #[test]
    fn open_quote_is_reported_with_its_line_after_the_lines_before() {
        for (rest, line) in [
            ("p,\"Ann,a,h\np,Bob,b,h\n", 3),
            ("p,\"two\nlines\",a,\"h\n", 4),
            ("p,Ann,a,\"", 3),
            ("p,Ann,a,\"h\"\"", 3),
        ] {
            let text = format!("public_id,name,email,password_hash\np,Eve,e,h\n{rest}");
            let mut lines = CsvFile::new(text.as_bytes()).expect("a header");
            assert!(matches!(lines.next(), Some(Ok(Line { number: 2, record: Ok(_) }))), "{rest}");
            let Some(Err(error)) = lines.next() else { panic!("{rest}") };
            let why = format!("the quote opened on line {line} is never closed");
            assert_eq!(error.to_string(), why, "{rest}");
            assert!(lines.next().is_none());
        }
        let header = CsvFile::new("public_id,\"name,email\np,Ann".as_bytes()).err();
        assert!(header.expect("no header").contains("opened on line 1 is never closed"));
    }

    #[test]
    fn long_record_is_refused_and_the_next_one_read() {
        let text = format!(
            "public_id,name,email,password_hash\np,\"{}\n\",a,h\np,Eve,c,h",
            "x".repeat(200_000)
        );
        assert!(matches!(&*read(&text), [(2, Err(_)), (4, Ok(_))]));
    }

    #[test]
    fn nul_byte_is_kept_for_the_checks_of_the_field() {
        let text = "public_id,name,email,password_hash\np,A\0nn,a,h\n";
        assert_eq!(read(text), [(2, name("A\0nn"))]);
    }

    #[test]
    fn a_header_without_a_column_or_with_one_twice_is_no_header() {
        for header in [
            "",
            "\n\n",
            "public_id,name,email,password",
            "public_id;name;email;password_hash",
            "public_id,name,name,email,password_hash",
            "public_id,name,Name,email,password_hash",
        ] {
            assert!(CsvFile::new(header.as_bytes()).is_err(), "{header}");
        }
    }
}
