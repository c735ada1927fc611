//! The local registry: a service on a loopback port, and what tests read back from it.

mod attestation;
mod http;
mod image;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub use image::{Blob, Image};
use serde_json::Value;

use crate::error::{Doing, Error, Result};
use crate::place::Place;
use crate::process::PidFile;
use crate::run;
use crate::step::step;

/// The first port that is tried; the one that was found is kept for the next start.
const FIRST_PORT: u16 = 5055;

const SERVE: &str = include_str!("serve.sh");

/// A running registry that speaks plain HTTP.
#[derive(Debug, Clone)]
pub struct Registry {
    port: u16,
    data: PathBuf,
}

impl Registry {
    /// Starts the registry, or finds it running. The caller holds the lock, and the root is there.
    pub(crate) fn up(place: &Place) -> Result<Self> {
        let dir = place.registry();
        let port_file = dir.join("port");
        let kept: Option<u16> = fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse().ok());
        if let Some(port) = kept
            && pid_file(place).running().is_some()
            && http::get(port, "/v2/", "*/*").is_ok()
        {
            return Ok(Self { port, data: dir.join("data") });
        }
        step("start the registry", || {
            pid_file(place).stop(Duration::from_secs(5))?;
            let data = dir.join("data");
            fs::create_dir_all(&data).doing_to("make", &data)?;
            let port = kept
                .into_iter()
                .chain(FIRST_PORT..FIRST_PORT + 200)
                .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
                .ok_or_else(|| Error::new(format!("no port above {FIRST_PORT} is free for the registry")))?;
            fs::write(&port_file, port.to_string()).doing_to("write", &port_file)?;
            start(place, &dir, port)?;
            Ok(Self { port, data })
        })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What image names begin with, for the host as for the engines: `localhost:PORT`.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The full name of a repository in this registry.
    pub fn name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.address())
    }

    /// Reads an image of the machine's platform: `reference` is `repository:tag` without the registry.
    pub fn image(&self, reference: &str) -> Result<Image> {
        Image::read(self.port, reference)
    }

    /// Reads what a reference names: an index, or an image manifest of any platform.
    pub fn root(&self, reference: &str) -> Result<Value> {
        image::root(self.port, reference)
    }

    /// The digests of all blobs that were ever pushed to a repository: layers and image configurations.
    pub fn blobs(&self, repository: &str) -> Result<BTreeSet<String>> {
        let dir = self.data.join("docker/registry/v2/repositories").join(repository).join("_layers/sha256");
        let entries = fs::read_dir(&dir).doing_to("read", &dir)?;
        entries
            .map(|entry| Ok(entry.doing_to("read", &dir)?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    /// Reads a blob.
    pub fn blob(&self, repository: &str, digest: &str) -> Result<Vec<u8>> {
        http::get(self.port, &format!("/v2/{repository}/blobs/{digest}"), "*/*")
    }
}

/// Stops the registry; nothing happens if it does not run.
pub(crate) fn down(place: &Place) -> Result<()> {
    pid_file(place).stop(Duration::from_secs(5))
}

pub(crate) fn pid_file(place: &Place) -> PidFile {
    PidFile::new(place.registry().join("pid"))
}

fn start(place: &Place, dir: &Path, port: u16) -> Result<()> {
    let config = dir.join("config.yml");
    let text = format!(
        "version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
         http: {{addr: \"127.0.0.1:{port}\"}}\n",
        dir.join("data").display()
    );
    fs::write(&config, text).doing_to("write", &config)?;
    let log = dir.join("log");
    let output = File::create(&log).doing_to("write", &log)?;
    let errors = output.try_clone().doing_to("write", &log)?;
    let script = dir.join("serve.sh");
    fs::write(&script, SERVE).doing_to("write", &script)?;
    let mut command = run::command("setsid");
    command.args(["--fork", "sh"]).arg(&script).arg(dir.join("pid"));
    command.arg(place.root().join("usr/bin/docker-registry")).arg(&config);
    let status = command.stdout(output).stderr(errors).current_dir("/").status().doing("run setsid")?;
    let begin = Instant::now();
    while status.success() && begin.elapsed() < Duration::from_secs(20) {
        if http::get(port, "/v2/", "*/*").is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(Error::new(format!("the registry did not come up, {}", run::tail_of(&log))))
}
