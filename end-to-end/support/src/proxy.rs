//! A proxy between the guard and the issuer. It counts the requests for the key set, and answers
//! them wrongly on demand. Other requests pass unchanged, except for a path that a proxy of an
//! operator removes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The proxy's answer to a request for the key set.
#[derive(Debug, Clone, Default)]
pub enum ProxyAnswer {
    /// The issuer's answer.
    #[default]
    True,
    /// These bytes, including the head, then the end of the connection.
    Bytes(Vec<u8>),
    /// This head, then blanks for as long as the other side reads.
    Endless(Vec<u8>),
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
    /// The path that the proxy removes from each request. It answers no other path.
    path: String,
    answer: Mutex<ProxyAnswer>,
    requests: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy in front of `upstream` (`HOST:PORT`).
    pub fn to(upstream: &str) -> Self {
        Self::below("", upstream)
    }

    /// Starts a proxy that serves `upstream` below `path` (`/a`) and passes requests without it.
    pub fn below(path: &str, upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}{path}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            path: path.to_owned(),
            answer: Mutex::default(),
            requests: AtomicUsize::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A broken connection is for the guard to detect.
                std::thread::spawn(move || state.serve(client));
            }
        });
        Self { url, state }
    }

    /// The number of requests for the key set.
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// Sets the answer to later requests for the key set.
    pub fn answer(&self, answer: ProxyAnswer) {
        *self.state.answer.lock().expect("no thread failed") = answer;
    }
}

impl State {
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut client)?;
        let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let target = String::from_utf8_lossy(target).into_owned();
        let Some(request) = self.without_path(&target, request) else {
            return finish(client, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        };
        if target == "/.well-known/jwks.json" {
            self.requests.fetch_add(1, Ordering::SeqCst);
            let answer = self.answer.lock().expect("no thread failed").clone();
            match answer {
                ProxyAnswer::True => {}
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
        // When the guard closes its connection, its long poll at the issuer ends too.
        let (mut gone, closing) = (client.try_clone()?, upstream.try_clone()?);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut gone, &mut std::io::sink());
            let _ = closing.shutdown(Shutdown::Both);
        });
        let passed = std::io::copy(&mut upstream, &mut client);
        // An issuer that was killed may reset the connection. The guard must see that, although the
        // other thread still holds the connection.
        client.shutdown(Shutdown::Both)?;
        passed.map(drop)
    }

    /// Removes the path of the proxy from a request for `target`. Returns `None` for other paths.
    fn without_path(&self, target: &str, mut request: Vec<u8>) -> Option<Vec<u8>> {
        let rest = target.strip_prefix(&self.path).filter(|rest| rest.starts_with('/'))?;
        let start = request.iter().position(|byte| *byte == b' ')? + 1;
        request.splice(start..start + target.len(), rest.bytes());
        Some(request)
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
