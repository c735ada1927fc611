//! The Debian roots that private engines run in, and Docker's command line out of each: today's Docker, and an older one.

use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use crate::debian::Recipe;
use crate::error::{Doing, Error, Result};
use crate::place::Place;
use crate::step::step;
use crate::{debian, run};

/// What an engine needs; docker.io no longer brings its own client. passt is the engine's way to the network.
const PACKAGES: &[&str] = &[
    "busybox-static",
    "ca-certificates",
    "docker-buildx",
    "docker-cli",
    "docker-compose",
    "docker-registry",
    "docker.io",
    "git",
    "iproute2",
    "iptables",
    "passt",
    "runc",
    "tini-static",
];

/// The same of an older Docker. Registry and busybox come out of today's root, compose is tried with today's engine.
const OLDER_PACKAGES: &[&str] = &[
    "ca-certificates",
    "docker-buildx",
    "docker-cli",
    "docker.io",
    "git",
    "iproute2",
    "iptables",
    "passt",
    "rootlesskit",
    "runc",
    "tini",
    "uidmap",
];

/// The programs of Docker's command line, and where they are among the copies.
const CLI: &[(&str, &str)] = &[
    ("usr/bin/docker", "docker"),
    ("usr/libexec/docker/cli-plugins/docker-buildx", "cli-plugins/docker-buildx"),
    ("usr/libexec/docker/cli-plugins/docker-compose", "cli-plugins/docker-compose"),
];

/// A file in the root that tells what it was made of.
const STAMP: &str = "etc/layerset-root";

/// Which Docker a root has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Release {
    /// Docker 28 with buildx 0.29, of Debian's testing suite while this was written.
    #[default]
    Today,
    /// Docker 26.1 with buildx 0.13, of Debian 13.
    Older,
}

impl FromStr for Release {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "today" => Ok(Self::Today),
            "older" => Ok(Self::Older),
            _ => Err(Error::new(format!("unknown release \"{text}\", expected today or older"))),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Today => "today",
            Self::Older => "older",
        })
    }
}

impl Release {
    fn recipe(self) -> Recipe<'static> {
        let (suite, packages) = match self {
            Self::Today => ("forky", PACKAGES),
            Self::Older => ("trixie", OLDER_PACKAGES),
        };
        Recipe { suite, script: "sid", packages }
    }
}

/// Whether today's root is there, finished and of today's recipe.
pub fn is_there(place: &Place) -> bool {
    has(place, Release::Today)
}

fn has(place: &Place, release: Release) -> bool {
    fs::read_to_string(place.root_of(release).join(STAMP)).is_ok_and(|text| text == stamp(release))
}

fn stamp(release: Release) -> String {
    let recipe = release.recipe();
    format!("{} {}\n", recipe.suite, recipe.packages.join(" "))
}

/// Makes sure that today's root and command line are there. The caller holds the lock.
pub fn ensure(place: &Place) -> Result<()> {
    ensure_of(place, Release::Today)
}

/// Makes sure that root and command line of a release are there. The caller holds the lock.
pub fn ensure_of(place: &Place, release: Release) -> Result<()> {
    if has(place, release) {
        return Ok(());
    }
    let root = place.root_of(release);
    let unfinished = root.with_extension("unfinished");
    require_root_user()?;
    debian::ensure("debootstrap", &["--version"], "debootstrap")?;
    release.recipe().make(&unfinished, &place.log(&format!("root-{release}")))?;
    step(&format!("finish the root of engines ({release})"), || {
        trust_same_authorities(&unfinished)?;
        for cache in ["var/cache/apt", "var/lib/apt/lists"] {
            let _ = fs::remove_dir_all(unfinished.join(cache));
        }
        // Mount points, since the root is read-only while engines run.
        for dir in ["engine", "tmp", "opt", "run"] {
            let dir = unfinished.join(dir);
            fs::create_dir_all(&dir).doing_to("make", &dir)?;
        }
        copy_cli(&unfinished, &place.cli_of(release))?;
        let name = unfinished.join(STAMP);
        fs::write(&name, stamp(release)).doing_to("write", &name)?;
        if root.exists() {
            fs::remove_dir_all(&root).doing_to("clear", &root)?;
        }
        fs::rename(&unfinished, &root).doing_to("make", &root)
    })
}

/// Debian roots, mounts and namespaces are root's business.
pub fn require_root_user() -> Result<()> {
    if run::output(run::command("id").arg("-u"))?.trim() == "0" {
        return Ok(());
    }
    Err(Error::new(
        "engines, their registry and base images are set up by root, found another user: run this once as root",
    ))
}

/// Gives a root the certificate authorities of the machine, which may have some of its own.
pub fn trust_same_authorities(root: &Path) -> Result<()> {
    let bundle = "etc/ssl/certs/ca-certificates.crt";
    let (ours, theirs) = (Path::new("/").join(bundle), root.join(bundle));
    if ours.exists() {
        fs::copy(&ours, &theirs).doing_to("write", &theirs)?;
    }
    Ok(())
}

/// Copies client and plugins to a directory that mixes with nothing of the user's.
fn copy_cli(root: &Path, cli: &Path) -> Result<()> {
    let plugins = cli.join("cli-plugins");
    fs::create_dir_all(&plugins).doing_to("make", &plugins)?;
    for (from, to) in CLI.iter().map(|(from, to)| (root.join(from), cli.join(to))) {
        if !from.exists() {
            continue;
        }
        // Beside and renamed: the old one may be running.
        let beside = to.with_extension("new");
        fs::copy(&from, &beside).doing_to("copy", &from)?;
        fs::rename(&beside, &to).doing_to("make", &to)?;
    }
    // They only want libc; if that is too old here, better to hear it now.
    run::output(run::command(&cli.join("docker").to_string_lossy()).arg("--version")).map(drop)
}
