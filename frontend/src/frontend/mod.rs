//! The run of a frontend, from its start by the engine to the one Return.

mod ahead;
mod answer;
mod image;
mod result;
mod warnings;

use std::process::ExitCode;

use buildkit_proto::gateway as gw;
use tonic::transport::Channel;

use crate::emit::OwnImage;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::gateway::{Client, own_image};
use crate::manifest::Inputs;
use crate::options::{NoCache, Options};
use crate::pipeline::{self, Checked};
use crate::platform::Platforms;

use answer::{answer, first_platform};
use image::solve_all;
use result::{annotations, epoch, result};
use warnings::{show_warnings, unsupported};

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
    let warnings = checked.left(warnings.chain(unsupported(engine)).collect())?;
    show_warnings(engine, &checked.source, warnings).await?;
    let native = checked.native(engine, std::slice::from_ref(&target), &options.worker(), &targets).await?;
    let images = solve_all(engine, each, &target, targets, native).await;
    let images = images.map_err(|failure| checked.entitlement(&target, failure))?;
    result(options, epoch(options, &checked)?, annotations(&checked, &target), images)
}
