//! Python packages: what is required, and where it comes from.

use crate::diagnostic::{Span, Spanned};

/// An entry of `requirements`: a file of the context, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Where it stands.
    pub span: Span,
    /// Path of the file in the context.
    pub path: String,
    /// What of it.
    pub part: Part,
}

/// What of a file of requirements is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of a requirement file, the dependencies of a `pyproject.toml`.
    All,
    /// The dependencies of a `pyproject.toml` with those of an extra.
    Extra(String),
    /// A dependency group of a `pyproject.toml`.
    Group(String),
}

/// `python`: how requirements become packages.
#[derive(Clone, Debug, Default)]
pub struct Python {
    /// Where the section begins.
    pub span: Span,
    /// Lock file in the context.
    pub lock: Option<Spanned<String>>,
    /// Package indexes; empty: the resolver's own.
    pub index: Vec<Index>,
    /// Whether no index is asked.
    pub no_index: bool,
    /// Directory of wheels in the context.
    pub wheels: Option<Spanned<String>>,
    /// PEM file in the context with the certificates of indexes.
    pub certificates: Option<Spanned<String>>,
    /// Whether all services get the same versions.
    pub resolution: Resolution,
    /// Whether modules are compiled.
    pub bytecode: bool,
}

/// A package index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its address, without credentials.
    pub url: Spanned<String>,
    /// Id of the build secret that holds the Authorization header.
    pub secret: Option<String>,
}

/// How many versions of a package there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// One.
    #[default]
    Together,
    /// One for each set of requirements.
    Separate,
}
