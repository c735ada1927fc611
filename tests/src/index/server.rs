//! As much of HTTP/1.1 as resolvers and engines need: one request a connection.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::pages::{self, Answer};
use super::{State, locked};

/// A request's head is never as long.
const HEAD_MAX: usize = 64 << 10;

/// Serves in the background as long as the program runs.
pub(super) fn start(listener: TcpListener, state: Arc<Mutex<State>>) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            // A client that goes away in the middle is its own affair.
            thread::spawn(move || drop(talk(stream, &state)));
        }
    });
}

fn talk(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 || head.len() > HEAD_MAX {
            return Ok(());
        }
        head.extend(&buffer[..read]);
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let authorization = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("authorization").then_some(value.trim())
    });
    let (status, kind, body) = match part(state, path) {
        Some((part, below)) => answer(&part, method, &below, authorization),
        None => answer(state, method, path, authorization),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

fn answer(state: &Mutex<State>, method: &str, path: &str, authorization: Option<&str>) -> Answer {
    let mut state = locked(state);
    let answer = pages::answer(&mut state, method, path, authorization);
    state.log.push(format!("{method} {path} {}", &answer.0[..3]));
    answer
}

/// The index that a path is below, and the path as that one has it.
fn part(state: &Mutex<State>, path: &str) -> Option<(Arc<Mutex<State>>, String)> {
    let (name, below) = path.strip_prefix('/')?.split_once('/')?;
    Some((Arc::clone(locked(state).parts.get(name)?), format!("/{below}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Wheel;
    use crate::index::File;
    use crate::wheel::sha256;

    fn ask(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "{request}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[test]
    fn pages_and_files_are_served_and_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state: Arc<Mutex<State>> = Arc::default();
        let wheel = Wheel::new("a_b", "1.0");
        let bytes = wheel.bytes().unwrap();
        let hash = sha256(&bytes);
        let file =
            File { bytes: bytes.into(), sha256: hash.clone(), metadata: Some(wheel.metadata().to_owned()) };
        locked(&state).files.insert(wheel.filename(), file);
        start(listener, Arc::clone(&state));

        let page = ask(port, "GET /simple/a-b/ HTTP/1.1");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains(&hash), "{page}");
        assert!(ask(port, "GET /simple/a/ HTTP/1.1").starts_with("HTTP/1.1 404"));
        let name = wheel.filename();
        assert!(ask(port, &format!("GET /files/{name}.metadata HTTP/1.1")).ends_with("Version: 1.0\n"));
        assert!(ask(port, &format!("HEAD /files/{name} HTTP/1.1")).ends_with("\r\n\r\n"));
        assert_eq!(locked(&state).downloads, BTreeMap::new());
        assert!(ask(port, &format!("GET /files/{name} HTTP/1.1")).contains("PK"));
        assert_eq!(locked(&state).downloads, BTreeMap::from([(name, 1)]));

        locked(&state).authorization = Some("Basic eA==".to_owned());
        assert!(ask(port, "GET /simple/a-b/ HTTP/1.1").starts_with("HTTP/1.1 401"));
        assert!(
            ask(port, "GET /simple/a-b/ HTTP/1.1\r\nauthorization: Basic eA==").starts_with("HTTP/1.1 200")
        );
        assert_eq!(locked(&state).log.last().unwrap(), "GET /simple/a-b/ 200");
    }
}
