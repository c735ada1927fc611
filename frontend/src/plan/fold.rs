//! Keeps images within their number of layers, by giving up sharing where it costs least.
//!
//! overlayfs and moby stop near 125 layers, and BuildKit builds images that cannot be mounted without
//! a word. An image that would get too many keeps the heaviest layers it shares, and holds what is in the
//! others once more, in a layer of its own. The others go on sharing those layers. Images that give up the very
//! same ones share what they hold instead.

use std::collections::{BTreeMap, BTreeSet};

use super::region::Consumers;

/// Layers an image should have at the most, those of its base included.
pub(super) const WANTED: usize = 64;
/// Layers an image can have.
pub const LIMIT: usize = 100;

/// A layer: who holds it, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) consumers: Consumers,
    /// Its bytes; the lightest are given up first.
    pub(super) weight: u64,
    /// The interpreter whose packages it holds: an image has those of one.
    pub(super) view: Option<usize>,
    /// Only what is of one class can be in one layer.
    pub(super) class: usize,
    /// Whether it can be given up.
    pub(super) fixed: bool,
    /// Whether it stays a layer of its own as long as it is shared by all who need it.
    pub(super) alone: bool,
    /// What it holds, by the caller's numbers.
    pub(super) items: Vec<usize>,
}

/// Whether any image would get more layers than it should. `layers` are consumers with the interpreter whose packages they get, if
/// any; `base[i]` are the layers that consumer `i` is built on. Which interpreters are known differs from target to target, so
/// an image counts as having the one with most.
pub(super) fn needed<'a>(
    layers: impl Iterator<Item = (Option<usize>, &'a Consumers)>,
    base: &[usize],
) -> bool {
    let mut files = base.to_vec();
    let mut packages: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (view, consumers) in layers {
        let counts = match view {
            Some(view) => packages.entry(view).or_insert_with(|| vec![0; base.len()]),
            None => &mut files,
        };
        for consumer in consumers {
            counts[*consumer] += 1;
        }
    }
    let most = |consumer: usize| packages.values().map(|counts| counts[consumer]).max().unwrap_or_default();
    files.iter().enumerate().any(|(consumer, count)| count + most(consumer) > WANTED)
}

/// The groups such that no image has too many layers, if that can be.
pub(super) fn fold(groups: Vec<Group>, base: &[usize]) -> Vec<Group> {
    let views: BTreeSet<usize> = groups.iter().filter_map(|group| group.view).collect();
    let views = if views.is_empty() { vec![None] } else { views.into_iter().map(Some).collect() };
    let mut given: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for view in views {
        for (consumer, all) in of_consumers(&groups, view, base) {
            given.entry(consumer).or_default().extend(given_up(&groups, all, base[consumer]));
        }
    }
    let mut alike: BTreeMap<Vec<usize>, Consumers> = BTreeMap::new();
    for (consumer, given) in given {
        alike.entry(given.into_iter().collect()).or_default().push(consumer);
    }
    let mut gone: Vec<Vec<&Consumers>> = vec![Vec::new(); groups.len()];
    for (given, consumers) in &alike {
        for number in given {
            gone[*number].push(consumers);
        }
    }
    let mut stored: Vec<Group> = Vec::with_capacity(groups.len());
    let mut again: BTreeMap<(&Consumers, usize), Vec<usize>> = BTreeMap::new();
    for (mut group, gone) in groups.into_iter().zip(gone) {
        for consumers in &gone {
            again.entry((consumers, group.class)).or_default().extend(&group.items);
        }
        let gone: BTreeSet<usize> = gone.into_iter().flatten().copied().collect();
        group.consumers.retain(|who| !gone.contains(who));
        if !group.consumers.is_empty() {
            stored.push(group);
        }
    }
    let group = |((consumers, class), items): ((&Consumers, usize), Vec<usize>)| Group {
        consumers: consumers.clone(),
        weight: 0,
        view: None,
        class,
        fixed: false,
        alone: false,
        items,
    };
    stored.extend(again.into_iter().map(group));
    stored
}

/// The groups of each consumer that has too many, with the packages of one interpreter.
fn of_consumers(groups: &[Group], view: Option<usize>, base: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut counts = base.to_vec();
    let own = || groups.iter().enumerate().filter(|(_, group)| group.view.is_none() || group.view == view);
    for consumer in own().flat_map(|(_, group)| &group.consumers) {
        counts[*consumer] += 1;
    }
    let mut of: BTreeMap<usize, Vec<usize>> = (counts.iter().enumerate())
        .filter(|(_, count)| **count > WANTED)
        .map(|(consumer, _)| (consumer, Vec::new()))
        .collect();
    for (number, group) in own() {
        for consumer in &group.consumers {
            if let Some(all) = of.get_mut(consumer) {
                all.push(number);
            }
        }
    }
    of
}

/// Which of the groups `all` of one consumer it gives up, sorted.
fn given_up(groups: &[Group], all: Vec<usize>, base: usize) -> Vec<usize> {
    let mut left = base + all.len();
    let mut shared: Vec<usize> = all
        .into_iter()
        .filter(|number| groups[*number].consumers.len() > 1 && !groups[*number].fixed)
        .collect();
    shared.sort_by_key(|number| (groups[*number].weight, groups[*number].consumers.len(), *number));
    let mut classes = BTreeSet::new();
    let mut given = Vec::new();
    for number in shared {
        // What is given up of a class comes back as one layer.
        if left + classes.len() <= WANTED {
            break;
        }
        left -= 1;
        classes.insert(groups[number].class);
        given.push(number);
    }
    given.sort_unstable();
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(sets: &[Consumers]) -> Vec<Group> {
        let group = |(number, consumers): (usize, &Consumers)| Group {
            consumers: consumers.clone(),
            weight: number as u64,
            view: None,
            class: 0,
            fixed: false,
            alone: false,
            items: vec![number],
        };
        sets.iter().enumerate().map(group).collect()
    }

    fn files(sets: &[Consumers]) -> impl Iterator<Item = (Option<usize>, &Consumers)> {
        sets.iter().map(|set| (None, set))
    }

    fn layers(groups: &[Group], consumer: usize) -> usize {
        groups.iter().filter(|group| group.consumers.contains(&consumer)).count()
    }

    /// Everybody has exactly what it needs.
    fn is_complete(sets: &[Consumers], groups: &[Group]) {
        let mut has: Vec<Consumers> = vec![Consumers::new(); sets.len()];
        for group in groups {
            group.items.iter().for_each(|item| has[*item].extend(&group.consumers));
        }
        for set in &mut has {
            set.sort_unstable();
        }
        assert_eq!(has, sets);
    }

    #[test]
    fn few_layers_stay_as_they_are() {
        let sets: Vec<Consumers> = (0..20).map(|n| vec![n]).chain([(0..20).collect()]).collect();
        assert!(!needed(files(&sets), &[5; 20]));
        assert_eq!(fold(groups(&sets), &[5; 20]), groups(&sets));
    }

    #[test]
    fn the_lightest_are_given_up() {
        // One service that shares a directory with each of seventy others.
        let sets: Vec<Consumers> = (0..70).map(|n| vec![n, 70]).collect();
        assert!(needed(files(&sets), &[0; 71]));
        let folded = fold(groups(&sets), &[0; 71]);
        is_complete(&sets, &folded);
        // Seven become one.
        assert_eq!((layers(&folded, 70), folded.len()), (WANTED, 71));
        assert_eq!(folded[70].items, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn who_gives_up_the_same_shares_it() {
        // A hundred services take a directory of which a hundred others take a part each.
        let whole: Vec<usize> = (0..100).collect();
        let sets: Vec<Consumers> = (100..200).map(|n| [&whole[..], &[n]].concat()).collect();
        let folded = fold(groups(&sets), &[5; 200]);
        is_complete(&sets, &folded);
        let stored: usize = folded.iter().map(|group| group.items.len()).sum();
        assert_eq!((stored, layers(&folded, 0)), (100 + 42, 59));
    }

    /// Another interpreter that is known makes no difference to an image.
    #[test]
    fn an_image_has_packages_of_one_interpreter() {
        let sets: Vec<Consumers> = (0..80).map(|n| vec![n % 40, 70]).collect();
        let of_views =
            |most: usize| sets.iter().enumerate().map(move |(at, set)| (Some(at * most / 80), set));
        assert!(needed(of_views(1), &[0; 71]) && !needed(of_views(2), &[0; 71]));
        let mut two = groups(&sets);
        for (at, group) in two.iter_mut().enumerate() {
            (group.view, group.class) = (Some(at / 40), at / 40);
        }
        assert_eq!(fold(two.clone(), &[0; 71]), two);
        let only: Vec<Group> = two.iter().take(40).cloned().collect();
        let base = [&[0; 70][..], &[30]].concat();
        let given = |groups: Vec<Group>| layers(&fold(groups, &base), 70);
        assert_eq!((given(only), given(two)), (34, 68));
    }

    #[test]
    fn what_is_fixed_stays() {
        let sets: Vec<Consumers> = (0..70).map(|n| vec![n, 70]).collect();
        let mut groups = groups(&sets);
        for group in &mut groups {
            group.fixed = true;
        }
        assert_eq!(fold(groups.clone(), &[0; 71]), groups);
    }

    #[test]
    fn what_is_alone_stays_alone_while_it_is_shared() {
        let sets: Vec<Consumers> = (0..63).map(|n| vec![n, 70]).chain([vec![70], vec![70]]).collect();
        let mut groups = groups(&sets);
        groups[63].alone = true;
        let folded = fold(groups, &[0; 71]);
        is_complete(&sets, &folded);
        // Its own, the one that stays alone, and what it gave up.
        assert_eq!(folded.iter().filter(|group| group.consumers == [70]).count(), 3);
    }
}
