//! HTTP/1.1 over TCP, TLS and unix sockets. `connect` opens connections, `certificates` says whom to trust, `proxy` goes
//! through one and `exceptions` says where not, `join` follows an answer that leads elsewhere, `body` brings an answer to code that reads and waits.

mod body;
mod certificates;
mod connect;
mod exceptions;
mod join;
mod proxy;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio_rustls::rustls;

pub(crate) use body::reader;
pub(crate) use hyper::{Method, StatusCode, Uri, header};
pub(crate) use join::{joined, server};
pub(crate) use proxy::Proxy;

use certificates::Certificates;
use connect::Connector;

use crate::problem::Problem;

/// How long an answer may take to begin.
const PATIENCE: Duration = Duration::from_secs(90);
/// The most bytes of an answer that is read as a whole.
const MOST: usize = 8 << 20;

/// An answer whose body is still to come.
pub(crate) type Answer = Response<Incoming>;

/// Sends requests, and keeps connections open for more.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client<Connector, Full<Bytes>>,
    patience: Duration,
}

impl Http {
    /// To servers of a network. `identity` is a directory with the `cert.pem` and `key.pem` of this client, and the
    /// `ca.pem` of the server.
    pub(crate) fn network(identity: Option<&Path>) -> Result<Self, Problem> {
        let certificates = identity.map(Certificates::of).transpose()?.unwrap_or_default();
        Ok(Self::over(Connector::network(certificates, None)))
    }

    /// The same by way of a proxy, where there is one.
    pub(crate) fn through(proxy: Option<Proxy>) -> Self {
        Self::over(Connector::network(Certificates::default(), proxy))
    }

    /// To whoever listens on a unix socket, whatever host a request names.
    pub(crate) fn unix(socket: &Path) -> Self {
        Self::over(Connector::Unix(socket.into()))
    }

    fn over(connector: Connector) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build(connector), patience: PATIENCE }
    }

    /// The same, over the same connections, to whoever takes more or less time before an answer begins.
    pub(crate) fn within(&self, patience: Duration) -> Self {
        Self { client: self.client.clone(), patience }
    }

    /// Sends a request. What fails before an answer may work the next time.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Problem> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        match tokio::time::timeout(self.patience, self.client.request(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failed(&host, &error)),
            Err(_) => Err(Problem::try_again(format!(
                "{host} did not answer within {} seconds",
                self.patience.as_secs()
            ))),
        }
    }
}

/// A request without a body.
pub(crate) fn get(uri: Uri) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri;
    request
}

/// The whole body of a small answer.
pub(crate) async fn whole(answer: Answer) -> Result<Bytes, Problem> {
    let body = Limited::new(answer.into_body(), MOST).collect();
    match tokio::time::timeout(PATIENCE, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Problem::mistake(format!("found an answer of more than {MOST} bytes")))
        }
        Ok(Err(error)) => Err(Problem::try_again(format!("the connection was lost: {error}"))),
        Err(_) => Err(Problem::try_again("the answer did not come to its end")),
    }
}

/// Why there is no answer. What TLS finds wrong with a server, and what is forbidden, no other attempt would change.
fn failed(host: &str, error: &(dyn Error + 'static)) -> Problem {
    let inner = |error: &(dyn Error + 'static)| {
        let io = error.downcast_ref::<std::io::Error>()?;
        io.get_ref()?.downcast_ref::<rustls::Error>().cloned()
    };
    match chain(error).find_map(inner) {
        Some(rustls::Error::InvalidCertificate(_)) => Problem::mistake(format!(
            "cannot trust {host}: {}; name a file with the certificate of its authority in SSL_CERT_FILE",
            causes(error)
        )),
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
            Problem::mistake(format!(
                "cannot speak to {host}: found an answer without TLS, expected TLS; \
                 a registry that has none is written with http:// before it"
            ))
        }
        _ if forbidden(error) => Problem::mistake(format!("cannot reach {host}: {}", causes(error))),
        _ => Problem::try_again(format!("cannot reach {host}: {}", causes(error))),
    }
}

fn forbidden(error: &(dyn Error + 'static)) -> bool {
    chain(error)
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

/// An error and what caused it, which is where the reason is.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut told: Vec<String> = Vec::new();
    for text in chain(error).map(ToString::to_string) {
        // Some repeat their cause.
        if !told.iter().any(|before| before.contains(&text)) {
            told.push(text);
        }
    }
    told.join(": ")
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error: &'a (dyn Error + 'static) = next?;
        next = error.source();
        Some(error)
    })
}

/// A part of an address, without what has a meaning there.
pub(crate) fn encoded(text: &str, kept: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// What a part of an address means. What is no code stays as it is.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = match after {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        bytes.push(code.map_or(*first, |(high, low)| high << 4 | low));
        rest = after.get(if code.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forbidden_does_not_pass() {
        use std::io::ErrorKind::{NotFound, PermissionDenied};
        for (kind, passes) in [(PermissionDenied, false), (NotFound, true)] {
            let problem = failed("docker", &std::io::Error::from(kind));
            assert!(problem.may_pass() == passes && problem.to_string().starts_with("cannot reach docker: "));
        }
    }

    #[test]
    fn parts_of_addresses_are_encoded() {
        assert_eq!(encoded("shop/api:1 &", ""), "shop%2Fapi%3A1%20%26");
        assert_eq!(encoded("shop/api:1", "/:"), "shop/api:1");
        assert_eq!(decoded("shop%2Fapi%3a1+%&%4"), b"shop/api:1+%&%4");
    }
}
