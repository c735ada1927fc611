//! Through a proxy to servers that speak TLS: it sees whom we speak to, and nothing else. Source: RFC 9110 section 9.3.6.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::decoded;
use super::exceptions::Exceptions;
use crate::problem::Problem;

/// The most bytes of a proxy's answer.
const MOST: usize = 16 << 10;

/// A proxy, and whom it is not for.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    host: String,
    port: u16,
    authorization: Option<String>,
    except: Exceptions,
}

impl Proxy {
    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]`, and the list of `NO_PROXY`.
    pub(crate) fn new(address: &str, except: Option<&str>) -> Result<Self, Problem> {
        let bad = || {
            // What is before the host is a password.
            let shown = address.rsplit('@').next().unwrap_or_default();
            Problem::mistake(format!("HTTPS_PROXY: found {shown:?}, expected http://HOST:PORT"))
        };
        let rest = address.strip_prefix("http://").or_else(|| (!address.contains("://")).then_some(address));
        let rest = rest.ok_or_else(bad)?.trim_end_matches('/');
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
            None => (place, 80),
        };
        if host.is_empty() {
            return Err(bad());
        }
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            authorization: user.map(basic),
            except: Exceptions::new(except.unwrap_or_default()),
        })
    }

    /// Whether it leads to this place.
    pub(super) fn is_for(&self, host: &str, port: u16) -> bool {
        !self.except.have(host, port)
    }

    /// A connection to a host, of which the proxy passes on every byte.
    pub(super) async fn tunnel(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let shown =
            self.authorization.as_ref().map(|shown| format!("Proxy-Authorization: Basic {shown}\r\n"));
        let request =
            format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{}\r\n", shown.unwrap_or_default());
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.write_all(request.as_bytes()).await?;
        // The server behind it speaks second, so nothing of it is among these bytes.
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut bytes = [0; 512];
            let count = stream.read(&mut bytes).await?;
            answer.extend(bytes.iter().take(count));
            if count == 0 || answer.len() > MOST {
                break;
            }
        }
        let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
        let told = format!("the proxy {}:{} answered {line:?}", self.host, self.port);
        match line.split_whitespace().nth(1) {
            Some("200") => Ok(stream),
            Some("407") => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("{told}, expected that it knows the user and password of HTTPS_PROXY"),
            )),
            Some("403") => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "{told}, expected that it lets {place} through: ask who runs it, or put it into NO_PROXY"
                ),
            )),
            _ => Err(io::Error::other(told)),
        }
    }
}

/// A user and a password as a URL has them. Each is decoded for itself: a colon may be part of the password.
fn basic(user: &str) -> String {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    STANDARD.encode([decoded(user), decoded(password)].join(&b':'))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn proxies_are_read_and_have_exceptions() {
        let proxy =
            Proxy::new("http://me:secret@proxy:3128/", Some("10.0.0.0/8,registry.lan:5000,.lan")).unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy", 3128));
        for (host, port, through) in [
            ("docker.io", 443, true),
            ("10.1.2.3", 443, false),
            ("registry.lan", 5000, false),
            ("lan", 443, true),
            ("localhost", 443, false),
        ] {
            assert_eq!(proxy.is_for(host, port), through, "{host}");
        }
        for bad in ["https://me:secret@proxy", "http://", "http://proxy:x", "socks5://proxy"] {
            let told = Proxy::new(bad, None).unwrap_err().to_string();
            assert!(told.starts_with("HTTPS_PROXY: found ") && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn passwords_are_decoded() {
        for (user, plain) in [
            ("me:secret", "me:secret"),
            ("me:p%40ss%3Aw%2fo%25rd", "me:p@ss:w/o%rd"),
            ("m%20e:a:b@c", "m e:a:b@c"),
            ("me:50%off", "me:50%off"),
            ("me", "me:"),
        ] {
            let proxy = Proxy::new(&format!("http://{user}@proxy:3128"), None).unwrap();
            assert_eq!(proxy.authorization, Some(STANDARD.encode(plain)), "{user}");
        }
    }

    #[test]
    fn a_tunnel_is_asked_for() {
        let asked = |answer: &'static str| async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 512];
                let count = stream.read(&mut request).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
                String::from_utf8_lossy(&request[..count]).into_owned()
            });
            let proxy = Proxy::new(&format!("http://me:secret@{address}"), None).unwrap();
            let opened = proxy.tunnel("registry.example.com", 443).await.map(drop);
            (opened.map_err(|error| (error.kind(), error.to_string())), server.await.unwrap())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (opened, request) = runtime.block_on(asked("HTTP/1.1 200 Connection established\r\n\r\n"));
        assert_eq!(opened, Ok(()));
        assert!(request.starts_with("CONNECT registry.example.com:443 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"), "{request}");
        for (answer, kind) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", io::ErrorKind::PermissionDenied),
            ("HTTP/1.1 403 Forbidden\r\n\r\n", io::ErrorKind::PermissionDenied),
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", io::ErrorKind::Other),
        ] {
            let (refused, told) = runtime.block_on(asked(answer)).0.unwrap_err();
            assert!(refused == kind && told.contains(&format!("answered {:?}", answer.trim_end())), "{told}");
        }
    }
}
