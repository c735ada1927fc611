//! The Debian root that private engines run in, and Docker's command line out of it.

use std::fs;
use std::path::Path;

use crate::debian::Recipe;
use crate::error::{Doing, Error, Result};
use crate::place::Place;
use crate::run;
use crate::step::step;

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

/// Debian's testing suite while this was written: the oldest with Docker 28.
const RECIPE: Recipe<'_> = Recipe { suite: "forky", script: "sid", packages: PACKAGES };

/// A file in the root that tells what it was made of.
const STAMP: &str = "etc/layerset-root";

/// Whether the root is there, finished and of today's recipe.
pub fn is_there(place: &Place) -> bool {
    fs::read_to_string(place.root().join(STAMP)).is_ok_and(|text| text == stamp())
}

fn stamp() -> String {
    format!("{} {}\n", RECIPE.suite, PACKAGES.join(" "))
}

/// Makes sure that root and command line are there. The caller holds the lock.
pub fn ensure(place: &Place) -> Result<()> {
    if is_there(place) {
        return Ok(());
    }
    let root = place.root();
    let unfinished = place.base().join("root.unfinished");
    RECIPE.make(&unfinished, &place.log("root"))?;
    step("finish the engines' root", || {
        trust_same_authorities(&unfinished)?;
        for cache in ["var/cache/apt", "var/lib/apt/lists"] {
            let _ = fs::remove_dir_all(unfinished.join(cache));
        }
        // Mount points, since the root is read-only while engines run.
        for dir in ["engine", "tmp", "opt", "run"] {
            let dir = unfinished.join(dir);
            fs::create_dir_all(&dir).doing_to("make", &dir)?;
        }
        copy_cli(&unfinished, &place.cli())?;
        let name = unfinished.join(STAMP);
        fs::write(&name, stamp()).doing_to("write", &name)?;
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
    for (from, to) in [
        ("usr/bin/docker", cli.join("docker")),
        ("usr/libexec/docker/cli-plugins/docker-buildx", plugins.join("docker-buildx")),
        ("usr/libexec/docker/cli-plugins/docker-compose", plugins.join("docker-compose")),
    ] {
        // Beside and renamed: the old one may be running.
        let beside = to.with_extension("new");
        fs::copy(root.join(from), &beside).doing_to("copy", &root.join(from))?;
        fs::rename(&beside, &to).doing_to("make", &to)?;
    }
    // They only want libc; if that is too old here, better to hear it now.
    run::output(run::command(&cli.join("docker").to_string_lossy()).arg("--version")).map(drop)
}
