//! Tests of the queue with real descriptors: pipes, sockets and a full disk.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::unix::net::UnixStream;

use super::*;

const CAPACITY: usize = 1_024 * 1_024;

/// Much longer than a write takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn queue_to<D: AsFd + Send + 'static>(descriptor: D, capacity: usize) -> (LogQueue, Counter) {
    let dropped = Counter::default();
    let queue = LogQueue::start(descriptor, capacity, dropped.clone()).expect("a thread");
    (queue, dropped)
}

fn piped(capacity: usize) -> (LogQueue, Counter, PipeReader) {
    let (reader, writer): (PipeReader, PipeWriter) = pipe().expect("a pipe");
    let (queue, dropped) = queue_to(writer, capacity);
    (queue, dropped, reader)
}

/// Returns a socket without free buffer space, its reader, and the number of bytes in the buffer.
fn full_socket(nonblocking: bool) -> (UnixStream, UnixStream, usize) {
    let (mut writer, reader) = UnixStream::pair().expect("a pair of sockets");
    writer.set_nonblocking(true).expect("a flag is set");
    let mut filled = 0;
    for part in [4_096, 1] {
        let full = loop {
            match writer.write(&[b'\n'; 4_096][..part]) {
                Ok(written) => filled += written,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock, "{full}");
    }
    writer.set_nonblocking(nonblocking).expect("a flag is set");
    (writer, reader, filled)
}

#[test]
fn reader_gets_each_line_of_each_thread_in_order() {
    let (queue, dropped, reader) = piped(CAPACITY);
    let threads: Vec<_> = ["a", "b"]
        .map(|name| {
            let queue = queue.clone();
            std::thread::spawn(move || {
                for number in 0..5_000 {
                    queue.push(format!("{name} {number}\n").as_bytes());
                }
            })
        })
        .into();
    let lines: Vec<_> =
        BufReader::new(reader).lines().take(10_000).map(|line| line.expect("a line")).collect();
    for name in ["a", "b"] {
        let seen: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix(name)).collect();
        let sent: Vec<_> = (0..5_000).map(|number| format!(" {number}")).collect();
        assert_eq!(seen, sent, "{name}");
    }
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!(dropped.get(), 0);
}

#[test]
fn flushed_lines_are_written() {
    let (queue, dropped, mut reader) = piped(CAPACITY);
    for _ in 0..100 {
        queue.push(b"line\n");
    }
    assert!(queue.flush(PATIENCE));
    let mut text = [0; 500];
    reader.read_exact(&mut text).expect("100 lines");
    assert_eq!(text.as_slice(), b"line\n".repeat(100));
    assert_eq!(dropped.get(), 0);
}

#[test]
fn lines_without_reader_are_counted_each() {
    let (queue, dropped, reader) = piped(CAPACITY);
    drop(reader);
    for _ in 0..100 {
        queue.push(b"line\n");
    }
    assert!(queue.flush(PATIENCE), "a failed write finishes a line");
    assert_eq!(dropped.get(), 100);
}

#[test]
fn lines_for_a_full_disk_are_counted_each() {
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    let (queue, dropped) = queue_to(full, CAPACITY);
    for _ in 0..100 {
        queue.push(b"line\n");
    }
    assert!(queue.flush(PATIENCE));
    assert_eq!(dropped.get(), 100);
}

#[test]
fn stopped_reader_blocks_no_push_bounds_the_queue_and_ends_a_flush() {
    for nonblocking in [false, true] {
        let (writer, _reader, _) = full_socket(nonblocking);
        let line = [b'x'; 1_000];
        let fits = 10;
        let (queue, dropped) = queue_to(writer, fits * (line.len() + LINE_COST));
        for _ in 0..1_000 {
            queue.push(&line);
        }
        assert_eq!(dropped.get(), 990);
        assert!(queue.0.lock().bytes <= fits * (line.len() + LINE_COST));
        assert!(!queue.flush(Duration::from_millis(10)), "the reader takes nothing");
    }
}

#[test]
fn reader_that_goes_on_gets_the_queued_lines_whole() {
    for nonblocking in [false, true] {
        let (writer, mut reader, filled) = full_socket(nonblocking);
        let (queue, dropped) = queue_to(writer, CAPACITY);
        // Longer than the buffer of the socket, so that one write accepts only a part of it.
        let long = [&b"x".repeat(512 * 1_024)[..], b"\n"].concat();
        queue.push(&long);
        queue.push(b"last\n");
        reader.read_exact(&mut vec![0; filled]).expect("what filled it");
        let mut text = vec![0; long.len() + 5];
        reader.read_exact(&mut text).expect("both lines");
        assert!(text == [&long, &b"last\n"[..]].concat(), "the lines are whole and in order");
        assert!(queue.flush(PATIENCE));
        assert_eq!(dropped.get(), 0);
    }
}

#[test]
fn line_longer_than_the_queue_is_counted_and_the_next_is_written() {
    let (queue, dropped, mut reader) = piped(1_000);
    queue.push(&[b'x'; 1_000]);
    queue.push(b"line\n");
    let mut text = [0; 5];
    reader.read_exact(&mut text).expect("a line");
    assert_eq!((&text, dropped.get()), (b"line\n", 1));
}

#[test]
fn line_after_a_torn_one_begins_at_a_line_start() {
    let (mut reader, writer) = pipe().expect("a pipe");
    let mut sink = Sink { descriptor: writer, torn: true };
    sink.write_line(b"line\n").expect("written");
    assert!(!sink.torn);
    let mut text = [0; 6];
    reader.read_exact(&mut text).expect("a line");
    assert_eq!(&text, b"\nline\n");
}
