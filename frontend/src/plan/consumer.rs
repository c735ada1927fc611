//! Who needs files: every stage and every service, with what it selects.

use std::collections::BTreeMap;

use super::ImagePlan;
use super::chain::StageChain;
use super::facts::Facts;
use super::target::{Target, stage_order};
use super::want::{Want, wants};
use crate::manifest::model::{Base, Manifest};

/// A stage or service and its selections.
pub(super) struct Consumer {
    pub(super) target: Target,
    pub(super) name: String,
    pub(super) base: Base,
    pub(super) wants: Vec<Want>,
}

/// All stages in the order in which they are built, then all services.
pub(super) fn all(
    manifest: &Manifest,
    stages: &BTreeMap<String, StageChain>,
    images: &BTreeMap<String, ImagePlan>,
    facts: &Facts,
) -> Vec<Consumer> {
    let is_link = |path: &str| facts.is_link(path);
    let mut consumers = Vec::new();
    for name in stage_order(manifest) {
        let (Some(stage), Some(planned)) = (manifest.stages.get(&name), stages.get(&name)) else { continue };
        consumers.push(Consumer {
            name: format!("stage {name}"),
            target: Target::Stage(name),
            base: stage.from.value.clone(),
            wants: wants(&stage.files, &stage.copy, planned.config.working_dir(), is_link),
        });
    }
    for (name, service) in &manifest.services {
        let Some(image) = images.get(name) else { continue };
        consumers.push(Consumer {
            name: format!("service {name}"),
            target: Target::Service(name.clone()),
            base: service.from.value.clone(),
            wants: wants(&service.files, &service.copy, image.config.working_dir(), is_link),
        });
    }
    consumers
}

/// For every consumer the layers it is built on, as far as they can be counted before anything is
/// built: those of its base image, and one for each step and selection of the stages between.
pub(super) fn base_layers(
    consumers: &[Consumer],
    stages: &BTreeMap<String, StageChain>,
    facts: &Facts,
) -> Vec<usize> {
    let mut of_stage: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counts = Vec::new();
    for consumer in consumers {
        let below = match &consumer.base {
            Base::Scratch | Base::Download(_) => 0,
            Base::Stage(name) => of_stage.get(name.as_str()).copied().unwrap_or_default(),
            base => facts.config(base).map_or(0, super::ImageConfig::layer_count),
        };
        counts.push(below);
        if let Target::Stage(name) = &consumer.target
            && let Some(stage) = stages.get(name)
        {
            let steps = usize::from(!stage.apt.is_empty()) + stage.steps.len();
            of_stage.insert(name, below + steps + consumer.wants.len());
        }
    }
    counts
}
