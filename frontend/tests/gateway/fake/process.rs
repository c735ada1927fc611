//! The frontend's own process, started as an engine starts it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::io::Join;
use tokio::net::unix::pipe::{Receiver, Sender};

/// The other ends of the process's stdin and stdout.
pub(crate) type Pipes = Join<Receiver, Sender>;

/// Starts `binary` with these options, `name=value`, and nothing else in its environment.
pub(crate) fn start(binary: &Path, options: &[&str]) -> io::Result<(Child, Pipes)> {
    let worker = r#"[{"id":"w","platforms":[{"architecture":"amd64","os":"linux"}]}]"#;
    let options = options.iter().enumerate();
    let mut child = Command::new(binary)
        .env_clear()
        .env("BUILDKIT_SESSION_ID", "session")
        .env("BUILDKIT_WORKERS", worker)
        .env("BUILDKIT_EXPORTEDPRODUCT", "")
        .envs(options.map(|(number, pair)| (format!("BUILDKIT_FRONTEND_OPT_{number}"), *pair)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let writer = OwnedFd::from(child.stdin.take().ok_or_else(gone)?);
    let reader = OwnedFd::from(child.stdout.take().ok_or_else(gone)?);
    let pipes = tokio::io::join(Receiver::from_owned_fd(reader)?, Sender::from_owned_fd(writer)?);
    Ok((child, pipes))
}
