//! Regions that write to the same places in one image: the order in which they were written counts.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::{LayerId, Made};
use super::region::{Consumers, Region};
use super::want::Want;

/// Regions of different frames that write to the same places for the same consumer. Those of one
/// frame are disjoint.
pub(super) fn crowded(regions: &[Region]) -> BTreeSet<usize> {
    let target = |region: &Region| [&region.frame.target[..], &region.path[..]].concat();
    let mut by_target: Vec<(Vec<String>, usize)> =
        regions.iter().enumerate().map(|(number, region)| (target(region), number)).collect();
    by_target.sort();
    let mut crowded = BTreeSet::new();
    let mut stack: Vec<(&Vec<String>, usize)> = Vec::new();
    for (path, number) in &by_target {
        while stack.last().is_some_and(|(above, _)| !path.starts_with(above)) {
            stack.pop();
        }
        for (_, above) in &stack {
            let (a, b) = (&regions[*above], &regions[*number]);
            if a.frame != b.frame && intersect(&a.consumers, &b.consumers) {
                crowded.extend([*above, *number]);
            }
        }
        stack.push((path, *number));
    }
    crowded
}

fn intersect(a: &Consumers, b: &Consumers) -> bool {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    few.iter().any(|consumer| many.binary_search(consumer).is_ok())
}

/// Lifts layers over those that write to the same places and were written before by this consumer: the later one wins. None goes
/// lower than it is, so all of them stay above what they have to be above otherwise.
pub(super) fn as_written(ids: &mut [LayerId], made: &[Made], wants: &[Want]) {
    let place = |id: LayerId| {
        let Some(region) = &made[id].region else { return 0 };
        let covers = |want: &Want| want.frame == region.frame && region.path.starts_with(&want.path);
        wants.iter().rposition(covers).unwrap_or_default()
    };
    let mut crowd: Vec<LayerId> = ids.iter().copied().filter(|id| overlaps_any(*id, ids, made)).collect();
    crowd.sort_by_key(|id| place(*id));
    let rank: BTreeMap<LayerId, usize> = crowd.iter().enumerate().map(|(number, id)| (*id, number)).collect();
    for (number, id) in crowd.iter().enumerate() {
        let before = |other: &LayerId| {
            rank.get(other).is_some_and(|rank| *rank < number) && overlap(*other, *id, made)
        };
        let Some(at) = ids.iter().position(|other| other == id) else { continue };
        if let Some(highest) = ids.iter().rposition(before).filter(|highest| *highest > at) {
            ids[at..=highest].rotate_left(1);
        }
    }
}

/// Whether a layer writes to a place that another layer of the image writes to, from another frame.
fn overlaps_any(id: LayerId, ids: &[LayerId], made: &[Made]) -> bool {
    ids.iter().any(|other| *other != id && overlap(id, *other, made))
}

fn overlap(one: LayerId, other: LayerId, made: &[Made]) -> bool {
    let (one, other) = (&made[one], &made[other]);
    let (Some(a), Some(b)) = (&one.region, &other.region) else { return false };
    a.frame != b.frame
        && one.layer.parts.iter().any(|a| other.layer.parts.iter().any(|b| nested(&a.target, &b.target)))
}

/// Whether one of two paths is the other or below it.
pub(super) fn nested(a: &str, b: &str) -> bool {
    let within = |outer: &str, inner: &str| {
        let outer = outer.trim_end_matches('/');
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(a, b) || within(b, a)
}
