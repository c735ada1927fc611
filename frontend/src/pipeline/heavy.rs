//! What sources weigh: the heavy ones share no layer, and lie low.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::outside::{Outside, Weights};
use crate::plan::{self, Plan, Target};

/// The sources that are too heavy to share a layer with others, or to lie where layers are often unpacked. Those of
/// `targets` and their `stages` alone are looked at: what others have is in layers of theirs.
pub(super) async fn heavy(
    outside: &impl Outside,
    plan: &Plan,
    targets: &[Target],
    stages: &BTreeSet<String>,
) -> Result<Weights, Failure> {
    let stages = stages.iter().cloned().map(Target::Stage);
    let chains = targets.iter().cloned().chain(stages).filter_map(|target| plan.chain(&target));
    let reached: BTreeSet<usize> = chains.flat_map(|chain| &chain.layers).copied().collect();
    let paths = plan::to_weigh(reached.iter().map(|id| &plan.layers[*id]));
    if paths.is_empty() {
        return Ok(Weights::new());
    }
    let weights = outside.weights(&plan.context, &paths).await?;
    Ok(weights.into_iter().filter(|(_, bytes)| *bytes >= plan::LOW).collect())
}
