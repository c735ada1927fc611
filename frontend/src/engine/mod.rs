//! The engine as the outside of a build: manifest, base images and context through the gateway.

mod base;
mod listing;
mod look;

use std::collections::BTreeMap;

use buildkit_llb::{Differ, Graph, Local, Metadata};
use buildkit_proto::pb;
use tokio::task::JoinSet;

use crate::diagnostic::Span;
use crate::emit;
use crate::failure::Failure;
use crate::gateway::{Client, Ref};
use crate::manifest::model::Base;
use crate::options::Options;
use crate::outside::{ManifestFile, Outside, Refused, Resolved};
use crate::plan::{ContextPlan, Found, Listing, Look};
use crate::platform::Platform;

/// Files looked up at once in the context.
const LOOKUPS: usize = 32;

/// A build on an engine.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The connection.
    pub client: Client,
    /// What the build was asked for.
    pub options: Options,
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

    async fn resolve(&self, bases: &BTreeMap<Base, Span>, platform: &Platform) -> Result<Resolved, Refused> {
        let mut pending = JoinSet::new();
        for (base, span) in bases {
            let (Base::Image(name) | Base::Context(name)) = base else { continue };
            let (engine, name, span, platform) = (self.clone(), name.clone(), *span, platform.clone());
            pending.spawn(async move { (engine.base(&name, &platform).await, name, span) });
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

    async fn listing(&self, context: &ContextPlan) -> Result<Listing, Failure> {
        self.list(context).await
    }

    async fn kinds(&self, context: &ContextPlan, paths: &[String]) -> Result<Look, Failure> {
        let name = &self.options.context_local;
        let definition = emit::context_definition(context, name, self.options.session_of(name));
        let reference = self.client.solve(definition, false).await?;
        // The first look transfers the context; only then do the others go side by side.
        let mut kinds = Look::new();
        for (start, end) in batches(paths.len()) {
            let mut pending = JoinSet::new();
            for path in &paths[start..end] {
                pending.spawn(kind(self.client.clone(), reference.clone(), path.clone()));
            }
            while let Some(done) = pending.join_next().await {
                let (path, kind) =
                    done.map_err(|join| Failure::Request(format!("internal error: {join}")))??;
                kinds.extend(kind.map(|kind| (path, kind)));
            }
        }
        Ok(kinds)
    }
}

async fn kind(client: Client, reference: Ref, path: String) -> Result<(String, Option<Found>), Failure> {
    let stat = client.stat_file(&reference, &path).await?;
    Ok((path, stat.map(|stat| look::found(&stat).1)))
}

/// One lookup alone, then groups of [`LOOKUPS`].
fn batches(count: usize) -> Vec<(usize, usize)> {
    let mut bounds = vec![(0, count.min(1))];
    let mut start = count.min(1);
    while start < count {
        let end = (start + LOOKUPS).min(count);
        bounds.push((start, end));
        start = end;
    }
    bounds
}
