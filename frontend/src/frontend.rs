//! The run of a frontend, from its start by the engine to the one Return.

use std::collections::BTreeMap;
use std::process::ExitCode;

use buildkit_proto::gateway as gw;
use serde_json::json;
use tonic::transport::Channel;

use crate::calls::{self, Answer, BakeOptions};
use crate::diagnostic::{Diagnostic, Source, render};
use crate::emit::{self, Input, OwnImage};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::gateway::{Client, Ref, own_image};
use crate::manifest::Inputs;
use crate::options::{NoCache, Options};
use crate::pipeline::{self, Checked, Listed, Planned};
use crate::plan::{Facts, Look, Looks, Target};
use crate::platform::Platform;

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
        Box::pin(build(&Engine { client: bridge, options, own_image })).await
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
    let contexts = options.context_names();
    let inputs = Inputs { args: &options.build_args, contexts: &contexts };
    if let Some(call) = options.call.as_deref() {
        return answer(engine, &inputs, call).await;
    }
    let checked = pipeline::check(engine, &inputs).await?;
    let target = checked.target(options.target.as_deref())?;
    if let NoCache::Named(names) = &options.no_cache {
        checked.known_names(names)?;
    }
    show_warnings(engine, &checked.source, &checked.warnings).await?;
    let mut images = Vec::new();
    for platform in options.targets() {
        let image = solve(engine, &checked, &target, &platform).await?;
        images.push((platform, image));
    }
    result(options, images)
}

/// A solved image.
struct Solved {
    reference: Ref,
    config: Vec<u8>,
}

async fn solve(
    engine: &Engine,
    checked: &Checked,
    target: &Target,
    platform: &Platform,
) -> Result<Solved, Failure> {
    let targets = std::slice::from_ref(target);
    let Planned { plan, sources, facts, warnings, .. } = checked.plan(engine, targets, platform).await?;
    show_warnings(engine, &checked.source, &warnings).await?;
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
    let emitted = emit::emit(Input { looks: &looks, context: &context, ..input }, target);
    show_warnings(engine, &checked.source, &pipeline::inexact_modes(&emitted.inexact_modes)).await?;
    let reference = engine.client.solve(emitted.definition, false).await?;
    let config = serde_json::to_vec(&emitted.config)
        .map_err(|error| Failure::Request(format!("internal error: image configuration: {error}")))?;
    Ok(Solved { reference, config })
}

/// One image, or one a platform. `refs.platforms` is there in both cases: attestations need it.
fn result(options: &Options, images: Vec<(Platform, Solved)>) -> Result<gw::Result, Failure> {
    let platforms: Vec<_> = images
        .iter()
        .map(|(platform, _)| json!({"ID": platform.to_string(), "Platform": platform}))
        .collect();
    let mut metadata = BTreeMap::from([(
        "refs.platforms".to_owned(),
        json!({"Platforms": platforms}).to_string().into_bytes(),
    )]);
    let mut refs = BTreeMap::new();
    for (platform, image) in images {
        let suffix = if options.multi_platform { format!("/{platform}") } else { String::new() };
        metadata.insert(format!("containerimage.config{suffix}"), image.config);
        if let Some(epoch) = options.build_args.get("SOURCE_DATE_EPOCH") {
            metadata.insert(format!("source.date.epoch{suffix}"), epoch.clone().into_bytes());
        }
        refs.insert(platform.to_string(), gw::Ref { id: image.reference.0, def: None });
    }
    let refs = if options.multi_platform {
        gw::result::Result::Refs(gw::RefMap { refs })
    } else {
        let only = refs.into_values().next();
        gw::result::Result::Ref(only.ok_or_else(|| Failure::Request("no platform was asked for".into()))?)
    };
    Ok(gw::Result { result: Some(refs), metadata, ..gw::Result::default() })
}

async fn show_warnings(engine: &Engine, source: &Source, warnings: &[Diagnostic]) -> Result<(), Failure> {
    for warning in warnings {
        engine.client.warn(warning_request(engine, source, warning)).await?;
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
            let plan = crate::plan::plan(&checked.manifest, &Facts::default(), checked.ignore.clone());
            let platform = first_platform(&engine.options);
            let all = async {
                checked.kinds(engine, &plan, None, &checked.everything()).await?;
                checked.check_budgets(engine, &platform).await?;
                checked.check_packages(engine, &plan, &platform).await
            };
            match all.await {
                Ok(more) => {
                    let warnings: Vec<Diagnostic> = checked.warnings.iter().cloned().chain(more).collect();
                    return Ok(calls::check(&checked.source, &warnings));
                }
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
            let text = checked.lock(engine, &options.worker(), &options.platforms).await?;
            Ok(Answer { json: json!({"lock": text}), text, status: 0 })
        }
        "bake" => Ok(calls::bake(&checked.manifest, &bake_options(options))),
        "plan" => {
            let platform = first_platform(options);
            let services = checked.services();
            let planned = checked.planned(engine, &services, &platform, Listed::Always).await?;
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
            let Planned { plan, sources, .. } =
                checked.plan(engine, std::slice::from_ref(&target), &platform).await?;
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
            let emitted = emit::emit(input, &target);
            if call == "llb" { calls::llb(&emitted.definition) } else { calls::dot(&emitted.definition) }
        }
    }
}

fn first_platform(options: &Options) -> Platform {
    options.targets().into_iter().next().unwrap_or_else(|| options.worker())
}

/// Paths from the repository's root when the client tells them, else those of the plain case.
fn bake_options(options: &Options) -> BakeOptions {
    let own = |name: &&String| !name.starts_with("BUILDKIT_") && *name != "SOURCE_DATE_EPOCH";
    let args = options.build_args.iter().filter(|(name, _)| own(name)).map(|(k, v)| (k.clone(), v.clone()));
    BakeOptions {
        context: ".".into(),
        manifest: options.manifest_from_context(),
        args: args.collect(),
        contexts: options.contexts.clone(),
    }
}
