//! One set-up at a time, also between programs.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Doing, Error, Result};
use crate::step::say;

/// A set-up from nothing takes a few minutes; who waits longer than this waits for something hung.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Held while something below a directory is set up; given back when dropped.
///
/// The lock is an abstract socket: the kernel takes it back with the process, so it cannot become stale.
#[derive(Debug)]
pub struct Lock {
    _socket: UnixListener,
}

impl Lock {
    /// Waits until nobody else holds the lock of this directory.
    pub fn of(dir: &Path) -> Result<Self> {
        let name = format!("layerset-harness:{}", dir.display());
        let address = SocketAddr::from_abstract_name(&name).doing("name the lock")?;
        let start = Instant::now();
        let mut told = false;
        loop {
            match UnixListener::bind_addr(&address) {
                Ok(socket) => return Ok(Self { _socket: socket }),
                Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => {
                    return Err(error).doing("take the lock");
                }
                Err(_) if start.elapsed() > LIMIT => {
                    return Err(Error::new(format!("another set-up of {} does not end", dir.display())));
                }
                Err(_) => {}
            }
            if !told && start.elapsed() > Duration::from_secs(2) {
                say("another set-up is under way, waiting for it");
                told = true;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn the_second_waits_for_the_first() {
        let dir = Path::new("/nowhere/lock-test");
        let first = Lock::of(dir).unwrap();
        let (taken, waiting) = channel();
        let second = thread::spawn(move || {
            let _lock = Lock::of(dir).unwrap();
            taken.send(()).unwrap();
        });
        assert!(waiting.recv_timeout(Duration::from_millis(200)).is_err(), "both hold the lock");
        drop(first);
        assert!(waiting.recv_timeout(Duration::from_secs(5)).is_ok(), "the lock was not given back");
        second.join().unwrap();
    }
}
