//! The one HTTP request that reading a loopback registry takes: HTTP/1.0, so that an answer ends with its connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::error::{Doing, Error, Result};

/// Gets a document from 127.0.0.1.
pub(super) fn get(port: u16, path: &str, accept: &str) -> Result<Vec<u8>> {
    let doing = format!("get {path} from the registry on port {port}");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).doing(&doing)?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).doing(&doing)?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost:{port}\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).doing(&doing)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).doing(&doing)?;
    body(&answer).map_err(|found| Error::new(format!("cannot {doing}: {found}")))
}

fn body(answer: &[u8]) -> Result<Vec<u8>, String> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("found no HTTP header")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    let body = &answer[end + 4..];
    if status == "200" {
        Ok(body.to_vec())
    } else {
        Err(format!("{status} {}", String::from_utf8_lossy(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn only_a_200_has_a_body() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}"), Ok(b"{}".to_vec()));
        assert_eq!(body(b"HTTP/1.0 404 Not Found\r\n\r\ngone"), Err("404 gone".to_owned()));
        assert!(body(b"HTTP/1.0 200 OK\r\n").is_err());
    }
}
