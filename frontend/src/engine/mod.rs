//! The engine as the outside of a build: manifest, base images and context through the gateway.

mod base;
mod listing;
mod look;
mod python;
mod sbom;

pub use sbom::Listing as SbomListing;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Differ, Graph, Local, Metadata};
use buildkit_proto::pb;
use buildkit_proto::stat::Stat;
use tokio::task::JoinSet;

use crate::diagnostic::Span;
use crate::emit::{self, BaseSource, OwnImage};
use crate::failure::Failure;
use crate::gateway::{Client, Ref};
use crate::manifest::model::Base;
use crate::options::Options;
use crate::outside::{ManifestFile, OnStage, Outside, Pins, Refused, Resolved, Weights};
use crate::plan::{ContextPlan, Found, Listing, Look};
use crate::platform::Platform;
use crate::python::{Answer, Imports, Probed, Request};

/// Files looked up at once in the context.
const LOOKUPS: usize = 32;

/// The image of uv, where no context `uv` takes its place.
const UV: &str = "ghcr.io/astral-sh/uv:latest";

/// A build on an engine.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The connection.
    pub client: Client,
    /// What the build was asked for.
    pub options: Options,
    /// The image that this process runs in, if the engine says so: steps of our own run on it.
    pub own_image: Option<OwnImage>,
}

impl Engine {
    /// A few files of a local source, transferred apart from everything else. Its hint differs from
    /// the context's: under the same one each transfer would delete what the other had sent.
    fn small_local(
        &self,
        name: &str,
        files: Vec<String>,
        hint: &str,
        shown: &str,
    ) -> (pb::Definition, String) {
        let mut graph = Graph::new();
        let local = Local::new(name)
            .session(self.options.session_of(name))
            .follow_paths(files)
            .shared_key_hint(hint)
            .differ(Differ::None, false);
        let edge = graph.add(local, Metadata::named(format!("[internal] {shown}")));
        (graph.definition(edge), graph.digest(edge).to_owned())
    }

    /// The definition that the manifest is read from, and the digest of its vertex: warnings are shown there.
    pub fn manifest_definition(&self) -> (pb::Definition, String) {
        let name = &self.options.filename;
        let files = vec![name.clone(), format!("{name}.dockerignore")];
        self.small_local(&self.options.manifest_local, files, "layerset-manifest", &format!("load {name}"))
    }

    async fn context_ignore(&self, context: &str) -> Result<Option<Vec<u8>>, Failure> {
        let files = vec![".dockerignore".to_owned()];
        let (definition, _) = self.small_local(context, files, "layerset-ignore", "load .dockerignore");
        let reference = self.client.solve(definition, false).await?;
        Ok(self.client.read_file(&reference, ".dockerignore").await?)
    }
}

impl Outside for Engine {
    async fn manifest(&self) -> Result<ManifestFile, Failure> {
        if let Some(remote) = self.options.raw.get(&self.options.context_local) {
            return Err(Failure::Request(format!(
                "the build context is {remote:?}, expected a directory of the client: remote contexts are not supported yet"
            )));
        }
        let name = self.options.filename.clone();
        let manifest = async {
            let reference = self.client.solve(self.manifest_definition().0, false).await?;
            let ignore = format!("{name}.dockerignore");
            tokio::try_join!(
                self.client.read_file(&reference, &name),
                self.client.read_file(&reference, &ignore)
            )
            .map_err(Failure::from)
        };
        let context_ignore = self.context_ignore(&self.options.context_local);
        let ((bytes, own_ignore), context_ignore) = tokio::try_join!(manifest, context_ignore)?;
        let bytes = bytes.ok_or_else(|| {
            Failure::Request(format!(
                "no manifest {name:?} was found, name it with -f (docker buildx build -f layerset.yaml .)"
            ))
        })?;
        Ok(ManifestFile { name, bytes, ignore: own_ignore.or(context_ignore) })
    }

    async fn resolve(
        &self,
        bases: &BTreeMap<Base, Span>,
        platform: &Platform,
        pins: &Pins,
    ) -> Result<Resolved, Refused> {
        let mut pending = JoinSet::new();
        for (base, span) in bases {
            let (Base::Image(name) | Base::Context(name)) = base else { continue };
            let (engine, name, span, platform) = (self.clone(), name.clone(), *span, platform.clone());
            let pin = pins.get(&name).cloned();
            pending.spawn(async move { (engine.base(&name, pin.as_deref(), &platform).await, name, span) });
        }
        let mut resolved = Resolved::default();
        let mut refused: Option<Refused> = None;
        while let Some(done) = pending.join_next().await {
            match done {
                Ok((Ok(base), name, _)) => {
                    resolved.facts.configs.insert(name.clone(), base.config);
                    resolved.sources.insert(name, base.source);
                }
                Ok((Err(failure), _, span)) => {
                    if refused.as_ref().is_none_or(|first| span < first.span) {
                        refused = Some(Refused { span, failure });
                    }
                }
                Err(join) => {
                    let failure = Failure::Request(format!("internal error: {join}"));
                    return Err(Refused { span: Span::default(), failure });
                }
            }
        }
        refused.map_or(Ok(resolved), Err)
    }

    async fn read(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        self.files(paths).await
    }

    async fn uv(&self, platform: &Platform) -> Result<Option<BaseSource>, Failure> {
        let named = self.options.context("uv", platform).is_some();
        let base = self.base(if named { "uv" } else { UV }, None, platform).await?;
        Ok(Some(base.source))
    }

    async fn interpreter(&self, at: OnStage<'_>) -> Result<Option<Probed>, Failure> {
        if self.own_image.is_none() {
            return Err(Failure::Request(
                "Python packages need an engine that tells a frontend its own image, with gateway.v0 or a syntax line".into(),
            ));
        }
        let Some(bytes) = self.probe(at).await? else {
            return Ok(Some(Probed::Nothing("it is built on nothing, expected a base with Python".into())));
        };
        let probed = serde_json::from_slice(&bytes);
        probed
            .map(Some)
            .map_err(|error| Failure::Request(format!("internal error: interpreter.json: {error}")))
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
        self.for_each(context, paths.iter().cloned(), kind).await
    }

    async fn weights(&self, context: &ContextPlan, paths: &BTreeSet<String>) -> Result<Weights, Failure> {
        self.for_each(context, paths.iter().cloned(), weight).await
    }
}

impl Engine {
    /// What `look` finds at each path of the context; `None` is left out.
    async fn for_each<T, L, F>(
        &self,
        context: &ContextPlan,
        paths: impl Iterator<Item = String>,
        look: L,
    ) -> Result<BTreeMap<String, T>, Failure>
    where
        T: Send + 'static,
        L: Fn(Client, Ref, String) -> F,
        F: Future<Output = Result<(String, Option<T>), Failure>> + Send + 'static,
    {
        let name = &self.options.context_local;
        let definition = emit::context_definition(context, name, self.options.session_of(name));
        let reference = self.client.solve(definition, false).await?;
        let mut paths = paths;
        let mut found = BTreeMap::new();
        let mut pending = JoinSet::new();
        // The first look transfers the context; only then do the others go side by side.
        let mut most = 1;
        loop {
            while pending.len() < most {
                let Some(path) = paths.next() else { break };
                pending.spawn(look(self.client.clone(), reference.clone(), path));
            }
            let Some(done) = pending.join_next().await else { break };
            let (path, value) =
                done.map_err(|join| Failure::Request(format!("internal error: {join}")))??;
            found.extend(value.map(|value| (path, value)));
            most = LOOKUPS;
        }
        Ok(found)
    }
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
