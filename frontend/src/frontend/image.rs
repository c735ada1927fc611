//! The images of a build, one a platform, side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use buildkit_proto::gateway as gw;
use tokio::task::JoinSet;

use super::ahead::make_ahead;
use super::result::epoch;
use super::warnings::show_warnings;
use crate::diagnostic::Diagnostic;
use crate::emit::{self, Ahead, BaseSource, Input, Sources};
use crate::engine::{Engine, SbomListing};
use crate::epoch::Epoch;
use crate::failure::Failure;
use crate::gateway::Ref;
use crate::manifest::model::Base;
use crate::pipeline::{self, Checked, Native, Planned};
use crate::plan::{Facts, ImageConfig, Look, Looks, Target};
use crate::platform::Platform;

/// Builds the images of all platforms side by side.
pub(super) async fn solve_all(
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
    let mut images: Vec<_> = images.into_values().collect();
    // An imported cache may have the image and not its steps: these would be made for nothing.
    if engine.options.cache_imports.is_empty() {
        let ahead = images.iter_mut().map(|(_, solved)| std::mem::take(&mut solved.ahead)).collect();
        make_ahead(&engine.client, ahead).await?;
    }
    Ok(images)
}

/// A panic in one of several tasks.
fn internal(error: &tokio::task::JoinError) -> Failure {
    let text = crate::panic::message(error);
    Failure::Request(format!("internal error, please report it with the manifest: {text}"))
}

/// A solved image.
pub(super) struct Solved {
    pub(super) reference: Ref,
    ahead: Ahead,
    pub(super) config: Vec<u8>,
    pub(super) warnings: Vec<Diagnostic>,
    /// The configuration of the image that it is built on.
    pub(super) base: Option<Vec<u8>>,
    pub(super) attestations: Vec<gw::Attestation>,
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
    checked.find_replaced(&plan, &context, &looks, targets)?;
    let input = Input { looks: &looks, context: &context, ..input };
    let compiles = plan.layers.iter().filter_map(|layer| layer.packages.as_ref()).any(|all| all.bytecode);
    let emitted = match native.filter(|native| compiles && native.platform != *platform) {
        Some(native) => engine.emit_natively(input, native, target).await?,
        None => emit::emit(input, target),
    };
    let mut emitted = checked.whole(emitted)?;
    warnings.extend(pipeline::inexact_modes(&emitted.inexact_modes));
    let warnings = checked.left(warnings)?;
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
    Ok(Solved { reference, ahead: emitted.ahead, config, warnings, base, attestations })
}

/// The configuration of a base that is an image: its history and layers keep their times.
fn base_config<'a>(base: &Base, facts: &'a Facts, sources: &Sources) -> Option<&'a ImageConfig> {
    let image =
        matches!(sources.get(&base.to_string()), Some(BaseSource::Image(_) | BaseSource::OciLayout { .. }));
    facts.config(base).filter(|_| image)
}
