//! Keeps images within their number of layers, by giving up sharing where it is worth least.
//!
//! overlayfs and moby stop near 125 layers, and BuildKit builds images that cannot be mounted without
//! a word. So an image that would get more than it should has its least shared layers dissolved: each
//! of their consumers then holds the files in a layer of its own. It happens to every consumer of
//! such a layer alike, so what stays shared is the same in all images. Where that is not enough, as
//! where one service selects a directory and a thousand others parts of it, the images that have too many
//! are planned apart from the others, and share among themselves.

use std::collections::BTreeMap;

use super::region::{Consumers, Region};
use super::want::Want;

/// Layers an image should have at the most, those of its base included.
pub(super) const WANTED: usize = 64;
/// Layers an image can have.
pub const LIMIT: usize = 100;
/// A layer of more consumers is not dissolved: it would be stored as often.
const FEW: usize = 8;

/// The regions of all consumers, such that no image gets more than [`WANTED`] layers if that can be.
/// `base[i]` are the layers that consumer `i` is built on.
pub(super) fn regions(
    wants: &[Vec<Want>],
    base: &[usize],
    split: &impl Fn(&[Vec<Want>]) -> Vec<Region>,
) -> Vec<Region> {
    let regions = dissolve(split(wants), base);
    let counts = counts(&regions, base);
    let over = |consumer: usize| counts[consumer] > WANTED && !wants[consumer].is_empty();
    if !(0..wants.len()).any(over) {
        return regions;
    }
    let of = |chosen: &dyn Fn(usize) -> bool| -> Vec<Vec<Want>> {
        let pick = |(consumer, wants): (usize, &Vec<Want>)| {
            if chosen(consumer) { wants.clone() } else { Vec::new() }
        };
        wants.iter().enumerate().map(pick).collect()
    };
    if (0..wants.len()).all(|consumer| over(consumer) || wants[consumer].is_empty()) {
        // All of them: each for itself, in one layer.
        let alone = |only: usize| split(&of(&|consumer| consumer == only));
        let all = (0..wants.len()).filter(|consumer| !wants[*consumer].is_empty());
        return all.flat_map(alone).collect();
    }
    let mut apart = self::regions(&of(&|consumer| !over(consumer)), base, split);
    apart.extend(self::regions(&of(&over), base, split));
    apart
}

fn counts(regions: &[Region], base: &[usize]) -> Vec<usize> {
    let mut sets: Vec<&Consumers> = regions.iter().map(|region| &region.consumers).collect();
    sets.sort_unstable();
    sets.dedup();
    let mut counts = base.to_vec();
    for consumer in sets.into_iter().flatten() {
        counts[*consumer] += 1;
    }
    counts
}

/// Gives up sets of few consumers, the fewest first, for as long as one of them has too many layers.
fn dissolve(regions: Vec<Region>, base: &[usize]) -> Vec<Region> {
    let mut layers = counts(&regions, base);
    if layers.iter().all(|count| *count <= WANTED) {
        return regions;
    }
    let mut sets: BTreeMap<Consumers, bool> = BTreeMap::new();
    let mut own: Vec<bool> = vec![false; base.len()];
    for region in &regions {
        if let [only] = region.consumers[..] {
            own[only] = true;
        }
        if region.consumers.len() <= FEW {
            sets.insert(region.consumers.clone(), false);
        }
    }
    let mut shared: Vec<Consumers> = sets.keys().filter(|consumers| consumers.len() > 1).cloned().collect();
    shared.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| b.cmp(a)));
    for consumers in shared {
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

#[cfg(test)]
mod tests {
    use super::super::region::split;
    use super::super::want::wants;
    use super::*;
    use crate::diagnostic::Span;
    use crate::manifest::model::{Filter, Selection};

    fn select(source: &str) -> Selection {
        let source = source.to_owned();
        Selection {
            span: Span::default(),
            target: source.clone(),
            source,
            directory: false,
            filter: Filter::default(),
        }
    }

    fn most_layers(consumers: &[Vec<Selection>], base: usize) -> (usize, usize) {
        let wants: Vec<Vec<Want>> = consumers.iter().map(|files| wants(files, &[], "/app")).collect();
        let base = vec![base; wants.len()];
        let regions = regions(&wants, &base, &|wants| split(wants, None).regions);
        (counts(&regions, &base).into_iter().max().unwrap_or_default(), regions.len())
    }

    #[test]
    fn few_layers_stay_as_they_are() {
        let consumers: Vec<_> = (0..20).map(|n| vec![select("lib"), select(&format!("s{n}"))]).collect();
        assert_eq!(most_layers(&consumers, 5), (7, 21));
    }

    #[test]
    fn pairs_are_given_up_first() {
        // One service that shares a directory with each of seventy others.
        let mut consumers: Vec<_> = (0..70).map(|n| vec![select(&format!("p{n}"))]).collect();
        consumers.push((0..70).map(|n| select(&format!("p{n}"))).collect());
        let (most, _) = most_layers(&consumers, 0);
        assert_eq!(most, WANTED);
    }

    #[test]
    fn a_thousand_parts_of_one_directory_do_not_explode() {
        let whole = (0..1_000).map(|_| vec![select("lib")]);
        let parts = (0..1_000).map(|n| vec![select(&format!("lib/p{n}"))]);
        let consumers: Vec<_> = whole.chain(parts).collect();
        assert_eq!(most_layers(&consumers, 5), (6, 1_001));
    }

    #[test]
    fn every_image_for_itself_if_all_have_too_many() {
        // Each pair of thirty services shares directories of its own: 29 sets each, over a high base.
        let services = 30;
        let pair = |a: usize, b: usize| select(&format!("p{}-{}", a.min(b), a.max(b)));
        let consumers: Vec<Vec<Selection>> =
            (0..services).map(|a| (0..services).filter(|b| *b != a).map(|b| pair(a, b)).collect()).collect();
        let (most, _) = most_layers(&consumers, 60);
        assert!(most <= WANTED, "{most}");
    }
}
