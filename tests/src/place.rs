//! Where things are: every path below `target/engine/`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Doing, Error, Result};
use crate::root::Release;
use crate::settings;

/// A Unix socket's path has room for 108 bytes.
const SOCKET_PATH_MAX: usize = 107;

/// The directory tree of the engines.
#[derive(Debug, Clone)]
pub struct Place {
    base: PathBuf,
}

impl Place {
    /// The project's own place, made if it is not there.
    pub fn open() -> Result<Self> {
        let base = settings::engine_dir().unwrap_or_else(|| workspace().join("target/engine"));
        fs::create_dir_all(&base).doing_to("make", &base)?;
        let base = base.canonicalize().doing_to("find", &base)?;
        let place = Self { base };
        let longest = place.engine("graphdriver").join("docker.sock");
        if longest.as_os_str().len() > SOCKET_PATH_MAX {
            return Err(Error::new(format!(
                "the socket path {} is longer than {SOCKET_PATH_MAX} bytes: set LAYERSET_ENGINE_DIR to a shorter directory",
                longest.display()
            )));
        }
        Ok(place)
    }

    /// The whole tree.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The Debian root that private engines run in.
    pub fn root(&self) -> PathBuf {
        self.base.join("root")
    }

    /// Docker's command line, copied out of the root.
    pub fn cli(&self) -> PathBuf {
        self.base.join("cli")
    }

    /// The Debian root of a release.
    pub fn root_of(&self, release: Release) -> PathBuf {
        match release {
            Release::Today => self.root(),
            Release::Older => self.base.join("root-older"),
        }
    }

    /// Docker's command line, copied out of the root of a release.
    pub fn cli_of(&self, release: Release) -> PathBuf {
        match release {
            Release::Today => self.cli(),
            Release::Older => self.base.join("cli-older"),
        }
    }

    /// The archives of the test base images.
    pub fn images(&self) -> PathBuf {
        self.base.join("images")
    }

    /// What long steps print.
    pub fn log(&self, step: &str) -> PathBuf {
        self.base.join("log").join(step)
    }

    /// An engine's own directory. No other engine, and no service, may have its name.
    pub fn engine(&self, name: &str) -> PathBuf {
        self.base.join("engines").join(name)
    }

    /// The names of all engines that have ever been started.
    pub fn engines(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.base.join("engines"))
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// The registry's directory.
    pub fn registry(&self) -> PathBuf {
        self.base.join("registry")
    }

    /// Where the projects of tests are: engines see this directory under the same path.
    pub fn projects(&self) -> PathBuf {
        self.base.join("projects")
    }
}

/// The checkout that this harness was built from.
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}
