//! What an image is made of, for who lists it.

use super::{Facts, Installed, Plan, Target, Wheel, stack};
use crate::manifest::model::Base;

/// The parts of an image that are known by name.
#[derive(Clone, Debug)]
pub struct Bill<'a> {
    /// What nothing of the manifest has made.
    pub base: &'a Base,
    /// Wheels, each with the layer that it is installed in.
    pub wheels: Vec<(&'a Installed, &'a Wheel)>,
}

/// The parts of a target's image; `None`: there is no such target.
pub fn bill<'a>(plan: &'a Plan, facts: &Facts, target: &Target) -> Option<Bill<'a>> {
    let stack = stack::of(plan, facts, plan.chain(target)?);
    let layers = stack.files().filter_map(|id| plan.layers.get(id)?.packages.as_ref());
    let wheels = layers.flat_map(|packages| packages.wheels.iter().map(move |wheel| (packages, wheel)));
    Some(Bill { base: stack.base, wheels: wheels.collect() })
}
