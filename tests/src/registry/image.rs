//! Image manifests as the registry has them.

use serde_json::Value;

use super::http;
use crate::error::{Error, Result};

pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// An image in a registry: its image manifest and its configuration.
#[derive(Debug, Clone)]
pub struct Image {
    /// What the tag names: an index, or the image manifest itself.
    pub root: Value,
    /// The image manifest of the machine's platform.
    pub manifest: Value,
    /// The image configuration, whole: `config`, `rootfs`, `history` and the rest.
    pub config: Value,
    /// The layers, lowest first.
    pub layers: Vec<Blob>,
}

/// A layer as the image manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blob {
    /// The digest of the compressed bytes.
    pub digest: String,
    /// Their number.
    pub size: u64,
    /// The digest of the uncompressed tar, from the image configuration.
    pub diff_id: String,
}

/// What a reference names.
pub(super) fn root(port: u16, reference: &str) -> Result<Value> {
    let (repository, tag) = split(reference)?;
    json(port, &format!("/v2/{repository}/manifests/{tag}"), ACCEPT)
}

impl Image {
    pub(super) fn read(port: u16, reference: &str) -> Result<Self> {
        let (repository, tag) = split(reference)?;
        let manifest_at =
            |tag: &str| -> Result<Value> { json(port, &format!("/v2/{repository}/manifests/{tag}"), ACCEPT) };
        let root = manifest_at(tag)?;
        let manifest = match root["manifests"].as_array() {
            None => root.clone(),
            Some(entries) => manifest_at(of_platform(entries).ok_or_else(|| {
                Error::new(format!("{reference} has no image manifest of this machine's platform: {root}"))
            })?)?,
        };
        let digest = text(&manifest["config"]["digest"])?;
        let config = json(port, &format!("/v2/{repository}/blobs/{digest}"), "*/*")?;
        let layers = layers(&manifest, &config)?;
        Ok(Self { root, manifest, config, layers })
    }

    /// The layers' digests, lowest first.
    pub fn digests(&self) -> Vec<&str> {
        self.layers.iter().map(|layer| layer.digest.as_str()).collect()
    }
}

/// Takes `repository:tag` and `repository@digest` apart.
pub(super) fn split(reference: &str) -> Result<(&str, &str)> {
    reference.split_once('@').or_else(|| reference.rsplit_once(':')).ok_or_else(|| {
        Error::new(format!(
            "image reference \"{reference}\" found, expected repository:tag or repository@digest"
        ))
    })
}

/// Attestations stand in the index beside images, with the platform "unknown".
fn of_platform(entries: &[Value]) -> Option<&str> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let entry = entries.iter().find(|entry| {
        entry["platform"]["os"] == "linux" && entry["platform"]["architecture"] == architecture
    })?;
    entry["digest"].as_str()
}

fn layers(manifest: &Value, config: &Value) -> Result<Vec<Blob>> {
    let (Some(blobs), Some(ids)) = (manifest["layers"].as_array(), config["rootfs"]["diff_ids"].as_array())
    else {
        return Err(Error::new(format!("expected layers in an image manifest, found {manifest}")));
    };
    if blobs.len() != ids.len() {
        return Err(Error::new(format!("{} layers, but {} diff IDs", blobs.len(), ids.len())));
    }
    let blob = |(layer, id): (&Value, &Value)| {
        let size = layer["size"].as_u64().unwrap_or_default();
        Ok(Blob { digest: text(&layer["digest"])?, size, diff_id: text(id)? })
    };
    blobs.iter().zip(ids).map(blob).collect()
}

pub(super) fn json(port: u16, path: &str, accept: &str) -> Result<Value> {
    let body = http::get(port, path, accept)?;
    serde_json::from_slice(&body).map_err(|error| Error::new(format!("{path} is no JSON: {error}")))
}

/// The elements of a list; none of anything else.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Result<String> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| Error::new(format!("expected a string in an image manifest, found {value}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_come_apart() {
        assert_eq!(split("a/b:c").unwrap(), ("a/b", "c"));
        assert_eq!(split("a@sha256:0").unwrap(), ("a", "sha256:0"));
        assert!(split("a/b").is_err());
    }

    #[test]
    fn attestations_are_no_images() {
        let attestation =
            json!({"digest": "sha256:1", "platform": {"os": "unknown", "architecture": "unknown"}});
        let amd64 = json!({"digest": "sha256:2", "platform": {"os": "linux", "architecture": "amd64"}});
        let arm64 = json!({"digest": "sha256:3", "platform": {"os": "linux", "architecture": "arm64"}});
        assert!(of_platform(std::slice::from_ref(&attestation)).is_none());
        assert!(of_platform(&[attestation, amd64, arm64]).is_some_and(|digest| digest != "sha256:1"));
    }
}
