//! A file of users in any supported format, read a few lines at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use signet_files::text;

use super::csv_file::CsvFile;
use super::json_lines::JsonLines;
use auth_app::users::Line;
use auth_store::tutorial::{self, Tutorial, TutorialError};

/// The first bytes of an `SQLite` file.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// The reason a file can't be read at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("can't read {}: {why}", path.display())]
    Io { path: PathBuf, why: io::Error },
    #[error("{} {why}", path.display())]
    Tutorial { path: PathBuf, why: TutorialError },
    #[error(
        "{} is a JSON array; write one object a line, without the brackets and commas around them",
        path.display()
    )]
    JsonArray { path: PathBuf },
    #[error("{} is neither an SQLite file nor JSON lines, and as CSV {why}", path.display())]
    Header { path: PathBuf, why: String },
}

/// The reason a file can't be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("can't be read further: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Tutorial(#[from] TutorialError),
    #[error("the quote opened on line {0} is never closed")]
    OpenQuote(i64),
}

/// An open file.
pub(super) struct UserFile {
    path: PathBuf,
    size: u64,
    position: u64,
    content: Content,
}

enum Content {
    Tutorial { rows: Tutorial, last: i64 },
    JsonLines(JsonLines<BufReader<File>>),
    Csv(CsvFile<BufReader<File>>),
}

impl UserFile {
    /// Opens a file and recognises its format by its content.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let failed = |why| FileError::Io { path: path.to_owned(), why };
        let file = File::open(path).map_err(failed)?;
        let mut size = file.metadata().map_err(failed)?.len();
        let mut reader = BufReader::new(file);
        let start = reader.fill_buf().map_err(failed)?;
        let content = if start.starts_with(SQLITE) {
            let (rows, count) = Tutorial::open(path)
                .map_err(|why| FileError::Tutorial { path: path.to_owned(), why })?;
            size = count;
            Content::Tutorial { rows, last: tutorial::FIRST }
        } else {
            let text = text::without_mark(start).map_err(|fault| failed(fault.into()))?;
            let mark = start.len() - text.len();
            reader.consume(mark);
            let start = reader.fill_buf().map_err(failed)?;
            let path = || path.to_owned();
            let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
            if first == Some(&b'[') {
                return Err(FileError::JsonArray { path: path() });
            }
            if first == Some(&b'{') {
                Content::JsonLines(JsonLines::new(reader))
            } else {
                let csv =
                    CsvFile::new(reader).map_err(|why| FileError::Header { path: path(), why })?;
                Content::Csv(csv)
            }
        };
        Ok(Self { path: path.to_owned(), size, position: 0, content })
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the size of the file: rows of a database, else bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns the amount read so far, in the same unit.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Reads at most `limit` more users; none at the end. The second value is the reason for which
    /// nothing after these users can be read.
    pub(super) fn read(&mut self, limit: usize) -> (Vec<Line>, Option<ReadError>) {
        match &mut self.content {
            Content::Tutorial { rows, last } => {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let (page, fault) = rows.page(*last, limit);
                *last = page.last().map_or(*last, |row| row.id);
                self.position += u64::try_from(page.len()).unwrap_or(0);
                let line = |row: tutorial::TutorialRow| Line {
                    number: row.id,
                    record: row.record.map_err(str::to_owned),
                };
                (page.into_iter().map(line).collect(), fault.map(ReadError::from))
            }
            Content::JsonLines(lines) => {
                let read = up_to_fault(lines.by_ref().take(limit));
                self.position = lines.bytes_read();
                read
            }
            Content::Csv(lines) => {
                let read = up_to_fault(lines.by_ref().take(limit));
                self.position = lines.bytes_read();
                read
            }
        }
    }
}

/// Splits lines from the fault after them.
fn up_to_fault(
    lines: impl Iterator<Item = Result<Line, ReadError>>,
) -> (Vec<Line>, Option<ReadError>) {
    let mut fault = None;
    let lines = lines.map_while(|line| line.map_err(|error| fault = Some(error)).ok()).collect();
    (lines, fault)
}
