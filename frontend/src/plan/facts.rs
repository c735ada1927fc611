//! What the plan needs from outside, as plain data.

use std::collections::BTreeMap;

use super::config::ImageConfig;

/// Where a base image or named context comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseSource {
    /// A registry's image, by full reference.
    Image(String),
    /// A directory of the client.
    Local {
        /// Name of the local source.
        name: String,
        /// Session that holds it.
        session: String,
        /// Hint under which the engine keeps the transferred files.
        shared_key: String,
        /// Exclusion patterns of its own `.dockerignore`.
        exclude: Vec<String>,
    },
    /// An image in an OCI layout of the client.
    OciLayout {
        /// Reference, with digest.
        reference: String,
        /// Session that holds it.
        session: String,
        /// Name of the store in the session.
        store: String,
    },
    /// A git repository, `URL#ref:subdir`.
    Git(String),
    /// A file or archive behind http(s).
    Http(String),
    /// The empty file system.
    Scratch,
}

/// A base image as the engine resolved it.
#[derive(Clone, Debug)]
pub struct BaseImage {
    /// Where it comes from, as the engine resolved it (a source policy may rewrite it).
    pub source: BaseSource,
    /// Its configuration.
    pub config: ImageConfig,
}

/// Facts by the name under which the manifest asks for them.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Base images by reference as written, and named contexts that are images by name.
    pub images: BTreeMap<String, BaseImage>,
}

impl Facts {
    /// The configuration of a base image or context, if it is known.
    pub fn config(&self, name: &str) -> Option<&ImageConfig> {
        self.images.get(name).map(|image| &image.config)
    }
}
