//! The run of a frontend, from its start by the engine to the one Return.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use buildkit_proto::gateway as gw;
use serde_json::json;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::calls::{self, Answer, BakeOptions};
use crate::diagnostic::{Diagnostic, Source, Span, render};
use crate::emit::{self, BaseSource, Input, OwnImage, Sources};
use crate::engine::{Engine, SbomListing};
use crate::epoch::Epoch;
use crate::failure::Failure;
use crate::gateway::{Client, Ref, own_image};
use crate::manifest::Inputs;
use crate::manifest::model::Base;
use crate::options::{NoCache, Options};
use crate::pipeline::{self, Checked, Listed, Native, Planned};
use crate::plan::{Facts, ImageConfig, Look, Looks, Target};
use crate::platform::{Platform, Platforms};

/// Serves one build over stdin and stdout. Whatever happens ends in a Return, because the user sees
/// nothing else of this process; if even that fails the engine is gone, and so are we.
pub async fn run(options: Result<Options, String>) -> ExitCode {
    match crate::gateway::stdio().await {
        Ok(channel) => {
            let image = own_image().map(|(definition, program)| OwnImage { definition, program });
            serve(channel, options, image).await
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// As [`run`], over any connection and from any image.
pub async fn serve(
    channel: Channel,
    options: Result<Options, String>,
    own_image: Option<OwnImage>,
) -> ExitCode {
    let imports = options.as_ref().map(|options| options.cache_imports.clone()).unwrap_or_default();
    let Ok(client) = Client::hello(channel, &imports).await else { return ExitCode::FAILURE };
    let bridge = client.clone();
    let work = async move {
        let options = options.map_err(Failure::Request)?;
        let engine = Engine::new(bridge, options, own_image).await?;
        Box::pin(build(&engine)).await
    };
    finish(&client, work).await
}

/// Does `work` and hands over what comes of it, as the last call. The work is a task of its own, so
/// that a panic in it comes back as an error.
pub async fn finish<W>(client: &Client, work: W) -> ExitCode
where
    W: Future<Output = Result<gw::Result, Failure>> + Send + 'static,
{
    let outcome = tokio::spawn(work).await.unwrap_or_else(|panic| {
        Err(Failure::Request(format!(
            "internal error, please report it with the manifest: {}",
            crate::panic::message(&panic)
        )))
    });
    match client.finish(outcome.map_err(Failure::into_status)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn build(engine: &Engine) -> Result<gw::Result, Failure> {
    let options = &engine.options;
    let contexts = options.contexts.keys().cloned().collect();
    let platforms = Platforms { target: first_platform(options), build: options.worker() };
    let inputs = Inputs {
        args: &options.build_args,
        contexts: &contexts,
        platforms: Some(&platforms),
        target: options.target.as_deref(),
    };
    if let Some(call) = options.call.as_deref() {
        return answer(engine, &inputs, call).await;
    }
    let checked = pipeline::check(engine, &inputs).await?;
    let target = checked.target(options.target.as_deref())?;
    if let NoCache::Named(names) = &options.no_cache {
        checked.known_names(names)?;
    }
    let targets = options.targets();
    let each: Vec<Checked> = targets.iter().map(|platform| checked.on(platform)).collect::<Result<_, _>>()?;
    let warnings = each.iter().flat_map(|checked| checked.warnings.clone());
    let warnings = warnings.chain(unsupported(engine)).collect();
    show_warnings(engine, &checked.source, warnings).await?;
    let native = checked.native(engine, std::slice::from_ref(&target), &options.worker(), &targets).await?;
    let images = solve_all(engine, each, &target, targets, native).await;
    let images = images.map_err(|failure| checked.entitlement(&target, failure))?;
    result(options, epoch(options, &checked)?, annotations(&checked, &target), images)
}

/// The time that the build was told, on the command line or by the manifest.
fn epoch(options: &Options, checked: &Checked) -> Result<Option<Epoch>, Failure> {
    let name = "SOURCE_DATE_EPOCH";
    if let Some(value) = options.build_args.get(name) {
        return Epoch::parse(value).map_err(|bad| Failure::Request(bad.to_string()));
    }
    let value = checked.manifest.args.get(name).map_or("", String::as_str);
    Epoch::parse(value).map_err(|bad| {
        let span = crate::manifest::section_span(&checked.source, "args").unwrap_or_default();
        Failure::at(&checked.source, Diagnostic::error("invalid-value", span, bad.to_string()))
    })
}

/// The annotations of a target, as metadata of its result.
fn annotations(checked: &Checked, target: &Target) -> BTreeMap<String, Vec<u8>> {
    let Target::Service(name) = target else { return BTreeMap::new() };
    let of = checked.manifest.services.get(name).map(|service| &service.annotations);
    let keys = |(name, value): (&String, &String)| {
        crate::annotations::keys(name)
            .into_iter()
            .map(|key| (key, value.clone().into_bytes()))
            .collect::<Vec<_>>()
    };
    of.into_iter().flatten().flat_map(keys).collect()
}

/// What the command line asks for and this engine cannot do.
fn unsupported(engine: &Engine) -> Vec<Diagnostic> {
    let caps = engine.client.caps();
    let (_, lacking) = engine.options.sandbox.supported(|cap| caps.llb(cap));
    let warning = |message| Diagnostic::warning("unsupported-option", Span::default(), message);
    lacking.into_iter().map(|message| warning(message).hint("build on a newer engine")).collect()
}

/// Builds the images of all platforms side by side.
async fn solve_all(
    engine: &Engine,
    each: Vec<Checked>,
    target: &Target,
    platforms: Vec<Platform>,
    native: Option<Native>,
) -> Result<Vec<(Platform, Solved)>, Failure> {
    let native = native.map(Arc::new);
    let source = each.first().map(|checked| checked.source.clone());
    let mut pending = JoinSet::new();
    for (number, (checked, platform)) in each.into_iter().zip(platforms).enumerate() {
        let (engine, target, native) = (engine.clone(), target.clone(), native.clone());
        pending.spawn(async move {
            let solved = solve(&engine, &checked, &target, &platform, native.as_deref()).await?;
            Ok::<_, Failure>((number, (platform, solved)))
        });
    }
    let mut images = BTreeMap::new();
    while let Some(done) = pending.join_next().await {
        let (number, image) = done.map_err(|error| internal(&error))??;
        images.insert(number, image);
    }
    if let Some(source) = source {
        let warnings = images.values().flat_map(|(_, solved)| solved.warnings.clone()).collect();
        show_warnings(engine, &source, warnings).await?;
    }
    Ok(images.into_values().collect())
}

/// A panic in one of several tasks.
fn internal(error: &tokio::task::JoinError) -> Failure {
    let text = crate::panic::message(error);
    Failure::Request(format!("internal error, please report it with the manifest: {text}"))
}

/// A solved image.
struct Solved {
    reference: Ref,
    config: Vec<u8>,
    warnings: Vec<Diagnostic>,
    /// The configuration of the image that it is built on.
    base: Option<Vec<u8>>,
    attestations: Vec<gw::Attestation>,
}

async fn solve(
    engine: &Engine,
    checked: &Checked,
    target: &Target,
    platform: &Platform,
    native: Option<&Native>,
) -> Result<Solved, Failure> {
    let targets = std::slice::from_ref(target);
    let Planned { plan, sources, facts, mut warnings, .. } =
        checked.plan(engine, targets, platform, native).await?;
    warnings.extend(checked.foreign_steps(&plan, target, platform, &engine.options.worker_platforms));
    let settings = engine.settings(platform);
    let (source, manifest, unknown) = (&checked.source, &checked.manifest, Look::new());
    let input = Input {
        plan: &plan,
        sources: &sources,
        looks: &Looks::new(),
        context: &unknown,
        source,
        settings: &settings,
    };
    // The context is sent while the base is looked at.
    let (context, looks) =
        tokio::try_join!(checked.kinds(engine, &plan, facts.listing.as_ref(), targets), async {
            engine.looks(input, manifest, target).await
        })?;
    checked.find_replaced(&plan, &context, &looks)?;
    let input = Input { looks: &looks, context: &context, ..input };
    let compiles = plan.layers.iter().filter_map(|layer| layer.packages.as_ref()).any(|all| all.bytecode);
    let emitted = match native.filter(|native| compiles && native.platform != *platform) {
        Some(native) => engine.emit_natively(input, native, target).await?,
        None => emit::emit(input, target),
    };
    let mut emitted = checked.whole(emitted)?;
    warnings.extend(pipeline::inexact_modes(&emitted.inexact_modes));
    let definition = emitted.definition;
    // Without being evaluated, a definition is checked only after the frontend has gone, when nobody can add a place.
    let evaluate = checked.needs_entitlement(target);
    let reference = engine.client.solve(definition.clone(), evaluate).await?;
    let bill = crate::plan::bill(&plan, &facts, target);
    let base = bill.as_ref().and_then(|bill| base_config(bill.base, &facts, &sources));
    let told = epoch(&engine.options, checked)?;
    let of_base = base.map_or(0, |base| base.history.len());
    let (time, otherwise) = (told.map(|time| time.to_string()), Epoch::OF_FILES.to_string());
    emitted.config.date(of_base, time.as_deref(), &otherwise);
    let attestations = match (&engine.options.sbom, &bill) {
        (Some(sbom), Some(bill)) => {
            let (name, sources, image) = (target.name(), &sources, &definition);
            engine.sboms(sbom, SbomListing { name, image, bill, sources, epoch: told }).await?
        }
        _ => Vec::new(),
    };
    let json = |config: &ImageConfig| {
        serde_json::to_vec(config)
            .map_err(|error| Failure::Request(format!("internal error: image configuration: {error}")))
    };
    let (config, base) = (json(&emitted.config)?, base.map(json).transpose()?);
    Ok(Solved { reference, config, warnings, base, attestations })
}

/// The configuration of a base that is an image: its history and layers keep their times.
fn base_config<'a>(base: &Base, facts: &'a Facts, sources: &Sources) -> Option<&'a ImageConfig> {
    let image =
        matches!(sources.get(&base.to_string()), Some(BaseSource::Image(_) | BaseSource::OciLayout { .. }));
    facts.config(base).filter(|_| image)
}

/// One image, or one a platform. `refs.platforms` is there in both cases: attestations need it.
fn result(
    options: &Options,
    epoch: Option<Epoch>,
    annotations: BTreeMap<String, Vec<u8>>,
    images: Vec<(Platform, Solved)>,
) -> Result<gw::Result, Failure> {
    let platforms: Vec<_> = images
        .iter()
        .map(|(platform, _)| json!({"ID": platform.to_string(), "Platform": platform}))
        .collect();
    let mut metadata = annotations;
    metadata
        .extend([("refs.platforms".to_owned(), json!({"Platforms": platforms}).to_string().into_bytes())]);
    let mut refs = BTreeMap::new();
    let mut attestations = BTreeMap::new();
    for (platform, image) in images {
        let suffix = if options.multi_platform { format!("/{platform}") } else { String::new() };
        metadata.insert(format!("containerimage.config{suffix}"), image.config);
        if let Some(base) = image.base {
            metadata.insert(format!("containerimage.base.config{suffix}"), base);
        }
        if let Some(epoch) = epoch {
            metadata.insert(format!("source.date.epoch{suffix}"), epoch.seconds().to_string().into_bytes());
        }
        if !image.attestations.is_empty() {
            let attestation = gw::Attestations { attestation: image.attestations };
            attestations.insert(platform.to_string(), attestation);
        }
        refs.insert(platform.to_string(), gw::Ref { id: image.reference.0, def: None });
    }
    let refs = if options.multi_platform {
        gw::result::Result::Refs(gw::RefMap { refs })
    } else {
        let only = refs.into_values().next();
        gw::result::Result::Ref(only.ok_or_else(|| Failure::Request("no platform was asked for".into()))?)
    };
    Ok(gw::Result { result: Some(refs), metadata, attestations })
}

/// Shows warnings, each once: those of several platforms are mostly the same.
async fn show_warnings(engine: &Engine, source: &Source, warnings: Vec<Diagnostic>) -> Result<(), Failure> {
    let mut shown = BTreeSet::new();
    for warning in &warnings {
        if shown.insert((warning.span, warning.rule, &warning.message)) {
            engine.client.warn(warning_request(engine, source, warning)).await?;
        }
    }
    Ok(())
}

fn warning_request(engine: &Engine, source: &Source, warning: &Diagnostic) -> gw::WarnRequest {
    let (definition, digest) = engine.manifest_definition();
    let range = source.range(warning.span);
    let detail = warning.hint.iter().map(|hint| hint.clone().into_bytes()).collect();
    gw::WarnRequest {
        digest,
        level: 1,
        short: format!("{}: {}", warning.rule, crate::failure::one_line(source, warning)).into_bytes(),
        detail,
        info: Some(buildkit_proto::pb::SourceInfo {
            filename: source.name.clone(),
            data: crate::failure::excerpt(&source.text, range.end.line).into_bytes(),
            language: "yaml".into(),
            definition: Some(definition),
        }),
        ranges: vec![range.into()],
        ..gw::WarnRequest::default()
    }
}

async fn answer(engine: &Engine, inputs: &Inputs<'_>, call: &str) -> Result<gw::Result, Failure> {
    // buildx before 0.15 sends the name as it was typed.
    let call = if call == "check" { "lint" } else { call };
    let version = calls::version(call).ok_or_else(|| {
        Failure::Request(format!("no call {call:?}, expected one of: {}", calls::names().join(", ")))
    })?;
    let answer = match call {
        "subrequests.describe" => calls::describe(),
        "schema" => calls::schema(),
        "lint" => check(engine, inputs).await?,
        _ => {
            let checked = pipeline::check(engine, inputs).await?;
            of_manifest(engine, &checked, call).await?
        }
    };
    let metadata = BTreeMap::from([
        ("result.json".to_owned(), format!("{:#}", answer.json).into_bytes()),
        ("result.txt".to_owned(), answer.text.into_bytes()),
        ("result.statuscode".to_owned(), answer.status.to_string().into_bytes()),
        ("version".to_owned(), version.as_bytes().to_vec()),
    ]);
    Ok(gw::Result { metadata, ..gw::Result::default() })
}

/// Everything that can be said without building: the manifest, and whether its paths are there.
async fn check(engine: &Engine, inputs: &Inputs<'_>) -> Result<Answer, Failure> {
    let found = match pipeline::check(engine, inputs).await {
        Ok(checked) => {
            let worker = engine.options.worker();
            match checked.findings(engine, &worker, &first_platform(&engine.options)).await {
                Ok(warnings) => return Ok(calls::check(&checked.source, &warnings)),
                Err(failure) => failure,
            }
        }
        Err(failure) => failure,
    };
    match found {
        Failure::Manifest { file, diagnostics } => Ok(calls::check(&file, &diagnostics)),
        other => Err(other),
    }
}

async fn of_manifest(engine: &Engine, checked: &Checked, call: &str) -> Result<Answer, Failure> {
    let options = &engine.options;
    let requested = options.target.as_deref();
    match call {
        "targets" => Ok(calls::targets(&checked.source, &checked.manifest)),
        "outline" => {
            let target = checked.target(requested)?;
            Ok(calls::outline(&checked.source, &checked.manifest, &target))
        }
        "lock" => {
            let worker = options.worker();
            let text = checked.on(&worker)?.lock(engine, &worker, &options.platforms).await?;
            Ok(Answer { json: json!({"lock": text}), text, status: 0 })
        }
        "bake" => Ok(calls::bake(&checked.manifest, &bake_options(options)?)),
        "plan" => {
            let platform = first_platform(options);
            let services = checked.services();
            let platforms = std::slice::from_ref(&platform);
            let native = checked.native(engine, &services, &options.worker(), platforms).await?;
            let planned =
                checked.planned(engine, &services, &platform, native.as_ref(), Listed::Always).await?;
            let mut answer = calls::plan(&planned.plan, &planned.figures(), &planned.notes);
            let problems = planned.over_budget(&checked.manifest, &services);
            if !problems.is_empty() {
                answer.text = format!("{}\n{}", answer.text, render(&checked.source, &problems));
                answer.status = 1;
            }
            Ok(answer)
        }
        _ => {
            let target = checked.target(requested)?;
            let platform = first_platform(options);
            let (targets, platforms) = (std::slice::from_ref(&target), std::slice::from_ref(&platform));
            let native = checked.native(engine, targets, &options.worker(), platforms).await?;
            let Planned { plan, sources, .. } =
                checked.plan(engine, targets, &platform, native.as_ref()).await?;
            let settings = engine.settings(&platform);
            // A listing runs nothing, so it does not look at what would have to be built first.
            let (looks, source) = (Looks::new(), &checked.source);
            let input = Input {
                plan: &plan,
                sources: &sources,
                looks: &looks,
                context: &Look::new(),
                source,
                settings: &settings,
            };
            let emitted = checked.emitted(input, &target)?;
            if call == "llb" { calls::llb(&emitted.definition) } else { calls::dot(&emitted.definition) }
        }
    }
}

fn first_platform(options: &Options) -> Platform {
    options.targets().into_iter().next().unwrap_or_else(|| options.worker())
}

/// Paths from the repository's root when the client tells them, else those of the plain case.
fn bake_options(options: &Options) -> Result<BakeOptions, Failure> {
    let own = |name: &&String| !name.starts_with("BUILDKIT_") && *name != "SOURCE_DATE_EPOCH";
    let args = options.build_args.iter().filter(|(name, _)| own(name)).map(|(k, v)| (k.clone(), v.clone()));
    let contexts = options.contexts_for_others().map_err(|error| Failure::Request(error.to_string()))?;
    Ok(BakeOptions {
        context: options.context_url().map_or(".", String::as_str).into(),
        manifest: options.manifest_from_context(),
        args: args.collect(),
        contexts,
    })
}
