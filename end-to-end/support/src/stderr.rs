//! Standard errors that accept no line: a pipe without a reader, a stopped reader, a full disk.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

/// A full disk: each write fails with `ENOSPC`.
pub fn full_disk() -> Stdio {
    File::options().write(true).open("/dev/full").expect("/dev/full").into()
}

/// A file of 1 GiB that uses no disk space. Lines go to its end.
pub fn large_file() -> Stdio {
    let file = tempfile::tempfile().expect("a file");
    file.set_len(1 << 30).expect("a hole");
    (&file).seek(SeekFrom::End(0)).expect("its end");
    file.into()
}

/// A pipe without a reader: each write fails with `EPIPE`.
pub fn without_reader() -> Stdio {
    let (reader, stderr) = pipe();
    drop(reader);
    stderr
}

/// A pipe that can be read while the reader exists.
pub fn pipe() -> (PipeReader, Stdio) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    (reader, writer.into())
}

/// A stream socket with a reader that never reads.
#[derive(Debug)]
pub struct StoppedReader {
    writer: UnixStream,
    _reader: UnixStream,
}

impl StoppedReader {
    /// A reader that still has room for some lines.
    pub fn new() -> Self {
        let (writer, reader) = UnixStream::pair().expect("a pair of sockets");
        Self { writer, _reader: reader }
    }

    /// A reader without room for a single byte: a write blocks forever.
    pub fn full() -> Self {
        let reader = Self::new();
        reader.fill();
        reader
    }

    /// The standard error that leads to this reader.
    pub fn stderr(&self) -> Stdio {
        OwnedFd::from(self.writer.try_clone().expect("a descriptor")).into()
    }

    /// Fills the room that is left.
    pub fn fill(&self) {
        self.set_nonblocking(true);
        for part in [4_096, 1] {
            let full = loop {
                if let Err(error) = (&self.writer).write(&[b'\n'; 4_096][..part]) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock, "{full}");
        }
        self.set_nonblocking(false);
    }

    /// Makes a write fail with `EAGAIN` where it would block.
    pub fn set_nonblocking(&self, nonblocking: bool) {
        self.writer.set_nonblocking(nonblocking).expect("a flag is set");
    }
}

impl Default for StoppedReader {
    fn default() -> Self {
        Self::new()
    }
}
