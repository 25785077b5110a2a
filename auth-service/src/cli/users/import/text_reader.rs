//! Reads a text byte by byte and counts its lines, whichever program wrote it.

use std::io::{self, BufRead};

/// The longest line or record, in bytes. A file without line ends must not fill the memory.
pub(super) const LONGEST: u64 = 64 * 1024;

/// A text. A line ends with a line feed, a carriage return, or both.
pub(super) struct TextReader<R> {
    reader: R,
    line: i64,
    position: u64,
}

impl<R: BufRead> TextReader<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: 1, position: 0 }
    }

    /// Returns the number of the line that the next byte belongs to.
    pub(super) fn line(&self) -> i64 {
        self.line
    }

    /// Returns the number of bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Reads a byte: a line feed for each line end.
    pub(super) fn byte(&mut self) -> io::Result<Option<u8>> {
        let Some(&byte) = self.reader.fill_buf()?.first() else { return Ok(None) };
        self.skip();
        if byte == b'\r' && self.reader.fill_buf()?.first() == Some(&b'\n') {
            self.skip();
        }
        if byte != b'\r' && byte != b'\n' {
            return Ok(Some(byte));
        }
        self.line += 1;
        Ok(Some(b'\n'))
    }

    fn skip(&mut self) {
        self.reader.consume(1);
        self.position += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_end_is_one_line_feed() {
        // A buffer of one byte: the two halves of a line end come apart.
        let text = "a\r\n\r\rb\n\n\r\nc\r";
        let mut reader = TextReader::new(io::BufReader::with_capacity(1, text.as_bytes()));
        let mut read = Vec::new();
        while let Some(byte) = reader.byte().expect("read") {
            read.push((byte, reader.line()));
        }
        let expected =
            [(b'a', 1), (b'\n', 2), (b'\n', 3), (b'\n', 4), (b'b', 4), (b'\n', 5), (b'\n', 6)];
        assert_eq!(read[..7], expected);
        assert_eq!(read[7..], [(b'\n', 7), (b'c', 7), (b'\n', 8)]);
        assert_eq!(reader.position(), u64::try_from(text.len()).expect("a length"));
    }
}
