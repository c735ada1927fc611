//! What is known of Python only on a stage: its interpreter, and what its requirements resolve to.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use crate::emit::{self, Asked, ContextSource, Input, Settings};
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::outside::OnStage;
use crate::plan::{Looks, Target};
use crate::python::{Answer, Credential, Request};

/// Where a step reads the secret of an index.
const SECRETS: &str = "/.layerset/secrets";

impl Engine {
    /// What a step of ours answers.
    pub(super) async fn ask(&self, asked: Asked) -> Result<Vec<u8>, Failure> {
        let reference = self.client.solve(asked.definition, false).await?;
        let bytes = self.client.read_file(&reference, asked.file).await?;
        bytes.ok_or_else(|| Failure::Request(format!("internal error: a step wrote no {}", asked.file)))
    }

    /// Some files of the context.
    pub(super) async fn files(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        if paths.is_empty() {
            return Ok(BTreeMap::new());
        }
        let reference = match &self.context {
            ContextSource::Local { .. } => self.client.solve(self.context.files(paths), false).await?,
            // It is there already, and a file is read without any step.
            ContextSource::Remote(definition) => self.client.solve(definition.clone(), false).await?,
        };
        let mut files = BTreeMap::new();
        for path in paths {
            if let Some(bytes) = self.client.read_file(&reference, path).await? {
                files.insert(path.clone(), bytes);
            }
        }
        Ok(files)
    }

    pub(super) async fn probe(&self, at: OnStage<'_>) -> Result<Option<Vec<u8>>, Failure> {
        let asked = self.on_stage(at, |input| {
            let env = at.environment();
            let value = |name: &str| env.get(name).copied().unwrap_or_default();
            emit::probe(input, at.target, value("PATH"), value("VIRTUAL_ENV"))
        });
        match asked.await? {
            Some(asked) => Ok(Some(self.ask(asked).await?)),
            None => Ok(None),
        }
    }

    /// The answer of a resolution. One with problems is asked for again, in case it was an old one.
    pub(super) async fn resolve_on_stage(
        &self,
        at: OnStage<'_>,
        files: &BTreeSet<String>,
        request: &Request,
    ) -> Result<Answer, Failure> {
        let files = self.context.files(files);
        let mut request = request.clone();
        let mut secrets = Vec::new();
        for (number, index) in at.checked.manifest.python.index.iter().enumerate() {
            if let Some(id) = &index.secret {
                let file = format!("{SECRETS}/{number}");
                request.credentials.push(Credential { index: format!("INDEX{number}"), file: file.clone() });
                secrets.push((id.clone(), file));
            }
        }
        let text = serde_json::to_string(&request).unwrap_or_default();
        for again in [false, true] {
            let step = |input: Input<'_>| {
                let wheels = at.checked.manifest.python.wheels.as_ref().map(|wheels| wheels.value.as_str());
                emit::resolve_packages(input, at.target, wheels, &files, text.clone(), &secrets, again)
            };
            let asked = self.on_stage(at, step).await?.ok_or_else(|| {
                Failure::Request("internal error: this frontend does not know its own image".into())
            })?;
            let bytes = self.ask(asked).await?;
            let answer: Answer = serde_json::from_slice(&bytes)
                .map_err(|error| Failure::Request(format!("internal error: answer.json: {error}")))?;
            if again || answer.problems.is_empty() {
                return Ok(answer);
            }
        }
        Ok(Answer::default())
    }

    /// Emits a step on what a target is built on, just as the target itself will be emitted.
    async fn on_stage(
        &self,
        at: OnStage<'_>,
        step: impl Fn(Input<'_>) -> Option<Asked>,
    ) -> Result<Option<Asked>, Failure> {
        let settings = self.settings(at.platform);
        let (looks, none) = (Looks::new(), crate::plan::Look::new());
        let input = Input {
            plan: at.plan,
            sources: at.sources,
            looks: &looks,
            context: &none,
            source: &at.checked.source,
            settings: &settings,
        };
        let base = at.plan.chain(at.target).map(|chain| &chain.base);
        let Some(Base::Stage(stage)) = base else { return Ok(step(input)) };
        let below = Target::Stage(stage.clone());
        let targets = std::slice::from_ref(&below);
        let (context, looks) =
            tokio::try_join!(at.checked.kinds(self, at.plan, at.facts.listing.as_ref(), targets), async {
                self.looks(input, &at.checked.manifest, &below).await
            })?;
        Ok(step(Input { looks: &looks, context: &context, ..input }))
    }

    /// Settings of this build for a platform.
    pub fn settings(&self, platform: &crate::platform::Platform) -> Settings {
        let options = &self.options;
        let caps = self.client.caps();
        Settings {
            platform: platform.clone(),
            merge: caps.llb("mergeop"),
            // No BuildKit up to 0.32 lists the cap of the feature itself; this one came after it.
            mode_string: caps.llb("file.copy.modestring") || caps.llb("file.symlink.create"),
            context: self.context.clone(),
            no_cache: options.no_cache.clone(),
            network: options.network.clone(),
            labels: options.labels.clone(),
            proxies: options.proxies(),
            own_image: self.own_image.clone(),
        }
    }
}
