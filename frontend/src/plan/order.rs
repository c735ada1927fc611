//! In which order an image's layers lie. An engine that keeps images unpacks a layer once for each different stack below
//! it: images should share their lower parts, and what changes often should have little above it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::layers::{LayerId, Made};
use super::weight::{Weight, weight_of};
use crate::manifest::model::Base;

/// The layers of each consumer, bottom first. The packages of all count as if they had the same interpreter: so it makes
/// no difference whose are known, which are those of who is built.
pub(super) fn of_all(made: &[Made], names: &[String], roots: &[&Base], facts: &Facts) -> Vec<Vec<LayerId>> {
    let views: Vec<Option<usize>> = names.iter().map(|name| facts.packages.of.get(name).copied()).collect();
    let mut of = vec![Vec::new(); names.len()];
    for view in views.iter().collect::<BTreeSet<_>>() {
        let scheme = view.and_then(|view| facts.packages.views.get(view)).map(|view| &view.scheme);
        let weights: Vec<Weight> =
            made.iter().map(|made| weight_of(made, names.len(), scheme, facts)).collect();
        let mut all = vec![Vec::new(); names.len()];
        for (id, made) in
            made.iter().enumerate().filter(|(_, made)| made.view.is_none() || made.view == *view)
        {
            made.consumers.iter().for_each(|consumer| all[*consumer].push(id));
        }
        arrange(&mut all, roots, &weights);
        for (consumer, ids) in all.into_iter().enumerate().filter(|(consumer, _)| views[*consumer] == *view) {
            of[consumer] = ids;
        }
    }
    of
}

/// Where the stacks of some images are still the same.
struct Node {
    /// The images on this base that need all that lies below.
    images: Vec<usize>,
    /// How many of them need each layer; empty where it is only one.
    counts: BTreeMap<LayerId, usize>,
    /// By the next layer.
    above: BTreeMap<LayerId, usize>,
}

/// Puts the layers of each image into their order, bottom first. `of` are those that each image needs, ascending, `roots`
/// tell what it is built on, and `weights` are those of all layers.
///
/// Of what an image needs, what most of those need that have the same below is next, tier by tier; of those alike what
/// changes less, and then what has more bytes. So only its own layers, and who else needs them, say how an image is
/// made; a new service can move them, which costs an engine's disk, and no layer is made again.
fn arrange<R: Ord>(of: &mut [Vec<LayerId>], roots: &[R], weights: &[Weight]) {
    let needed = of.to_vec();
    let mut holders = vec![Vec::new(); weights.len()];
    for (image, ids) in needed.iter().enumerate() {
        for id in ids {
            holders[*id].push(image);
        }
    }
    let mut on: BTreeMap<&R, Vec<usize>> = BTreeMap::new();
    for (image, root) in roots.iter().enumerate() {
        on.entry(root).or_default().push(image);
    }
    let bases: BTreeMap<&R, usize> = on.keys().enumerate().map(|(number, root)| (*root, number)).collect();
    let mut nodes: Vec<Node> = on.into_values().map(|images| Node::of(images, &needed)).collect();
    for (image, ids) in of.iter_mut().enumerate() {
        let mut at = bases[&roots[image]];
        let mut left = std::mem::take(ids);
        while !left.is_empty() {
            let counts = &nodes[at].counts;
            let rank = |id: &LayerId| {
                let (Weight { tier, bytes, changes }, count) = (weights[*id], counts.get(id).copied());
                (tier, Reverse(count.unwrap_or_default()), changes, Reverse(bytes), *id)
            };
            if counts.is_empty() {
                left.sort_by_key(rank);
                ids.append(&mut left);
                break;
            }
            let Some(next) = left.iter().copied().min_by_key(rank) else { break };
            left.retain(|id| *id != next);
            ids.push(next);
            at = if let Some(known) = nodes[at].above.get(&next) {
                *known
            } else {
                let images = common(&nodes[at].images, &holders[next]);
                nodes.push(Node::of(images, &needed));
                let new = nodes.len() - 1;
                nodes[at].above.insert(next, new);
                new
            };
        }
    }
}

/// What is in both, which are ascending.
fn common(a: &[usize], b: &[usize]) -> Vec<usize> {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    few.iter().copied().filter(|image| many.binary_search(image).is_ok()).collect()
}

impl Node {
    fn of(images: Vec<usize>, needed: &[Vec<LayerId>]) -> Self {
        let mut counts = BTreeMap::new();
        for id in images.iter().filter(|_| images.len() > 1).flat_map(|image| &needed[*image]) {
            *counts.entry(*id).or_default() += 1;
        }
        Self { images, counts, above: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::weight::Tier;
    use super::*;

    const HEAVY: Weight = Weight { tier: Tier::Heavy, bytes: 9, changes: 0 };

    fn light(bytes: u64) -> Weight {
        Weight { tier: Tier::Light, bytes, changes: 1 }
    }

    fn arranged(of: &[&[LayerId]], roots: &[usize], weights: &[Weight]) -> Vec<Vec<LayerId>> {
        let mut of: Vec<Vec<LayerId>> = of.iter().map(|ids| ids.to_vec()).collect();
        arrange(&mut of, roots, weights);
        of
    }

    #[test]
    fn what_is_heavy_is_lowest_and_then_what_most_share() {
        let weights = [light(1), light(1), HEAVY];
        let of = arranged(&[&[0, 1], &[1], &[0, 1, 2], &[1, 2]], &[0; 4], &weights);
        assert_eq!(of, [vec![1, 0], vec![1], vec![2, 1, 0], vec![2, 1]]);
    }

    #[test]
    fn counts_are_of_those_with_the_same_below() {
        // Layer 0 is in most images, but of the two that have layer 3 below both have 1 and one has 0.
        let of =
            arranged(&[&[0], &[0], &[0, 1, 3], &[1, 3]], &[0; 4], &[light(1), light(1), light(1), HEAVY]);
        assert_eq!(of, [vec![0], vec![0], vec![3, 1, 0], vec![3, 1]]);
    }

    #[test]
    fn who_is_on_another_base_shares_nothing() {
        let of = arranged(&[&[0, 1], &[1], &[0, 1], &[0]], &[1, 1, 2, 2], &[light(1), light(2)]);
        assert_eq!(of, [vec![1, 0], vec![1], vec![0, 1], vec![0]]);
    }

    #[test]
    fn of_what_as_many_need_what_changes_least_is_lowest_and_then_the_heaviest() {
        assert_eq!(arranged(&[&[0, 1]], &[0], &[light(1), light(2)]), [vec![1, 0]]);
        let often = Weight { tier: Tier::Light, bytes: 9, changes: 2 };
        assert_eq!(arranged(&[&[0, 1]], &[0], &[often, light(2)]), [vec![1, 0]]);
    }

    #[test]
    fn many_images_with_much_of_their_own_take_linear_time() {
        let count = 20_000;
        let mut of: Vec<Vec<LayerId>> =
            (0..count).map(|image| vec![0, 1 + image, 1 + count + image / 2]).collect();
        arrange(&mut of, &vec![0; count], &vec![light(1); 1 + 2 * count]);
        assert_eq!(of[7], [0, 1 + count + 3, 8]);
    }

    const TIERS: [Tier; 6] = [Tier::Heavy, Tier::Light, Tier::Small, Tier::Few, Tier::Beside, Tier::Written];

    proptest! {
        #[test]
        fn every_image_keeps_its_layers_and_has_them_by_tiers(
            of in prop::collection::vec(prop::collection::btree_set(0_usize..12, 0..8), 0..20),
            weights in prop::collection::vec((0_usize..6, 0_usize..3, 0_u64..4), 12),
        ) {
            let weights: Vec<Weight> =
                weights.into_iter().map(|(tier, changes, bytes)| Weight { tier: TIERS[tier], bytes, changes }).collect();
            let mut found: Vec<Vec<LayerId>> = of.iter().map(|ids| ids.iter().copied().collect()).collect();
            let roots: Vec<usize> = (0..of.len()).map(|image| image % 2).collect();
            arrange(&mut found, &roots, &weights);
            for (ids, wanted) in found.iter().zip(&of) {
                prop_assert_eq!(&ids.iter().copied().collect::<BTreeSet<_>>(), wanted);
                prop_assert_eq!(ids.len(), wanted.len());
                prop_assert!(ids.is_sorted_by_key(|id| weights[*id].tier));
            }
        }
    }
}
