//! CSV (RFC 4180): the first line names the columns.

use std::io;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use auth_app::users::Line;
use auth_domain::import::ImportRecord;

const COLUMNS: [&str; 4] = ["public_id", "name", "email", "password_hash"];

/// The lines of a reader.
pub(super) struct CsvFile<R> {
    reader: csv::Reader<R>,
    /// The index of each of [`COLUMNS`].
    places: [usize; 4],
    /// The number of fields in a line.
    width: usize,
}

impl<R: io::Read> CsvFile<R> {
    /// Reads the first line, or returns the error in it.
    pub(super) fn new(reader: R) -> Result<Self, String> {
        // A line of another width is refused alone, not the whole file.
        // Only a line feed ends a line. If a carriage return before it did as well, the next line
        // would be counted from the line feed on.
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(reader);
        let header = reader.byte_headers().map_err(|error| format!("can't be read: {error}"))?;
        let named: Vec<&[u8]> = header.iter().map(<[u8]>::trim_ascii).collect();
        let mut places = [0; 4];
        for (place, column) in places.iter_mut().zip(COLUMNS) {
            let mut found =
                named.iter().enumerate().filter(|(_, name)| **name == column.as_bytes());
            *place = match (found.next(), found.next()) {
                (Some((place, _)), None) => place,
                (None, _) => return Err(format!("names no column {column}")),
                _ => return Err(format!("names the column {column} twice")),
            };
        }
        let width = named.len();
        Ok(Self { reader, places, width })
    }

    /// The bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.reader.position().byte()
    }

    fn record(&self, fields: &ByteRecord) -> Result<ImportRecord, String> {
        if fields.len() != self.width {
            return Err(format!(
                "has {} fields where the first line has {}",
                fields.len(),
                self.width
            ));
        }
        let [public_id, name, email, password_hash] = self.places.map(|place| {
            let field = fields.get(place).unwrap_or_default();
            let last = place + 1 == self.width;
            let field = field.strip_suffix(b"\r").filter(|_| last).unwrap_or(field);
            String::from_utf8(field.to_vec()).map_err(|_| "is not UTF-8".to_owned())
        });
        Ok(ImportRecord {
            public_id: public_id?,
            name: name?,
            email: email?,
            password_hash: password_hash?,
        })
    }
}

impl<R: io::Read> Iterator for CsvFile<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut fields = ByteRecord::new();
        loop {
            match self.reader.read_byte_record(&mut fields) {
                Ok(false) => return None,
                // An empty line of a file with carriage returns.
                Ok(true) if fields.iter().eq([b"\r"]) => {}
                Ok(true) => {
                    let line = fields.position().map_or(0, csv::Position::line);
                    let number = i64::try_from(line).unwrap_or(i64::MAX);
                    return Some(Ok(Line { number, record: self.record(&fields) }));
                }
                Err(error) => return Some(Err(io::Error::other(error))),
            }
        }
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

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let text = "id,email,public_id,password_hash, name \r\n\
            1,a,p,h,\"Lee, Ann\"\r\n2,b,p,h,\"two\nlines\"\n3,c,p,h,Eve\r\n\r\n";
        let names = read(text);
        let name = |name: &str| Ok(name.to_owned());
        assert_eq!(names, [(2, name("Lee, Ann")), (3, name("two\nlines")), (5, name("Eve"))]);
    }

    #[test]
    fn a_line_of_another_width_is_refused_alone() {
        let names = read("public_id,name,email,password_hash\np,Ann,a\np,Bob,b,h\np,Eve,c,h,x\n");
        assert!(matches!(&*names, [(2, Err(_)), (3, Ok(_)), (4, Err(_))]), "{names:?}");
    }

    #[test]
    fn a_header_without_a_column_or_with_one_twice_is_no_header() {
        for header in
            ["", "public_id,name,email,password", "public_id,name,name,email,password_hash"]
        {
            assert!(CsvFile::new(header.as_bytes()).is_err(), "{header}");
        }
    }
}
