//! The JSON of images as it is stored: indexes, image manifests, configurations, and `manifest.json` of `docker save`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::media::{check_layer, is_artifact, is_meant_as_layer};
use crate::digest::Digest;
use crate::platform::Platform;
use crate::problem::Problem;

/// An index or an image manifest, whichever has what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Document {
    pub(crate) schema_version: u8,
    /// Of an index.
    pub(crate) manifests: Option<Vec<Descriptor>>,
    /// Of an image manifest.
    pub(crate) config: Option<Descriptor>,
    #[serde(deserialize_with = "or_null")]
    pub(crate) layers: Vec<Descriptor>,
    /// Of what is no image.
    pub(crate) artifact_type: String,
}

/// Layers' blobs with their bytes.
pub(crate) type Blobs = Vec<(Digest, u64)>;

/// A blob as another names it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) platform: Option<Platform>,
    #[serde(deserialize_with = "or_null")]
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) artifact_type: String,
}

/// An image's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    #[serde(flatten)]
    pub(crate) platform: Platform,
    pub(crate) rootfs: RootFs,
    #[serde(deserialize_with = "or_null")]
    pub(crate) history: Vec<History>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RootFs {
    #[serde(deserialize_with = "or_null")]
    pub(crate) diff_ids: Vec<Digest>,
}

/// A line of the history.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct History {
    pub(crate) created_by: String,
    pub(crate) comment: String,
    pub(crate) empty_layer: bool,
}

/// An image of `manifest.json`, by paths in the archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SavedImage {
    pub(crate) config: String,
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
    #[serde(deserialize_with = "or_null")]
    pub(crate) layers: Vec<String>,
}

/// Go writes an empty list as null.
fn or_null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a document.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::mistake(format!("found {what} that cannot be read: {error}")))
}

impl Document {
    /// Whether it is a signature, a chart or the like. Source: opencontainers/image-spec `manifest.md`, artifacts.
    pub(crate) fn is_artifact(&self) -> bool {
        let config = self.config.as_ref().is_some_and(|config| is_artifact(&config.media_type));
        // Signatures of cosign have the configuration of an image.
        let files = self.layers.is_empty() || self.layers.iter().any(is_meant_as_layer);
        let entries = self.manifests.as_ref().is_some_and(|entries| {
            !entries.is_empty() && entries.iter().all(|entry| is_artifact(&entry.artifact_type))
        });
        is_artifact(&self.artifact_type) || config || !files || entries
    }

    /// An image manifest's configuration and layers, all of which are known.
    pub(crate) fn image(&self) -> Result<(&Descriptor, Blobs), Problem> {
        if self.schema_version != 2 {
            return Err(Problem::mistake(format!(
                "found an image manifest of version {}, expected version 2: push it again with a newer Docker",
                self.schema_version
            )));
        }
        let Some(config) = &self.config else {
            let found = if self.manifests.is_some() { "an index within too many others" } else { "neither" };
            let text = format!(
                "found {found}, expected an image manifest with a configuration, or an index of some"
            );
            return Err(Problem::mistake(text));
        };
        let layer = |layer: &Descriptor| {
            check_layer(layer)?;
            Ok((layer.digest()?, layer.size))
        };
        Ok((config, self.layers.iter().map(layer).collect::<Result<_, Problem>>()?))
    }
}

impl Descriptor {
    /// The digest, which is of the one kind that is in use.
    pub(crate) fn digest(&self) -> Result<Digest, Problem> {
        let bad = || {
            Problem::mistake(format!("found the digest {:?}, expected sha256: and 64 digits", self.digest))
        };
        Digest::parse(&self.digest).ok_or_else(bad)
    }

    /// Whether it is what BuildKit puts beside an image. Source: moby/buildkit `docs/attestations/attestation-storage.md`.
    pub(crate) fn is_attestation(&self) -> bool {
        self.annotations.contains_key("vnd.docker.reference.type")
            || self.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
    }

    /// Whether it says that it is no image, such as a list of what an image has in it.
    pub(crate) fn is_artifact(&self) -> bool {
        self.platform.is_none() && is_artifact(&self.artifact_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_manifests_are_told() {
        let old = parse::<Document>(br#"{"schemaVersion": 1, "fsLayers": []}"#, "x").unwrap();
        let told = old.image().unwrap_err().to_string();
        assert!(told.starts_with("found an image manifest of version 1, expected version 2"), "{told}");
        for (json, found) in [
            (&br#"{"schemaVersion": 2}"#[..], "found neither, expected an image manifest"),
            (br#"{"schemaVersion": 2, "manifests": []}"#, "found an index within too many others, expected"),
        ] {
            let told = parse::<Document>(json, "x").unwrap().image().unwrap_err().to_string();
            assert!(told.starts_with(found), "{told}");
        }
        let told = parse::<Document>(b"<html>", "an image manifest").unwrap_err().to_string();
        assert!(told.starts_with("found an image manifest that cannot be read: "), "{told}");
    }
}
