//! Where the file systems that a build starts from come from.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use crate::remote::Repository;

/// Sources of base images and named contexts, by the base as it prints.
/// A name that is not here is a registry's image.
pub type Sources = BTreeMap<String, BaseSource>;

/// Where a base image or named context comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum BaseSource {
    /// The empty file system.
    Scratch,
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
    /// A commit of a git repository.
    Git(Repository),
    /// A file or archive behind http(s).
    Http(String),
    /// The result of another target of the same bake, which the client hands in.
    Definition(pb::Definition),
}
