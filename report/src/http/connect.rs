//! Opening connections, for the client of `hyper_util`.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper::rt::ReadBufCursor;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tower::Service;

use super::certificates::Certificates;
use super::proxy::Proxy;

/// How long a connection may take to be opened.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens connections.
#[derive(Clone, Debug)]
pub(super) enum Connector {
    /// By the host of the request.
    Network(Arc<Certificates>, Option<Arc<Proxy>>),
    /// Always to the same socket.
    Unix(PathBuf),
}

/// An open connection.
pub(super) enum Stream {
    Tcp(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
    Unix(TokioIo<UnixStream>),
}

impl Connector {
    pub(super) fn network(certificates: Certificates, proxy: Option<Proxy>) -> Self {
        Self::Network(Arc::new(certificates), proxy.map(Arc::new))
    }

    async fn open(self, uri: Uri) -> io::Result<Stream> {
        let (certificates, proxy) = match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(advised)?;
                return Ok(Stream::Unix(TokioIo::new(stream)));
            }
            Self::Network(certificates, proxy) => (certificates, proxy),
        };
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
        let host = uri.host().ok_or_else(|| wrong("no host"))?.trim_matches(['[', ']']);
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tcp = match proxy.filter(|proxy| secure && proxy.is_for(host, port)) {
            Some(proxy) => proxy.tunnel(host, port).await?,
            None => TcpStream::connect((host, port)).await?,
        };
        tcp.set_nodelay(true)?;
        if !secure {
            return Ok(Stream::Tcp(TokioIo::new(tcp)));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| wrong("no name of a host"))?;
        let tls = TlsConnector::from(certificates.config()?).connect(name, tcp).await?;
        Ok(Stream::Tls(Box::new(TokioIo::new(tls))))
    }
}

/// The same, with what can be done where a socket is of other users.
fn advised(error: io::Error) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::PermissionDenied => {
            io::Error::new(kind, format!("{error}, expected a socket of this user or of one of their groups"))
        }
        _ => error,
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let opened = self.clone().open(uri);
        Box::pin(async move {
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 30 seconds");
            tokio::time::timeout(PATIENCE, opened).await.map_err(late)?
        })
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
