//! The answers of `--call=NAME`.

use std::collections::BTreeMap;

use buildkit_proto::gateway as gw;
use serde_json::json;

use crate::calls::{self, Answer, BakeOptions};
use crate::diagnostic::render;
use crate::emit::Input;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::manifest::{Inputs, syntax};
use crate::options::Options;
use crate::pipeline::{self, Checked, Listed, Planned};
use crate::plan::{Look, Looks};
use crate::platform::Platform;

pub(super) async fn answer(engine: &Engine, inputs: &Inputs<'_>, call: &str) -> Result<gw::Result, Failure> {
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
        "bake" => Ok(calls::bake(&checked.manifest, &bake_options(engine, checked).await?)),
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

pub(super) fn first_platform(options: &Options) -> Platform {
    options.targets().into_iter().next().unwrap_or_else(|| options.worker())
}

/// Paths as seen from the context.
async fn bake_options(engine: &Engine, checked: &Checked) -> Result<BakeOptions, Failure> {
    let options = &engine.options;
    let contexts = options.contexts_for_others().map_err(|error| Failure::Request(error.to_string()))?;
    // What the engine started us by: with the words after the image's name, if there are any.
    let started = || ["cmdline", "source"].into_iter().find_map(|name| options.raw.get(name).cloned());
    let syntax = if syntax(&checked.source).is_some() { None } else { started() };
    Ok(BakeOptions {
        syntax,
        context: options.context_url().map_or(".", String::as_str).into(),
        manifest: engine.manifest_for_others(checked.source.text.as_bytes()).await?,
        args: options.args_for_others(&checked.manifest.declared),
        contexts,
    })
}
