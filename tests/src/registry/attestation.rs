//! What an image's attestations say: in-toto statements, in image manifests of their own beside the image's.
//! Source: moby/buildkit `docs/attestations/attestation-storage.md`.

use serde_json::Value;

use super::image::{ACCEPT, json, list, split};
use super::{Registry, http};
use crate::error::Result;

impl Registry {
    /// The statements of an image, those of all its platforms in the order of the index; `reference` is
    /// `repository:tag` without the registry.
    pub fn statements(&self, reference: &str) -> Result<Vec<Value>> {
        let (repository, tag) = split(reference)?;
        let manifest_at = |tag: &str| json(self.port, &format!("/v2/{repository}/manifests/{tag}"), ACCEPT);
        let root = manifest_at(tag)?;
        let mut statements = Vec::new();
        for entry in list(&root["manifests"]) {
            if entry["annotations"]["vnd.docker.reference.type"] != "attestation-manifest" {
                continue;
            }
            let manifest = manifest_at(entry["digest"].as_str().unwrap_or_default())?;
            for layer in list(&manifest["layers"]) {
                let digest = layer["digest"].as_str().unwrap_or_default();
                statements.push(json(self.port, &format!("/v2/{repository}/blobs/{digest}"), "*/*")?);
            }
        }
        Ok(statements)
    }

    /// The digest of what a tag names: `sha256:…`.
    pub fn digest(&self, reference: &str) -> Result<String> {
        let (repository, tag) = split(reference)?;
        let body = http::get(self.port, &format!("/v2/{repository}/manifests/{tag}"), ACCEPT)?;
        Ok(format!("sha256:{}", crate::wheel::sha256(&body)))
    }
}
