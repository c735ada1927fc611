//! A builder on another machine: the BuildKit of an engine behind a socket, as buildx's `remote` driver finds it, and a
//! client that has nothing else.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use crate::error::{Doing, Result};
use crate::place::Place;
use crate::{Docker, Engine};

impl Engine {
    /// Serves the engine's BuildKit on a socket, until the program ends. Gives the endpoint for `docker buildx create`.
    pub fn serve_buildkit(&self, socket: &Path) -> Result<String> {
        let listener = UnixListener::bind(socket).doing_to("listen on", socket)?;
        let engine = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let dial = engine.docker(&["buildx", "dial-stdio", "--builder", "default"]);
                // The client sees its connection close, and says so.
                let _ = join(stream, dial);
            }
        });
        Ok(format!("unix://{}", socket.display()))
    }

    /// `docker` of a machine without an engine: its configuration is in `config`, which is made.
    pub fn bare_client(&self, config: &Path, args: &[&str]) -> Result<Docker> {
        let plugins = config.join("cli-plugins");
        if plugins.symlink_metadata().is_err() {
            std::fs::create_dir_all(config).doing_to("make", config)?;
            symlink(Place::open()?.cli().join("cli-plugins"), &plugins).doing_to("link", &plugins)?;
        }
        Ok(self.docker(args).env("DOCKER_CONFIG", config).env("DOCKER_HOST", "unix:///nowhere/docker.sock"))
    }
}

/// Copies both ways until one side ends.
fn join(stream: UnixStream, dial: Docker) -> Result<()> {
    let mut child = dial.piped()?;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Ok(());
    };
    let (mut from, mut to) = (stream.try_clone().doing("share a connection")?, stream);
    thread::spawn(move || copy(&mut from, &mut stdin));
    thread::spawn(move || {
        copy(&mut stdout, &mut to);
        let _ = to.shutdown(Shutdown::Both);
        let _ = child.wait();
    });
    Ok(())
}

/// As `io::copy`, without waiting for full buffers.
fn copy(from: &mut impl Read, to: &mut impl Write) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..count) else { return };
        if to.write_all(bytes).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}
