//! An image as it lies on disk: everything from its base image up.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::{Chain, ImageConfig, LayerId, Plan, StageChain};
use crate::manifest::model::Base;

/// All that one image is made of, bottom first.
#[derive(Clone, Debug)]
pub(super) struct Stack<'a> {
    /// What nothing of the manifest has made.
    pub(super) base: &'a Base,
    /// Its layers, if its configuration is known.
    pub(super) base_layers: Option<usize>,
    pub(super) levels: Vec<Level<'a>>,
}

/// A layer, or something that makes layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level<'a> {
    /// Files.
    Files(LayerId),
    /// Packages and commands of a stage, as many as make a layer each.
    Steps(&'a str, usize),
}

impl Stack<'_> {
    /// All layers that are known before anything is built.
    pub(super) fn layer_count(&self) -> usize {
        let own = self.levels.iter().map(|level| match level {
            Level::Files(_) => 1,
            Level::Steps(_, count) => *count,
        });
        self.base_layers.unwrap_or_default() + own.sum::<usize>()
    }

    /// Its layers of files.
    pub(super) fn files(&self) -> impl Iterator<Item = LayerId> {
        self.levels.iter().filter_map(|level| match level {
            Level::Files(id) => Some(*id),
            Level::Steps(..) => None,
        })
    }
}

/// Every image's stack, by its service.
pub(super) fn images<'a>(plan: &'a Plan, facts: &Facts) -> BTreeMap<&'a str, Stack<'a>> {
    let of =
        |(name, image): (&'a String, &'a super::ImagePlan)| (name.as_str(), of(plan, facts, &image.chain));
    plan.images.iter().map(of).collect()
}

/// The stack that ends with `chain`.
pub(super) fn of<'a>(plan: &'a Plan, facts: &Facts, chain: &'a Chain) -> Stack<'a> {
    // From the top down, because that is how the chain is written.
    let mut levels: Vec<Level<'a>> = chain.layers.iter().rev().map(|id| Level::Files(*id)).collect();
    let mut base = &chain.base;
    while let Base::Stage(name) = base {
        let Some(stage) = plan.stages.get(name) else { break };
        levels.extend(steps(name, stage));
        levels.extend(stage.chain.layers.iter().rev().map(|id| Level::Files(*id)));
        if !stage.apt.is_empty() {
            levels.push(Level::Steps(name, 1));
        }
        base = &stage.chain.base;
    }
    levels.reverse();
    let base_layers = match base {
        Base::Scratch | Base::Stage(_) | Base::Download(_) => Some(0),
        base => facts.config(base).map(ImageConfig::layer_count),
    };
    Stack { base, base_layers, levels }
}

fn steps<'a>(name: &'a str, stage: &StageChain) -> Option<Level<'a>> {
    (!stage.steps.is_empty()).then_some(Level::Steps(name, stage.steps.len()))
}
