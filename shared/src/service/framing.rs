//! Where a request's head ends and its body begins, told from the bytes as they come.
//!
//! The HTTP parser underneath takes a bare LF for the end of a line, as RFC 9112 §2.2 lets it; a
//! proxy in front may not, and the two then disagree on where a request ends, which is how
//! requests are smuggled. So a bare LF is made a NUL here, which no parser takes: the answer is
//! `400`, and the connection ends.
//!
//! It is no second parser: it only finds line ends and lengths. What it can't make sense of it
//! leaves to the parser, which refuses it.

/// Longer lines can't be a length or an encoding that means anything.
const MAX_FIELD: usize = 64;

/// Which part of a request the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Before the first byte of a request.
    Between,
    /// The request line and the fields.
    Head,
    /// The content.
    Body,
}

/// Follows one connection, request by request.
#[derive(Debug)]
pub(super) struct Framing {
    state: State,
    /// The line so far, without blanks and in lower case, cut at [`MAX_FIELD`].
    line: Vec<u8>,
    empty: bool,
    last_was_cr: bool,
    length: u64,
    chunked: bool,
    begun: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Head,
    /// Content of a known length: so many bytes are left.
    Content(u64),
    /// A line that says how long the next chunk is.
    ChunkSize,
    /// A chunk, with the line end behind it.
    Chunk(u64),
    /// Fields behind the last chunk.
    Trailer,
}

impl Framing {
    /// At the beginning of a connection.
    pub(super) fn new() -> Self {
        Self {
            state: State::Between,
            line: Vec::with_capacity(MAX_FIELD),
            empty: true,
            last_was_cr: false,
            length: 0,
            chunked: false,
            begun: 0,
        }
    }

    /// Which part comes next, and of which request of the connection.
    pub(super) fn place(&self) -> (u64, Part) {
        (self.begun, self.part())
    }

    /// Which part comes next.
    pub(super) fn part(&self) -> Part {
        match self.state {
            State::Between => Part::Between,
            State::Head => Part::Head,
            State::Content(_) | State::ChunkSize | State::Chunk(_) | State::Trailer => Part::Body,
        }
    }

    /// Follows `bytes`, the next ones of the connection, and spoils every bare LF in them.
    pub(super) fn follow(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Content(left) | State::Chunk(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    at += here;
                    let left = left - here as u64;
                    self.state = match self.state {
                        State::Content(_) if left == 0 => State::Between,
                        State::Content(_) => State::Content(left),
                        _ if left == 0 => State::ChunkSize,
                        _ => State::Chunk(left),
                    };
                }
                _ => {
                    self.byte(&mut bytes[at]);
                    at += 1;
                }
            }
        }
    }

    fn byte(&mut self, byte: &mut u8) {
        if self.state == State::Between {
            self.state = State::Head;
            (self.length, self.chunked) = (0, false);
            self.begun += 1;
            self.begin_line();
        }
        match *byte {
            b'\n' if self.last_was_cr => self.end_line(),
            b'\n' => *byte = 0,
            b'\r' => self.last_was_cr = true,
            other => {
                (self.last_was_cr, self.empty) = (false, false);
                if self.line.len() < MAX_FIELD && !matches!(other, b' ' | b'\t') {
                    self.line.push(other.to_ascii_lowercase());
                }
            }
        }
    }

    fn begin_line(&mut self) {
        self.line.clear();
        (self.empty, self.last_was_cr) = (true, false);
    }

    fn end_line(&mut self) {
        match self.state {
            State::Head if self.empty => {
                self.state = match (self.chunked, self.length) {
                    (true, _) => State::ChunkSize,
                    (false, 0) => State::Between,
                    (false, length) => State::Content(length),
                };
            }
            State::Head => self.field(),
            State::ChunkSize => self.chunk(),
            State::Trailer if self.empty => self.state = State::Between,
            _ => {}
        }
        self.begin_line();
    }

    fn field(&mut self) {
        if let Some(length) = self.line.strip_prefix(b"content-length:") {
            self.length = number(length, 10).unwrap_or(0);
        } else if self.line.starts_with(b"transfer-encoding:") {
            // The parser takes no other encoding than this one.
            self.chunked = true;
        }
    }

    fn chunk(&mut self) {
        let digits = self.line.split(|byte| *byte == b';').next().unwrap_or_default();
        self.state = match number(digits, 16) {
            Some(0) => State::Trailer,
            // The line end behind the chunk is passed over with it; the parser looks at it.
            Some(size) => State::Chunk(size.saturating_add(2)),
            None => State::ChunkSize,
        };
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    std::str::from_utf8(digits).ok().and_then(|text| u64::from_str_radix(text, radix).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of `text`, sent in pieces of every size; all must agree.
    fn follow(text: &str) -> (String, Part) {
        let mut whole = text.as_bytes().to_vec();
        let mut framing = Framing::new();
        framing.follow(&mut whole);
        let expected = (String::from_utf8(whole).expect("UTF-8"), framing.part());
        for size in 1..text.len() {
            let mut pieces = text.as_bytes().to_vec();
            let mut framing = Framing::new();
            pieces.chunks_mut(size).for_each(|piece| framing.follow(piece));
            let outcome = (String::from_utf8(pieces).expect("UTF-8"), framing.part());
            assert_eq!(outcome, expected, "in pieces of {size}");
        }
        expected
    }

    #[test]
    fn requests_with_proper_line_ends_pass_unchanged_one_after_the_other() {
        for text in [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\na\nb\r\ncPOST / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-LENGTH:\t 3 \r\n\r\n\n\n\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
                3;x=y\r\na\nb\r\nA\r\n\n\n\n\n\n\n\n\n\n\n\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(follow(text), (text.to_owned(), Part::Between));
        }
    }

    #[test]
    fn a_bare_line_feed_outside_of_content_is_spoilt() {
        for (text, expected) in [
            ("GET / HTTP/1.1\nHost: x\r\n\r\n", "GET / HTTP/1.1\0Host: x\r\n\r\n"),
            ("GET / HTTP/1.1\r\nHost: x\n\r\n", "GET / HTTP/1.1\r\nHost: x\0\r\n"),
            ("GET / HTTP/1.1\r\nHost: x\r\n\n", "GET / HTTP/1.1\r\nHost: x\r\n\0"),
            ("\nGET / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n"),
            ("X\r\n\r\nGET /\nH: x", "X\r\n\r\nGET /\0H: x"),
            ("X\r\nContent-Length: 1\r\n\r\n\n\n", "X\r\nContent-Length: 1\r\n\r\n\n\0"),
            (
                "X\r\nTransfer-Encoding: chunked\r\n\r\n1\n",
                "X\r\nTransfer-Encoding: chunked\r\n\r\n1\0",
            ),
        ] {
            assert_eq!(follow(text).0, expected);
        }
    }

    #[test]
    fn it_is_known_what_a_request_still_owes() {
        for (text, part) in [
            ("", Part::Between),
            ("G", Part::Head),
            ("GET / HTTP/1.1\r\nHost: x\r\n", Part::Head),
            ("X\r\nContent-Length: 2\r\n\r\n", Part::Body),
            ("X\r\nContent-Length: 2\r\n\r\na", Part::Body),
            ("X\r\nContent-Length: 2\r\n\r\nab", Part::Between),
            ("X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", Part::Body),
        ] {
            assert_eq!(follow(text).1, part, "{text}");
        }
    }
}
