//! What a build is told from outside, as far as it enters the graph.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use super::ContextSource;
use crate::options::NoCache;
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
    /// Where the build context is.
    pub context: ContextSource,
    /// What is built without cache.
    pub no_cache: NoCache,
    /// `--network` of all steps that do not say otherwise.
    pub network: Option<String>,
    /// Labels of the command line.
    pub labels: BTreeMap<String, String>,
    /// Proxy build arguments, `http_proxy` … in lower case; they are no part of any cache key.
    pub proxies: BTreeMap<String, String>,
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
    /// Settings of a listing that no engine is asked for.
    pub fn offline(platform: Platform) -> Self {
        Self {
            platform,
            merge: true,
            mode_string: true,
            context: ContextSource::Local { name: "context".into(), session: String::new() },
            no_cache: NoCache::Nothing,
            network: None,
            labels: BTreeMap::new(),
            proxies: BTreeMap::new(),
            own_image: None,
        }
    }
}
