//! HTTP/2 over the container's stdin and stdout.

use std::io;
use std::os::fd::AsFd;
use std::sync::Mutex;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe;
use tonic::transport::{Channel, Endpoint, Uri};

/// Connects over fds 0 and 1. They are pipes that the engine holds the other ends of; tokio's own
/// stdin is a thread that blocks in `read` and would keep the process from ending.
pub async fn stdio() -> Result<Channel, Box<dyn std::error::Error + Send + Sync>> {
    let reader = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let writer = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
    Ok(connect(tokio::io::join(reader, writer)).await?)
}

/// Connects over any stream; there is only this one connection and no second try.
pub async fn connect<S>(stream: S) -> Result<Channel, tonic::transport::Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stream = Mutex::new(Some(stream));
    let connector = tower::service_fn(move |_: Uri| {
        let taken = stream.lock().ok().and_then(|mut stream| stream.take());
        async move { taken.map(TokioIo::new).ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
    });
    // Large windows: a listing or a lock file of some MiB comes in one go.
    Endpoint::from_static("http://buildkit")
        .initial_stream_window_size(8 << 20)
        .initial_connection_window_size(16 << 20)
        .connect_with_connector(connector)
        .await
}
