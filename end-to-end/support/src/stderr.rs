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
    pipe().1
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
    /// A reader without room for a single byte: a write blocks forever.
    pub fn full() -> Self {
        let (writer, reader) = UnixStream::pair().expect("a pair of sockets");
        writer.set_nonblocking(true).expect("a flag is set");
        for part in [4_096, 1] {
            let full = loop {
                if let Err(error) = (&writer).write(&[b'\n'; 4_096][..part]) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock, "{full}");
        }
        writer.set_nonblocking(false).expect("a flag is set");
        Self { writer, _reader: reader }
    }

    /// The standard error that leads to this reader.
    pub fn stderr(&self) -> Stdio {
        OwnedFd::from(self.writer.try_clone().expect("a descriptor")).into()
    }
}
