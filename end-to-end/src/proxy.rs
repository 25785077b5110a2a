//! A proxy between the guard and the issuer that counts the requests for the key set and the feed,
//! and answers them wrongly when told to. Everything else passes through as it is.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What the proxy can answer itself.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// The key set.
    KeySet,
    /// The change feed.
    Feed,
}

impl Subject {
    fn of(target: &str) -> Option<Self> {
        match target.split('?').next() {
            Some("/.well-known/jwks.json") => Some(Self::KeySet),
            Some("/feed") => Some(Self::Feed),
            _ => None,
        }
    }
}

/// What the proxy answers where a subject is asked for.
#[derive(Clone, Default)]
pub enum ProxyAnswer {
    /// The issuer's answer.
    #[default]
    True,
    /// These bytes, head and all, then the end of the connection.
    Bytes(Vec<u8>),
    /// This head, then blanks for as long as the other side reads.
    Endless(Vec<u8>),
    /// What follows from the target of the request.
    To(Arc<dyn Fn(&str) -> Self + Send + Sync>),
}

impl fmt::Debug for ProxyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::True => "True",
            Self::Bytes(_) => "Bytes(..)",
            Self::Endless(_) => "Endless(..)",
            Self::To(_) => "To(..)",
        })
    }
}

impl ProxyAnswer {
    /// A whole answer with a body.
    pub fn whole(status: &str, media_type: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\
             cache-control: max-age=1\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self::Bytes(bytes)
    }
}

/// The proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Its address, as a URL.
    pub url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    upstream: String,
    answers: [Mutex<ProxyAnswer>; 2],
    requests: [AtomicUsize; 2],
}

impl Proxy {
    /// Starts a proxy in front of `upstream` (`HOST:PORT`).
    pub fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            answers: Default::default(),
            requests: Default::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A broken connection is the guard's to notice.
                std::thread::spawn(move || state.serve(client));
            }
        });
        Self { url, state }
    }

    /// How often a subject was asked for.
    pub fn requests(&self, subject: Subject) -> usize {
        self.state.requests[subject as usize].load(Ordering::SeqCst)
    }

    /// From now on a subject is answered like this.
    pub fn answer(&self, subject: Subject, answer: ProxyAnswer) {
        *self.state.answers[subject as usize].lock().expect("no thread failed") = answer;
    }
}

impl State {
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut client)?;
        let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let target = String::from_utf8_lossy(target);
        if let Some(subject) = Subject::of(&target) {
            self.requests[subject as usize].fetch_add(1, Ordering::SeqCst);
            let mut answer =
                self.answers[subject as usize].lock().expect("no thread failed").clone();
            while let ProxyAnswer::To(make) = answer {
                answer = make(&target);
            }
            match answer {
                ProxyAnswer::True | ProxyAnswer::To(_) => {}
                ProxyAnswer::Bytes(bytes) => return finish(client, &bytes),
                ProxyAnswer::Endless(head) => {
                    client.write_all(&head)?;
                    loop {
                        client.write_all(&[b' '; 8_192])?;
                    }
                }
            }
        }
        let mut upstream = TcpStream::connect(&self.upstream)?;
        upstream.write_all(&request)?;
        // A guard that goes away takes its long poll with it.
        let (mut gone, closing) = (client.try_clone()?, upstream.try_clone()?);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut gone, &mut std::io::sink());
            let _ = closing.shutdown(Shutdown::Both);
        });
        let passed = std::io::copy(&mut upstream, &mut client);
        // An issuer that was killed may reset the connection, and the guard must hear of it: the other
        // thread still holds it.
        client.shutdown(Shutdown::Both)?;
        passed.map(drop)
    }
}

/// Ends a connection so that what was written still arrives.
fn finish(mut client: TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    client.write_all(bytes)?;
    client.shutdown(Shutdown::Write)?;
    std::io::copy(&mut client, &mut std::io::sink()).map(drop)
}

/// Reads one request, and makes it the only one of its connection.
fn read_request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    let head_end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match client.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => read.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8_lossy(&read[..head_end]).into_owned();
    let field = |line: &str, name: &str| line.to_ascii_lowercase().starts_with(name);
    let length: usize = head
        .lines()
        .find(|line| field(line, "content-length:"))
        .and_then(|line| line.split_once(':')?.1.trim().parse().ok())
        .unwrap_or(0);
    while read.len() < head_end + 4 + length {
        match client.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => read.extend_from_slice(&buffer[..count]),
        }
    }
    let kept: Vec<_> = head.lines().filter(|line| !field(line, "connection:")).collect();
    let mut request = format!("{}\r\nconnection: close\r\n\r\n", kept.join("\r\n")).into_bytes();
    request.extend_from_slice(&read[head_end + 4..]);
    Ok(request)
}
