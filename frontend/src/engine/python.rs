//! What is known of Python only on a stage: its interpreter, and what its requirements resolve to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, for_each};
use crate::emit::{self, ContextSource, Input, OwnStep, ResolverInput, Settings};
use crate::failure::Failure;
use crate::gateway::{Client, Ref};
use crate::manifest::model::Base;
use crate::outside::OnStage;
use crate::pipeline::Native;
use crate::plan::{Looks, Target};
use crate::python::{Answer, Probed, Request, Stage, of_indexes};

/// The most files that are read one by one.
const FEW: usize = 8;

impl Engine {
    /// What a step of ours answers.
    pub(super) async fn ask(&self, step: OwnStep) -> Result<Vec<u8>, Failure> {
        let reference = self.client.solve(step.definition, false).await?;
        let bytes = self.client.read_file(&reference, step.file).await?;
        bytes.ok_or_else(|| Failure::Request(format!("internal error: a step wrote no {}", step.file)))
    }

    /// Some files of the context.
    pub(super) async fn files(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let mut files = if paths.len() > FEW { self.read_in_a_step(paths).await? } else { BTreeMap::new() };
        files.retain(|path, _| paths.contains(path));
        let rest = paths.iter().filter(|path| !files.contains_key(*path)).cloned();
        let rest: BTreeSet<String> = rest.collect();
        files.extend(self.read_each(&rest).await?);
        Ok(files)
    }

    /// Those that are short texts. The engine mounts what a file is read from for each of them anew; what a step has put
    /// together is there as long as they do not change.
    async fn read_in_a_step(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let Some(image) = &self.own_image else { return Ok(BTreeMap::new()) };
        let Some(asked) = emit::read_texts(image, &self.context.files(paths)) else {
            return Ok(BTreeMap::new());
        };
        let bytes = self.ask(asked).await?;
        let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::Request(format!("internal error: texts: {error}")))?;
        Ok(texts.into_iter().map(|(path, text)| (path, text.into_bytes())).collect())
    }

    async fn read_each(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        if paths.is_empty() {
            return Ok(BTreeMap::new());
        }
        let definition = match &self.context {
            ContextSource::Local { .. } => self.context.files(paths),
            // It is there already, and a file is read without any step.
            ContextSource::Remote(definition) => definition.clone(),
        };
        let reference = self.client.solve(definition, false).await?;
        for_each(&self.client, &reference, paths.iter().cloned(), contents).await
    }

    /// What is found on the base of a target.
    pub(super) async fn probe(&self, at: OnStage<'_>) -> Result<Option<Probed>, Failure> {
        let asked = self.on_stage(at, |input| {
            let env = at.environment();
            let value = |name: &str| env.get(name).copied().unwrap_or_default();
            let place = at.checked.requirements_span(at.target);
            emit::probe(input, at.target, place, value("PATH"), value("VIRTUAL_ENV"))
        });
        let Some((step, base)) = asked.await? else { return Ok(None) };
        let stage: Stage = serde_json::from_slice(&self.ask(step).await?)
            .map_err(|error| Failure::Request(format!("internal error: interpreter.json: {error}")))?;
        self.know(base, stage.directories);
        let why = stage.nothing.unwrap_or_default();
        Ok(Some(stage.interpreter.map_or(Probed::Nothing(why), Probed::Interpreter)))
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
        let (credentials, secrets) = of_indexes(&at.checked.manifest.python.index);
        request.credentials = credentials;
        let text = serde_json::to_string(&request).unwrap_or_default();
        let anew = self.settings(at.platform).is_built_anew(at.checked.with_packages());
        for again in [anew, true] {
            let step = |input: Input<'_>| {
                let wheels = at.checked.manifest.python.wheels.as_ref().map(|wheels| wheels.value.as_str());
                let place = at.checked.requirements_span(at.target);
                let files = ResolverInput { wheels, files: &files, request: text.clone(), secrets: &secrets };
                emit::resolve_packages(input, at.target, place, files, again)
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
    async fn on_stage<T>(
        &self,
        at: OnStage<'_>,
        step: impl Fn(Input<'_>) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
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

    /// Emits a target with the same stages on the platform that steps run on.
    pub async fn emit_natively(
        &self,
        input: Input<'_>,
        native: &Native,
        target: &Target,
    ) -> Result<emit::Emitted, Failure> {
        let settings = self.settings(&native.platform);
        let (looks, none) = (Looks::new(), crate::plan::Look::new());
        let below = Input {
            plan: &native.plan,
            sources: &native.resolved.sources,
            looks: &looks,
            context: &none,
            source: &native.checked.source,
            settings: &settings,
        };
        let (manifest, targets) = (&native.checked.manifest, std::slice::from_ref(target));
        let (context, looks) =
            tokio::try_join!(native.checked.kinds(self, &native.plan, None, targets), async {
                self.looks(below, manifest, target).await
            })?;
        let below = Input { looks: &looks, context: &context, ..below };
        Ok(emit::emit_beside(input, Some(below), target))
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
            http_auth: caps.llb("source.http.auth"),
            context: self.context.clone(),
            no_cache: options.no_cache.clone(),
            sandbox: options.sandbox.supported(|cap| caps.llb(cap)).0,
            labels: options.labels.clone(),
            own_image: self.own_image.clone(),
        }
    }
}

async fn contents(
    client: Client,
    reference: Ref,
    path: String,
) -> Result<(String, Option<Vec<u8>>), Failure> {
    let bytes = client.read_file(&reference, &path).await?;
    Ok((path, bytes))
}
