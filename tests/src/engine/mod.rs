//! Engines: the machine's own Docker where it serves, private ones below `target/engine/` where it does not.
//!
//! [`Engine`] is what tests hold. `launch` starts and stops private engines, `own` looks for the machine's.

mod launch;
mod own;

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;

pub use launch::{Status, down, down_all, status};

use crate::docker::Docker;
use crate::error::{Error, Result};
use crate::images::{self, BASES};
use crate::lock::Lock;
use crate::place::Place;
use crate::registry::Registry;
use crate::root::Release;
use crate::step::step;
use crate::{root, settings};

/// Which image store an engine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// containerd's: today's default, with MergeOp.
    Containerd,
    /// Docker's older graph drivers: no MergeOp.
    Graphdriver,
    /// containerd's, in a daemon that is not root outside of its own user namespace.
    Rootless,
}

impl FromStr for Flavour {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "containerd" => Ok(Self::Containerd),
            "graphdriver" => Ok(Self::Graphdriver),
            "rootless" => Ok(Self::Rootless),
            _ => Err(Error::new(format!(
                "unknown flavour \"{text}\", expected containerd, graphdriver or rootless"
            ))),
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Containerd => "containerd",
            Self::Graphdriver => "graphdriver",
            Self::Rootless => "rootless",
        })
    }
}

/// A running engine with the test base images in it.
#[derive(Debug, Clone)]
pub struct Engine {
    name: String,
    flavour: Flavour,
    release: Release,
    /// Of docker and buildx.
    client_release: Release,
    /// Nothing for the machine's own Docker: there the user's settings hold.
    client: Option<Client>,
    registry: Registry,
}

/// How a private engine is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) host: String,
    pub(crate) config: PathBuf,
    pub(crate) bin: PathBuf,
}

static CONTAINERD: OnceLock<Result<Engine, String>> = OnceLock::new();
static PRIVATE: OnceLock<Result<Engine, String>> = OnceLock::new();
static GRAPHDRIVER: OnceLock<Result<Engine, String>> = OnceLock::new();
static SECOND: OnceLock<Result<Engine, String>> = OnceLock::new();
static OLDER: OnceLock<Result<Engine, String>> = OnceLock::new();
static OLDER_CONTAINERD: OnceLock<Result<Engine, String>> = OnceLock::new();
static ROOTLESS: OnceLock<Result<Engine, String>> = OnceLock::new();

impl Engine {
    /// The engine with containerd's image store, started on first use.
    pub fn containerd() -> Result<&'static Self> {
        shared(&CONTAINERD, || Self::own_or("main", Flavour::Containerd))
    }

    /// The same, but never the machine's own: for what has names that its user's things may have.
    pub fn private() -> Result<&'static Self> {
        shared(&PRIVATE, || Self::up("main", Flavour::Containerd))
    }

    /// The engine with the graph driver's image store, started on first use.
    pub fn graphdriver() -> Result<&'static Self> {
        shared(&GRAPHDRIVER, || Self::own_or("graphdriver", Flavour::Graphdriver))
    }

    /// Another private engine with containerd's store: empty, but for the base images, when a test program first
    /// asks for it.
    pub fn second() -> Result<&'static Self> {
        shared(&SECOND, || Self::fresh("second", Flavour::Containerd))
    }

    /// An older Docker with the store that was its default, the graph driver's.
    pub fn older() -> Result<&'static Self> {
        shared(&OLDER, || Self::up_of("older", Release::Older, Flavour::Graphdriver))
    }

    /// The same older Docker with containerd's store, which it called an experiment.
    pub fn older_containerd() -> Result<&'static Self> {
        shared(&OLDER_CONTAINERD, || Self::up_of("oldercd", Release::Older, Flavour::Containerd))
    }

    /// A daemon without root, of the older release, whose root has what that takes. It does not see the registry: behind a
    /// network of its own `localhost` is another.
    pub fn rootless() -> Result<&'static Self> {
        shared(&ROOTLESS, || Self::up_of("rootless", Release::Older, Flavour::Rootless))
    }

    /// The machine's own Docker if it serves and has this store, else the private engine of this name.
    pub fn own_or(name: &str, flavour: Flavour) -> Result<Self> {
        if settings::private_only() || own::flavour() != Some(flavour) {
            return Self::up(name, flavour);
        }
        let place = Place::open()?;
        let _lock = Lock::of(place.base())?;
        root::ensure(&place)?;
        let registry = Registry::up(&place)?;
        let name = "the machine's own".to_owned();
        let release = Release::Today;
        let engine = Self { name, flavour, release, client_release: release, client: None, registry };
        engine.have_images(&place, true)?;
        Ok(engine)
    }

    /// Starts a private engine, or finds it running.
    pub fn up(name: &str, flavour: Flavour) -> Result<Self> {
        Self::started(name, Release::Today, flavour, false)
    }

    /// Starts a private engine of a release, or finds it running.
    pub fn up_of(name: &str, release: Release, flavour: Flavour) -> Result<Self> {
        Self::started(name, release, flavour, false)
    }

    /// Starts a private engine with nothing but the base images, whatever it held before.
    pub fn fresh(name: &str, flavour: Flavour) -> Result<Self> {
        Self::fresh_of(name, Release::Today, flavour)
    }

    /// The same with an engine of a release.
    pub fn fresh_of(name: &str, release: Release, flavour: Flavour) -> Result<Self> {
        Self::started(name, release, flavour, true)
    }

    fn started(name: &str, release: Release, flavour: Flavour, wipe: bool) -> Result<Self> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            return Err(Error::new(format!(
                "engine name \"{name}\" found, expected lower case letters and digits"
            )));
        }
        let place = Place::open()?;
        let _lock = Lock::of(place.base())?;
        images::ensure(&place)?;
        root::ensure_of(&place, release)?;
        let registry = Registry::up(&place)?;
        let host = launch::up(&place, name, (release, flavour), registry.port(), wipe)?;
        let (config, bin) = (launch::config(&place, name, release)?, place.cli_of(release));
        let client = Client { host, config, bin };
        let (name, client_release) = (name.to_owned(), release);
        let engine = Self { name, flavour, release, client_release, client: Some(client), registry };
        engine.have_images(&place, false)?;
        Ok(engine)
    }

    /// The same engine, spoken to with today's docker and buildx: who runs an older engine often has them.
    pub fn with_todays_client(&self) -> Result<Self> {
        let Some(client) = &self.client else { return Ok(self.clone()) };
        let place = Place::open()?;
        let (config, bin) = (launch::config(&place, &self.name, Release::Today)?, place.cli());
        let client = Client { host: client.host.clone(), config, bin };
        Ok(Self { client: Some(client), client_release: Release::Today, ..self.clone() })
    }

    /// The engine's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The engine's image store.
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Which Docker it is.
    pub fn release(&self) -> Release {
        self.release
    }

    /// Which docker and buildx it is spoken to with.
    pub fn client_release(&self) -> Release {
        self.client_release
    }

    /// Whether this is an engine of the harness's own.
    pub fn is_private(&self) -> bool {
        self.client.is_some()
    }

    /// The local registry, which engine and host both call by the same address.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The address of the host as the engine and its build containers see it, and the one to listen on for them.
    pub fn host(&self) -> Result<(Ipv4Addr, Ipv4Addr)> {
        if self.is_private() {
            return Ok((launch::HOST, Ipv4Addr::LOCALHOST));
        }
        let format = "{{(index .IPAM.Config 0).Gateway}}";
        let printed = self.docker(&["network", "inspect", "--format", format, "bridge"]).run()?.checked()?;
        let gateway = printed.stdout.trim();
        let address: Ipv4Addr = gateway.parse().map_err(|_| {
            Error::new(format!(
                "found the gateway \"{gateway}\" of Docker's bridge, expected an IPv4 address"
            ))
        })?;
        Ok((address, address))
    }

    /// A `docker` command against this engine.
    pub fn docker<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Docker {
        Docker::new(self.client.as_ref(), args)
    }

    /// What a shell must export to use the engine.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut variables = vec![("LAYERSET_REGISTRY".to_owned(), self.registry.address())];
        if let Some(client) = &self.client {
            variables.push(("DOCKER_HOST".to_owned(), client.host.clone()));
            variables.push(("DOCKER_CONFIG".to_owned(), client.config.display().to_string()));
            variables
                .push(("PATH".to_owned(), format!("{}:{}", client.bin.display(), settings::search_path())));
        }
        variables
    }

    /// Loads the base images that are not there. A public name is first asked for where it is public.
    fn have_images(&self, place: &Place, pull: bool) -> Result<()> {
        for base in BASES {
            let there = |tag: &&&str| {
                self.docker(&["image", "inspect", tag]).run().is_ok_and(|output| output.success())
            };
            if base.tags.iter().take(if pull { 1 } else { usize::MAX }).all(|tag| there(&tag)) {
                continue;
            }
            if pull && self.docker(&["pull", "--quiet", base.tags[0]]).run()?.success() {
                continue;
            }
            let tar = base.archive(place)?;
            step(&format!("load {} into {}", base.tags[0], self.name), || {
                self.docker(&["load", "--quiet", "--input"]).arg(&tar).run()?.checked()
            })?;
        }
        Ok(())
    }
}

fn shared(
    cell: &'static OnceLock<Result<Engine, String>>,
    start: impl FnOnce() -> Result<Engine>,
) -> Result<&'static Engine> {
    let result = cell.get_or_init(|| start().map_err(|error| error.to_string()));
    result.as_ref().map_err(|message| Error::new(message.clone()))
}
