//! The engine of Docker's current context. Source: docker/cli `cli/context/store`, `cli/context/docker`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::Surroundings;
use crate::digest::Digest;
use crate::image::parse;
use crate::problem::Problem;

/// Where an engine is.
pub(super) struct Endpoint {
    pub(super) host: String,
    /// The directory with the certificates for it.
    pub(super) identity: Option<PathBuf>,
}

/// `config.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Configured {
    #[serde(rename = "currentContext")]
    current: String,
}

/// `meta.json` of a context.
#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: BTreeMap<String, Described>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    unverified: bool,
}

/// That of the current context; none where it is the one that Docker has without any.
pub(super) fn context(surroundings: &Surroundings) -> Result<Option<Endpoint>, Problem> {
    let Some(directory) = &surroundings.docker_config else { return Ok(None) };
    let configured = || -> Option<String> {
        let json = fs::read(directory.join("config.json")).ok()?;
        Some(serde_json::from_slice::<Configured>(&json).ok()?.current)
    };
    let name = surroundings.docker_context.clone().or_else(configured).unwrap_or_default();
    if name.is_empty() || name == "default" {
        return Ok(None);
    }
    let id = Digest::of(name.as_bytes()).hex();
    let path = directory.join("contexts/meta").join(&id).join("meta.json");
    let json = fs::read(&path).map_err(|error| {
        Problem::mistake(format!("found no Docker context {name:?}: {}: {error}", path.display()))
    })?;
    let mut meta: Meta = parse(&json, "a Docker context")?;
    let Some(Described { host, unverified }) = meta.endpoints.remove("docker") else { return Ok(None) };
    let network = matches!(host.split_once("://"), Some(("tcp" | "http" | "https", _)));
    if unverified && network {
        return Err(Problem::mistake(format!(
            "found skip-tls-verify in the Docker context {name:?}, expected one whose engine is verified: \
             give it a ca, or use: docker save IMAGE… | layerset report -"
        )));
    }
    let identity = directory.join("contexts/tls").join(&id).join("docker");
    // What may not be looked at is there: reading it says so.
    let there = network && identity.try_exists().unwrap_or(true);
    Ok(Some(Endpoint { host, identity: there.then_some(identity) }))
}
