//! What a build needs from outside, and the one way to ask for it. Two implementations: the engine
//! (in a build) and the local disk (on the command line).

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Span;
use crate::emit::{BaseSource, Sources};
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::pipeline::Checked;
use crate::plan::{ContextPlan, Facts, Listing, Look, Plan, Target};
use crate::platform::Platform;
use crate::python::{Answer, Imports, Probed, Request};

/// The manifest as it was found.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// Its name as the user gave it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The context, as the command line that is run again names it.
    pub context: String,
    /// The `.dockerignore` that goes with it: `<manifest>.dockerignore`, else the context's.
    pub ignore: Option<Vec<u8>>,
}

/// Asks for what is outside.
#[expect(async_fn_in_trait, reason = "used by this crate alone, on one thread")]
pub trait Outside {
    /// The manifest.
    async fn manifest(&self) -> Result<ManifestFile, Failure>;

    /// Resolves base images, those that are pinned by their digests, and named contexts, all at once. What cannot be
    /// known here is left out.
    async fn resolve(
        &self,
        bases: &BTreeMap<Base, Span>,
        platform: &Platform,
        pins: &Pins,
    ) -> Result<Resolved, Failure>;

    /// What `paths` (relative to the context, clean) are in what `context` sends, or what they lead to; what is not there
    /// is left out.
    async fn kinds(&self, context: &ContextPlan, paths: &[String]) -> Result<Look, Failure>;

    /// Which of `paths` are symbolic links.
    async fn links(
        &self,
        context: &ContextPlan,
        paths: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Failure>;

    /// Bytes of each of `paths`, or of the files right in it where it is a directory. What is not there is left out.
    async fn weights(&self, context: &ContextPlan, paths: &BTreeSet<String>) -> Result<Weights, Failure>;

    /// Files of the context by their paths; what is not there is left out.
    async fn read(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure>;

    /// Where uv comes from. `None`: it cannot be known here.
    async fn uv(&self, platform: &Platform) -> Result<Option<BaseSource>, Failure>;

    /// The interpreter of a stage. `None`: it cannot be known here.
    async fn interpreter(&self, at: OnStage<'_>) -> Result<Option<Probed>, Failure>;

    /// What requirements resolve to on a stage; `files` are those they are in. `None`: it cannot be known here.
    async fn lock(
        &self,
        at: OnStage<'_>,
        files: &BTreeSet<String>,
        request: &Request,
    ) -> Result<Option<Answer>, Failure>;

    /// Which of `names` the sources of the context name, by path. `None`: it cannot be known here.
    async fn imports(
        &self,
        context: &ContextPlan,
        names: &BTreeSet<String>,
    ) -> Result<Option<Imports>, Failure>;

    /// The files `*.txt` right in directories of the context; none where directories cannot be listed.
    async fn texts(&self, directories: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure>;

    /// Everything in what `context` sends. Slower than the others, so it is asked for only where it is needed.
    async fn listing(&self, context: &ContextPlan) -> Result<Listing, Failure>;
}

/// Digests of images (`sha256:…`), by the names that the manifest has for them.
pub type Pins = BTreeMap<String, String>;

/// Bytes by path.
pub type Weights = BTreeMap<String, u64>;

/// A stage or service whose base a step runs on.
#[derive(Clone, Copy, Debug)]
pub struct OnStage<'a> {
    /// The manifest.
    pub checked: &'a Checked,
    /// The plan as far as it is known.
    pub plan: &'a Plan,
    /// What it was made from.
    pub facts: &'a Facts,
    /// Where bases come from.
    pub sources: &'a Sources,
    /// Whose base it is.
    pub target: &'a Target,
    /// The platform.
    pub platform: &'a Platform,
}

impl OnStage<'_> {
    /// The environment of what the target is built on, with its own.
    pub fn environment(&self) -> BTreeMap<&str, &str> {
        let config = match self.target {
            Target::Stage(name) => self.plan.stages.get(name).map(|stage| &stage.config),
            Target::Service(name) => self.plan.images.get(name).map(|image| &image.config),
        };
        let entries = config.into_iter().flat_map(|config| &config.config.env);
        entries.filter_map(|entry| entry.split_once('=')).collect()
    }
}

/// What base images and named contexts are.
#[derive(Debug, Default)]
pub struct Resolved {
    /// For the plan: their configurations.
    pub facts: Facts,
    /// For the graph: where they come from.
    pub sources: Sources,
    /// Those that cannot be had, and why.
    pub refused: BTreeMap<Base, Failure>,
}
