//! A package index: wheels that a test has made, served on loopback, and what was asked of it.
//!
//! [`Index::simple`] is an address that engines and their build containers reach. `server` speaks HTTP, `pages` has the
//! simple repository's pages.

mod pages;
mod server;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Engine;
use crate::error::{Doing, Result};
use crate::wheel::{Wheel, sdist, sha256};

/// A running index; it ends with the test program.
#[derive(Debug)]
pub struct Index {
    address: String,
    local: String,
    state: Arc<Mutex<State>>,
}

/// What an index has and has done.
#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, File>,
    /// Whole files that were sent, by name.
    downloads: BTreeMap<String, u64>,
    /// All requests: method, path and status.
    log: Vec<String>,
    /// The only `Authorization` header that is let in, if not all are.
    authorization: Option<String>,
    /// Indexes of their own below this one's address, by the first name in their paths.
    parts: BTreeMap<String, Arc<Mutex<State>>>,
}

#[derive(Debug, Clone)]
struct File {
    bytes: Arc<[u8]>,
    sha256: String,
    /// Nothing for a source distribution: what that needs is found out by building it.
    metadata: Option<String>,
}

impl Index {
    /// An empty index for an engine of this machine.
    pub fn serve(engine: &Engine) -> Result<Self> {
        let (address, bind) = engine.host()?;
        let (listener, port) = listen(bind)?;
        let state = Arc::default();
        server::start(listener, Arc::clone(&state));
        Ok(Self {
            address: format!("http://{address}:{port}"),
            local: format!("http://{bind}:{port}"),
            state,
        })
    }

    /// An empty index of its own on the same host, below `/NAME`, as hosts of packages have several.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let state = Arc::default();
        self.state().parts.insert(name.to_owned(), Arc::clone(&state));
        let below = |address: &str| format!("{address}/{name}");
        Self { address: below(&self.address), local: below(&self.local), state }
    }

    /// The addresses of an index that is not there, for the engine and for this machine.
    pub fn nowhere(engine: &Engine) -> Result<(String, String)> {
        let (address, bind) = engine.host()?;
        let (_, port) = listen(bind)?;
        Ok((format!("http://{address}:{port}/simple/"), format!("http://{bind}:{port}/simple/")))
    }

    /// Lets in only who has this header.
    pub fn wants(&self, authorization: &str) {
        self.state().authorization = Some(authorization.to_owned());
    }

    /// Adds a wheel. Gives its bytes' number.
    pub fn add(&self, wheel: &Wheel) -> Result<u64> {
        let bytes = wheel.bytes()?;
        let size = bytes.len() as u64;
        self.insert(wheel.filename(), bytes, Some(wheel.metadata().to_owned()));
        Ok(size)
    }

    /// Adds a package that has no wheel.
    pub fn add_sdist(&self, name: &str, version: &str, requires: &[&str]) -> Result<()> {
        self.insert(format!("{name}-{version}.tar.gz"), sdist::bytes(name, version, requires)?, None);
        Ok(())
    }

    fn insert(&self, filename: String, bytes: Vec<u8>, metadata: Option<String>) {
        let file = File { sha256: sha256(&bytes), bytes: bytes.into(), metadata };
        self.state().files.insert(filename, file);
    }

    /// Serves other bytes for a file, though all pages tell the hash of the right ones.
    pub fn corrupt(&self, filename: &str) {
        if let Some(file) = self.state().files.get_mut(filename) {
            file.bytes = b"not what was locked".to_vec().into();
        }
    }

    /// What users write into their configuration.
    pub fn simple(&self) -> String {
        format!("{}/simple/", self.address)
    }

    /// The same for programs of this machine.
    pub fn local(&self) -> String {
        format!("{}/simple/", self.local)
    }

    /// The address of a file.
    pub fn url(&self, filename: &str) -> String {
        format!("{}/files/{filename}", self.address)
    }

    /// The SHA-256 of a file, if it is there.
    pub fn sha256(&self, filename: &str) -> Option<String> {
        self.state().files.get(filename).map(|file| file.sha256.clone())
    }

    /// How often each file was sent as a whole since [`Index::forget`].
    pub fn downloads(&self) -> BTreeMap<String, u64> {
        self.state().downloads.clone()
    }

    /// All requests since [`Index::forget`], as `GET /path 200`.
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// Begins to count again.
    pub fn forget(&self) {
        let mut state = self.state();
        state.downloads.clear();
        state.log.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// A PEP 751 lock of wheels as another tool writes it, each with its dependencies.
    pub fn lock(&self, wheels: &[(&Wheel, &[&str])]) -> String {
        let mut packages: Vec<String> = Vec::new();
        for (wheel, needs) in wheels {
            packages.push(pages::locked(
                &wheel.filename(),
                needs,
                &self.url(&wheel.filename()),
                &self.state(),
            ));
        }
        packages.sort();
        format!("lock-version = \"1.0\"\ncreated-by = \"tests\"\n{}", packages.concat())
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing is half-done where a connection's thread may panic.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(address: Ipv4Addr) -> Result<(TcpListener, u16)> {
    let doing = "listen for the package index";
    let listener = TcpListener::bind((address, 0)).doing(doing)?;
    let port = listener.local_addr().doing(doing)?.port();
    Ok((listener, port))
}
