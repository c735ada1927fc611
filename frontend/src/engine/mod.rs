//! The engine as the outside of a build: manifest, base images and context through the gateway.

mod base;
mod context;
mod listing;
mod look;
mod place;
mod python;
mod sbom;

pub use sbom::Listing as SbomListing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use buildkit_proto::stat::Stat;
use tokio::task::JoinSet;

use crate::diagnostic::Span;
use crate::emit::{BaseSource, ContextSource, OwnImage, UV_IMAGE};
use crate::failure::Failure;
use crate::gateway::{Client, Ref};
use crate::manifest::model::Base;
use crate::options::Options;
use crate::outside::{ManifestFile, OnStage, Outside, Pins, Resolved, Weights};
use crate::plan::{ContextPlan, Directories, Found, Listing, Look};
use crate::platform::Platform;
use crate::python::{Answer, Imports, Probed, Request};

/// Files looked up at once in the context.
const LOOKUPS: usize = 32;

/// A build on an engine.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The connection.
    pub client: Client,
    /// What the build was asked for.
    pub options: Options,
    /// The image that this process runs in, if the engine says so: steps of our own run on it.
    pub own_image: Option<OwnImage>,
    /// Where the build context is.
    pub context: ContextSource,
    /// What the manifest is read from, if that is no directory of the client.
    manifest: Option<ContextSource>,
    /// What bases hold, as far as a step has told, by [`crate::emit::LookAt::base`].
    bases: Arc<Mutex<BTreeMap<String, Directories>>>,
}

impl Outside for Engine {
    async fn manifest(&self) -> Result<ManifestFile, Failure> {
        self.read_manifest().await
    }

    async fn resolve(
        &self,
        bases: &BTreeMap<Base, Span>,
        platform: &Platform,
        pins: &Pins,
    ) -> Result<Resolved, Failure> {
        let mut pending = JoinSet::new();
        for base in bases.keys() {
            let (name, platform) = match base {
                Base::Image(name) | Base::Context(name) => (name.clone(), platform.clone()),
                Base::Fixed { name, platform } => (name.clone(), platform.clone()),
                Base::Scratch | Base::Stage(_) | Base::Download(_) => continue,
            };
            let (engine, base, pin) = (self.clone(), base.clone(), pins.get(&name).cloned());
            pending.spawn(async move { (engine.base(&name, pin.as_deref(), &platform).await, base) });
        }
        let mut resolved = Resolved::default();
        while let Some(done) = pending.join_next().await {
            match done.map_err(|join| Failure::Request(format!("internal error: {join}")))? {
                (Ok(found), base) => {
                    resolved.facts.configs.insert(base.to_string(), found.config);
                    resolved.sources.insert(base.to_string(), found.source);
                }
                (Err(failure), base) => drop(resolved.refused.insert(base, failure)),
            }
        }
        Ok(resolved)
    }

    async fn read(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        self.files(paths).await
    }

    async fn uv(&self, platform: &Platform) -> Result<Option<BaseSource>, Failure> {
        let named = self.options.context("uv", platform).is_some();
        let base = self.base(if named { "uv" } else { UV_IMAGE }, None, platform).await?;
        Ok(Some(base.source))
    }

    async fn interpreter(&self, at: OnStage<'_>) -> Result<Option<Probed>, Failure> {
        if self.own_image.is_none() {
            return Err(Failure::Request(
                "Python packages need an engine that tells a frontend its own image, with gateway.v0 or a syntax line".into(),
            ));
        }
        let nothing = || Probed::Nothing("it is built on nothing, expected a base with Python".into());
        Ok(Some(self.probe(at).await?.unwrap_or_else(nothing)))
    }

    async fn lock(
        &self,
        at: OnStage<'_>,
        files: &BTreeSet<String>,
        request: &Request,
    ) -> Result<Option<Answer>, Failure> {
        self.resolve_on_stage(at, files, request).await.map(Some)
    }

    async fn imports(
        &self,
        context: &ContextPlan,
        names: &BTreeSet<String>,
    ) -> Result<Option<Imports>, Failure> {
        self.look_for_imports(context, names).await
    }

    /// Unknown here: the context is sent as it is selected, not to look around in it.
    async fn texts(&self, _: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
        Ok(BTreeSet::new())
    }

    async fn listing(&self, context: &ContextPlan) -> Result<Listing, Failure> {
        self.list(context).await
    }

    async fn kinds(&self, context: &ContextPlan, paths: &[String]) -> Result<Look, Failure> {
        let reference = self.context(context).await?;
        for_each(&self.client, &reference, paths.iter().cloned(), kind).await
    }

    async fn links(
        &self,
        context: &ContextPlan,
        paths: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Failure> {
        let reference = self.context(context).await?;
        let parents: BTreeSet<&str> = paths.iter().map(|path| parent(path)).collect();
        let parents = parents.into_iter().map(str::to_owned);
        let links = for_each(&self.client, &reference, parents, links_in).await?;
        let is_link = |path: &&String| {
            links
                .get(parent(path))
                .is_some_and(|names| names.contains(path.rsplit('/').next().unwrap_or(path)))
        };
        Ok(paths.iter().filter(is_link).cloned().collect())
    }

    async fn weights(&self, context: &ContextPlan, paths: &BTreeSet<String>) -> Result<Weights, Failure> {
        let reference = self.context(context).await?;
        for_each(&self.client, &reference, paths.iter().cloned(), weight).await
    }
}

impl Engine {
    /// The context, as it will be sent.
    async fn context(&self, context: &ContextPlan) -> Result<Ref, Failure> {
        Ok(self.client.solve(self.context.definition(context), false).await?)
    }
}

/// What `look` finds at each path; `None` is left out.
async fn for_each<T, L, F>(
    client: &Client,
    reference: &Ref,
    paths: impl Iterator<Item = String>,
    look: L,
) -> Result<BTreeMap<String, T>, Failure>
where
    T: Send + 'static,
    L: Fn(Client, Ref, String) -> F,
    F: Future<Output = Result<(String, Option<T>), Failure>> + Send + 'static,
{
    let mut paths = paths;
    let mut found = BTreeMap::new();
    let mut pending = JoinSet::new();
    // The first look transfers what is looked at; only then do the others go side by side.
    let mut most = 1;
    loop {
        while pending.len() < most {
            let Some(path) = paths.next() else { break };
            pending.spawn(look(client.clone(), reference.clone(), path));
        }
        let Some(done) = pending.join_next().await else { break };
        let (path, value) = done.map_err(|join| Failure::Request(format!("internal error: {join}")))??;
        found.extend(value.map(|value| (path, value)));
        most = LOOKUPS;
    }
    Ok(found)
}

/// Bytes of a file, or of the files right in a directory.
async fn weight(client: Client, reference: Ref, path: String) -> Result<(String, Option<u64>), Failure> {
    let Some(stat) = client.stat_file(&reference, &path).await? else { return Ok((path, None)) };
    let bytes = |stat: &Stat| u64::try_from(stat.size).unwrap_or_default();
    if !matches!(look::found(&stat).1, Found::Directory { .. }) {
        return Ok((path, Some(bytes(&stat))));
    }
    let inside = client.read_dir(&reference, &path, "").await?.unwrap_or_default();
    let files = inside.iter().filter(|stat| look::found(stat).1 == Found::File);
    let sum = files.map(bytes).sum();
    Ok((path, Some(sum)))
}

async fn kind(client: Client, reference: Ref, path: String) -> Result<(String, Option<Found>), Failure> {
    let stat = client.stat_file(&reference, &path).await?;
    Ok((path, stat.map(|stat| look::found(&stat).1)))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(parent, _)| parent)
}

/// Names of the links right in a directory: a look at one itself would follow it.
async fn links_in(
    client: Client,
    reference: Ref,
    directory: String,
) -> Result<(String, Option<BTreeSet<String>>), Failure> {
    let found = client.read_dir(&reference, &directory, "").await?.unwrap_or_default();
    let found = found.iter().map(look::found).filter(|(_, found)| *found == Found::Link);
    let names = found.map(|(name, _)| name).collect();
    Ok((directory, Some(names)))
}
