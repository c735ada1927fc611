//! Keeps images within their number of layers, by giving up sharing where it is worth least.
//!
//! overlayfs and moby stop near 125 layers, and BuildKit builds images that cannot be mounted without
//! a word. So an image that would get more than it should has its least shared layers dissolved: each
//! of their consumers then holds the files in a layer of its own. It happens to every consumer of
//! such a layer alike, so what stays shared is the same in all images.

use std::collections::BTreeMap;

use super::region::{Consumers, Region};

/// Layers an image should have at the most, those of its base included.
pub(super) const WANTED: usize = 64;
/// Layers an image can have.
pub const LIMIT: usize = 100;

/// Dissolves sets of consumers until no image has more than [`WANTED`] layers, or nothing is left to
/// dissolve. `base[i]` are the layers that consumer `i` is built on.
pub(super) fn fold(regions: Vec<Region>, base: &[usize]) -> Vec<Region> {
    let mut sets: BTreeMap<Consumers, bool> = BTreeMap::new();
    for region in &regions {
        sets.insert(region.consumers.clone(), false);
    }
    let mut layers: Vec<usize> = base.to_vec();
    let mut own: Vec<bool> = vec![false; base.len()];
    for consumers in sets.keys() {
        for consumer in consumers {
            layers[*consumer] += 1;
            own[*consumer] |= consumers.len() == 1;
        }
    }
    // The least shared first: there a file of its own costs the fewest copies.
    let mut shared: Vec<Consumers> = sets.keys().filter(|consumers| consumers.len() > 1).cloned().collect();
    shared.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| b.cmp(a)));
    for consumers in shared {
        if layers.iter().all(|count| *count <= WANTED) {
            break;
        }
        if consumers.iter().any(|consumer| layers[*consumer] > WANTED) {
            for consumer in &consumers {
                if own[*consumer] {
                    layers[*consumer] -= 1;
                }
                own[*consumer] = true;
            }
            sets.insert(consumers, true);
        }
    }
    let dissolved = |region: &Region| sets.get(&region.consumers).copied().unwrap_or_default();
    regions
        .into_iter()
        .flat_map(|region| {
            if dissolved(&region) {
                let each = |consumer: &usize| Region { consumers: vec![*consumer], ..region.clone() };
                region.consumers.iter().map(each).collect()
            } else {
                vec![region]
            }
        })
        .collect()
}
