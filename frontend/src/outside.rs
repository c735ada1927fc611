//! What a build needs from outside, and the one way to ask for it. Two implementations: the engine
//! (in a build) and the local disk (on the command line).

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Span;
use crate::emit::Sources;
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::plan::{ContextPlan, Facts, Listing, Look};
use crate::platform::Platform;

/// The manifest as it was found.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// Its name as the user gave it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The `.dockerignore` that goes with it: `<manifest>.dockerignore`, else the context's.
    pub ignore: Option<Vec<u8>>,
}

/// Asks for what is outside.
#[expect(async_fn_in_trait, reason = "used by this crate alone, on one thread")]
pub trait Outside {
    /// The manifest.
    async fn manifest(&self) -> Result<ManifestFile, Failure>;

    /// Resolves base images and named contexts. What cannot be known here is left out.
    async fn resolve(&self, bases: &BTreeMap<Base, Span>, platform: &Platform) -> Result<Resolved, Refused>;

    /// What `paths` (relative to the context, clean) are in what `context` sends; what is not there is left out.
    async fn kinds(&self, context: &ContextPlan, paths: &[String]) -> Result<Look, Failure>;

    /// Bytes of each of `paths`, or of the files right in it where it is a directory. What is not there is left out.
    async fn weights(&self, context: &ContextPlan, paths: &BTreeSet<String>) -> Result<Weights, Failure>;

    /// Everything in what `context` sends. Slower than the others, so it is asked for only where it is needed.
    async fn listing(&self, context: &ContextPlan) -> Result<Listing, Failure>;
}

/// Bytes by path.
pub type Weights = BTreeMap<String, u64>;

/// What base images and named contexts are.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// For the plan: their configurations.
    pub facts: Facts,
    /// For the graph: where they come from.
    pub sources: Sources,
}

/// Why a base could not be resolved.
#[derive(Debug)]
pub struct Refused {
    /// Where the manifest names it.
    pub span: Span,
    /// What went wrong.
    pub failure: Failure,
}
