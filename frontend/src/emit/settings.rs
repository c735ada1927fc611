//! What a build is told from outside, as far as it enters the graph.

use std::collections::BTreeMap;

use buildkit_llb::{Graph, Image, Metadata};
use buildkit_proto::pb;

use super::ContextSource;
use crate::options::{NoCache, Sandbox};
use crate::platform::Platform;

/// Settings of one build for one platform.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Platform of the images.
    pub platform: Platform,
    /// Whether the engine merges layers; otherwise they are copied one upon the other.
    pub merge: bool,
    /// Whether a copy takes a symbolic mode.
    pub mode_string: bool,
    /// Whether the engine downloads with credentials out of a secret.
    pub http_auth: bool,
    /// Where the build context is.
    pub context: ContextSource,
    /// What is built without cache.
    pub no_cache: NoCache,
    /// What steps run in, as far as the engine can do it.
    pub sandbox: Sandbox,
    /// Labels of the command line.
    pub labels: BTreeMap<String, String>,
    /// The image that this process runs in, if an engine has said so: steps of our own run on it.
    pub own_image: Option<OwnImage>,
}

/// The image that this process runs in.
#[derive(Clone, Debug)]
pub struct OwnImage {
    /// What it is made of.
    pub definition: pb::Definition,
    /// Path of this program in it.
    pub program: String,
}

impl Settings {
    /// Whether any of `names`, of stages and services, is built without cache.
    pub fn is_built_anew<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> bool {
        match &self.no_cache {
            NoCache::Nothing => false,
            NoCache::All => true,
            NoCache::Named(anew) => names.any(|name| anew.contains(name)),
        }
    }

    /// Settings of a listing that no engine is asked for; the published image stands for this program's own.
    pub fn offline(platform: Platform) -> Self {
        let mut graph = Graph::new();
        let image = graph.add(Image::new("docker.io/layerset/frontend:1"), Metadata::default());
        let own_image = OwnImage { definition: graph.definition(image), program: "/layerset".into() };
        Self {
            platform,
            merge: true,
            mode_string: true,
            http_auth: true,
            context: ContextSource::Local { name: "context".into(), session: String::new() },
            no_cache: NoCache::Nothing,
            sandbox: Sandbox::default(),
            labels: BTreeMap::new(),
            own_image: Some(own_image),
        }
    }
}
