//! What is put together: what the same consumers need of one origin, unless something keeps it apart.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::facts::Facts;
use super::fold;
use super::heavy::{HEAVY, weighed};
use super::layers::Part;
use super::parts::{COARSE, FINE, Tier, divide};
use super::region::{Consumers, Region, Split};
use super::small::gather;
use super::want::{Attributes, Origin};
use crate::manifest::model::Id;

/// What keeps regions apart though the same consumers need them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) consumers: Consumers,
    pub(super) origin: Origin,
    /// A name as owner is looked up in the base, so such a layer is not shared between bases.
    pub(super) named_owner: Option<Attributes>,
    /// Regions that write to the same place as others stay alone: their order matters.
    pub(super) alone: Option<usize>,
    /// Heavy ones too, so that nothing light that changes has them stored again.
    pub(super) heavy: Option<usize>,
    /// Packages are for one interpreter.
    pub(super) view: Option<usize>,
    /// Which of the parts that packages are divided into, with its tier.
    pub(super) part: (usize, usize),
}

/// What can be in a layer.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Files(Rc<Region>),
    /// A wheel of a view.
    Wheel(usize, usize),
}

/// What is in each layer.
pub(super) type Groups = BTreeMap<Key, Vec<Item>>;

/// Groups of regions and packages, a layer each, and whether some image would have got too many. Those of regions whose
/// numbers are in `crowded` stay alone. `needed[v][w]` are the consumers that need wheel `w` of view `v`.
pub(super) fn groups(
    split: Split,
    crowded: &BTreeSet<usize>,
    needed: &[Vec<Consumers>],
    base: &[usize],
    facts: &Facts,
) -> (Groups, bool) {
    let mut files = files(split.regions, crowded, facts);
    // Only where builds list too, so that a plan has the layers that they make.
    if let Some(listing) = facts.listing.as_ref().filter(|_| split.overlaps) {
        files = gather(files, listing);
    }
    let too_many = |groups: &Groups| fold::needed(groups.keys().map(|key| (key.view, &key.consumers)), base);
    let with_packages = |tiers: &[Tier]| {
        let mut groups = files.clone();
        groups.extend(packages(needed, facts, tiers));
        groups
    };
    let mut groups = with_packages(FINE);
    if too_many(&groups) {
        // Fewer layers of the same bytes, before anything is stored twice.
        groups = with_packages(COARSE);
    }
    let folded = too_many(&groups);
    if folded {
        groups = fold_groups(&groups, base, facts);
    }
    (groups, folded)
}

fn files(regions: Vec<Region>, crowded: &BTreeSet<usize>, facts: &Facts) -> Groups {
    let mut groups = Groups::new();
    for (number, region) in regions.into_iter().enumerate() {
        let key = Key {
            consumers: region.consumers.clone(),
            origin: region.frame.origin.clone(),
            named_owner: has_named_owner(&region).then(|| region.frame.attributes.clone()),
            alone: crowded.contains(&number).then_some(number),
            heavy: is_heavy(&region, facts).then_some(number),
            view: None,
            part: (0, 0),
        };
        groups.entry(key).or_default().push(Item::Files(Rc::new(region)));
    }
    groups
}

/// Layers of packages: heavy ones each by itself, the others of the same consumers in parts.
fn packages(needed: &[Vec<Consumers>], facts: &Facts, tiers: &[Tier]) -> Groups {
    let mut together: BTreeMap<(usize, &Consumers), Vec<usize>> = BTreeMap::new();
    for (view, sets) in needed.iter().enumerate() {
        for (wheel, consumers) in sets.iter().enumerate().filter(|(_, consumers)| !consumers.is_empty()) {
            together.entry((view, consumers)).or_default().push(wheel);
        }
    }
    let mut groups = Groups::new();
    for ((view, consumers), wheels) in together {
        let known = &facts.packages.views[view];
        let weighed = wheels.iter().map(|wheel| &known.wheels[*wheel]);
        let weighed: Vec<(&str, u64)> =
            weighed.map(|wheel| (wheel.name.as_str(), wheel.weight(known.bytecode))).collect();
        for (wheel, part) in wheels.iter().zip(divide(&weighed, tiers)) {
            let key = Key {
                consumers: consumers.clone(),
                origin: Origin::Packages,
                named_owner: None,
                alone: None,
                heavy: part.is_none().then_some(*wheel),
                view: Some(view),
                part: part.unwrap_or_default(),
            };
            groups.entry(key).or_default().push(Item::Wheel(view, *wheel));
        }
    }
    groups
}

/// Whether a region is a file of the context, or has files right in it, that are heavy.
fn is_heavy(region: &Region, facts: &Facts) -> bool {
    let is_known = facts.listing.is_some() || !facts.weights.is_empty();
    let weight = || weighed(&part(region)).map_or(0, |source| facts.weight(source));
    is_known && region.frame.origin == Origin::Context && weight() >= HEAVY
}

/// Groups such that no image has too many of them. Without a listing all weigh the same.
fn fold_groups(groups: &Groups, base: &[usize], facts: &Facts) -> Groups {
    let mut classes: BTreeMap<(&Origin, &Option<Attributes>, Option<usize>), usize> = BTreeMap::new();
    let mut whole = Vec::with_capacity(groups.len());
    let mut items: Vec<(&Key, &Item)> = Vec::new();
    for (key, held) in groups {
        let next = classes.len();
        let class = *classes.entry((&key.origin, &key.named_owner, key.view)).or_insert(next);
        let first = items.len();
        items.extend(held.iter().map(|item| (key, item)));
        whole.push(fold::Group {
            consumers: key.consumers.clone(),
            weight: held.iter().map(|item| weight(item, facts)).fold(0, u64::saturating_add),
            view: key.view,
            class,
            fixed: key.alone.is_some(),
            alone: key.heavy.is_some(),
            items: (first..items.len()).collect(),
        });
    }
    let mut folded = Groups::new();
    for group in fold::fold(whole, base) {
        for item in group.items {
            let (key, held) = items[item];
            let heavy = key.heavy.filter(|_| group.alone);
            let key = Key { consumers: group.consumers.clone(), heavy, ..key.clone() };
            folded.entry(key).or_default().push(held.clone());
        }
    }
    folded
}

/// Bytes of an item. What other images hold is not known: it is taken for heavy.
fn weight(item: &Item, facts: &Facts) -> u64 {
    match item {
        Item::Wheel(view, wheel) => facts.packages.views[*view].wheels[*wheel].size.unwrap_or_default(),
        Item::Files(region) => match (&region.frame.origin, &facts.listing) {
            (Origin::Context, None) => 0,
            (Origin::Context, Some(listing)) => listing.size(&part(region)).bytes,
            (Origin::From(_) | Origin::Packages, _) => u64::MAX,
        },
    }
}

fn has_named_owner(region: &Region) -> bool {
    let named = |id: &Id| matches!(id, Id::Name(_));
    let owner = region.frame.attributes.owner.as_ref();
    owner.is_some_and(|owner| named(&owner.user) || owner.group.as_ref().is_some_and(named))
}

impl Item {
    pub(super) fn region(&self) -> Option<&Rc<Region>> {
        match self {
            Self::Files(region) => Some(region),
            Self::Wheel(..) => None,
        }
    }
}

pub(super) fn part(region: &Region) -> Part {
    let path = |start: &[String]| {
        let names: Vec<&str> = start.iter().chain(&region.path).map(String::as_str).collect();
        format!("/{}", names.join("/"))
    };
    Part {
        source: path(&region.frame.source),
        target: path(&region.frame.target),
        patterns: region.patterns.clone(),
        attributes: region.frame.attributes.clone(),
    }
}
