//! Which regions become which layers: one layer for each set of consumers, because two things may
//! share a layer without waste only if the same images need both.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::Serialize;

use super::crowd::{as_written, crowded};
use super::facts::Facts;
use super::fold;
use super::heavy::HEAVY;
use super::label;
use super::order;
use super::packages::{Installed, View, Wheel};
use super::parts::{COARSE, FINE, Tier, divide};
use super::region::{Consumers, Region};
use super::want::{Attributes, Origin, Patterns, Want};
use crate::diagnostic::Span;
use crate::manifest::model::{Base, Id};

/// Index of a layer in [`super::Plan::layers`].
pub type LayerId = usize;

/// A set of files at their destinations, rooted at the empty file system.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// Of what it holds, not of who needs it: the same in every manifest with the same parts.
    pub id: String,
    /// For people: whose it is and what it holds. Never part of an op.
    pub name: String,
    /// Where the files come from.
    pub origin: Origin,
    /// Whether it is alone because it is heavy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub heavy: bool,
    /// What is copied, in order.
    pub parts: Vec<Part>,
    /// The Python packages it holds, if it is a layer of packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<Installed>,
    /// The services and stages whose images hold it, sorted: `service api`, `stage ui`.
    pub consumers: Vec<String>,
    /// Where the manifest asks for it.
    #[serde(skip)]
    pub spans: Vec<Span>,
}

impl Layer {
    /// Where it puts what it holds.
    pub fn targets(&self) -> Vec<&str> {
        self.targets_with_attributes().into_iter().map(|(target, _)| target).collect()
    }

    /// The same, each with whether nothing is said of owner and permissions.
    pub fn targets_with_attributes(&self) -> Vec<(&str, bool)> {
        let parts =
            self.parts.iter().map(|part| (part.target.as_str(), part.attributes == Attributes::default()));
        let packages = self.packages.iter().flat_map(Installed::targets).map(|target| (target, true));
        parts.chain(packages).collect()
    }
}

/// One copy of a layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Part {
    /// Absolute path in the origin, `/` for its root.
    pub source: String,
    /// Absolute destination.
    pub target: String,
    /// What of it.
    #[serde(flatten)]
    pub patterns: Patterns,
    /// Owner and permissions.
    #[serde(flatten)]
    pub attributes: Attributes,
}

/// The layers of all consumers, and which each of them needs, bottom first.
pub(super) struct Grouped {
    pub(super) layers: Vec<Layer>,
    pub(super) of: Vec<Vec<LayerId>>,
    /// Whether some image would have got too many.
    pub(super) folded: bool,
}

/// What keeps regions apart though the same consumers need them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    consumers: Consumers,
    origin: Origin,
    /// A name as owner is looked up in the base, so such a layer is not shared between bases.
    named_owner: Option<Attributes>,
    /// Regions that write to the same place as others stay alone: their order matters.
    alone: Option<usize>,
    /// Heavy ones too, so that nothing light that changes has them stored again.
    heavy: Option<usize>,
    /// Packages are for one interpreter.
    view: Option<usize>,
    /// Which of the parts that packages are divided into, with its tier.
    part: (usize, usize),
}

/// What can be in a layer.
#[derive(Clone, Debug)]
enum Item {
    Files(Rc<Region>),
    /// A wheel of a view.
    Wheel(usize, usize),
}

/// What is in each layer.
type Groups = BTreeMap<Key, Vec<Item>>;

/// A layer, and who holds it.
pub(super) struct Made {
    pub(super) consumers: Consumers,
    /// The interpreter whose packages it holds.
    pub(super) view: Option<usize>,
    /// Its first region.
    pub(super) region: Option<Rc<Region>>,
    pub(super) layer: Layer,
}

/// Groups regions into layers, and puts those of each consumer into their order.
///
/// `needed[v][w]` are the consumers that need wheel `w` of view `v`, and `roots` is what each is built on.
pub(super) fn group(
    regions: Vec<Region>,
    needed: &[Vec<Consumers>],
    wants: &[Vec<Want>],
    names: &[String],
    roots: &[&Base],
    base: &[usize],
    facts: &Facts,
) -> Grouped {
    let crowded = crowded(&regions);
    let mut files = Groups::new();
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
        files.entry(key).or_default().push(Item::Files(Rc::new(region)));
    }
    let too_many = |groups: &Groups| fold::needed(groups.keys().map(|key| &key.consumers), base);
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
    let mut made: Vec<Made> =
        groups.into_iter().map(|(key, items)| layer(key, &items, names, facts)).collect();
    // As they are listed.
    made.sort_by(|a, b| {
        let key = |made: &Made| {
            let (files, shared) = (made.layer.packages.is_none(), Reverse(made.consumers.len()));
            (!made.layer.heavy, files, made.view, shared, made.layer.origin.clone(), made.consumers.clone())
        };
        let what = |made: &Made| made.layer.packages.as_ref().map(|packages| packages.wheels.clone());
        let same = || a.layer.parts.cmp(&b.layer.parts).then_with(|| what(a).cmp(&what(b)));
        key(a).cmp(&key(b)).then_with(same)
    });
    let mut of = order::of_all(&made, names, roots, facts);
    if !crowded.is_empty() {
        for (consumer, ids) in of.iter_mut().enumerate() {
            as_written(ids, &made, &wants[consumer]);
        }
    }
    Grouped { layers: made.into_iter().map(|made| made.layer).collect(), of, folded }
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
    let source = || [&region.frame.source[..], &region.path].concat().join("/");
    let weight = || facts.weights.get(&source()).copied().unwrap_or_default();
    region.frame.origin == Origin::Context && !facts.weights.is_empty() && weight() >= HEAVY
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
            (Origin::Context, Some(listing)) => listing.bytes(&part(region)),
            (Origin::From(_) | Origin::Packages, _) => u64::MAX,
        },
    }
}

fn has_named_owner(region: &Region) -> bool {
    let named = |id: &Id| matches!(id, Id::Name(_));
    let owner = region.frame.attributes.owner.as_ref();
    owner.is_some_and(|owner| named(&owner.user) || owner.group.as_ref().is_some_and(named))
}

/// Of packages that many services require, a few places will do.
const MOST_PLACES: usize = 3;

fn layer(key: Key, items: &[Item], names: &[String], facts: &Facts) -> Made {
    let regions: Vec<&Rc<Region>> = items.iter().filter_map(Item::region).collect();
    let mut parts: Vec<Part> = regions.iter().map(|region| part(region)).collect();
    // What is below another destination comes after it, so that its directories have their own modes.
    parts.sort_by(|a, b| a.target.cmp(&b.target).then_with(|| a.cmp(b)));
    let packages = key.view.map(|view| installed(items, &facts.packages.views[view]));
    let origin = key.origin.clone();
    // Who has another interpreter has other packages.
    let other = |name: &String| {
        facts.packages.of.get(name).is_some_and(|view| key.view.is_some_and(|own| own != *view))
    };
    let consumers = key.consumers.iter().map(|who| &names[*who]).filter(|name| !other(name));
    let mut consumers: Vec<String> = consumers.cloned().collect();
    consumers.sort();
    let spans = regions.iter().flat_map(|region| {
        // Of what was shared with others, one place will do: they have theirs at their own layers.
        let most = if region.consumers == key.consumers { region.spans.len() } else { 1 };
        region.spans.iter().take(most).copied()
    });
    let view = key.view.map(|view| &facts.packages.views[view]);
    let required = consumers.iter().filter_map(|name| view?.places.get(name).copied());
    let spans: BTreeSet<Span> = spans.chain(required.take(MOST_PLACES)).collect();
    let layer = Layer {
        id: label::id(&origin, &parts, packages.as_ref()),
        name: label::name(&origin, &parts, packages.as_ref(), &consumers),
        origin,
        heavy: key.heavy.is_some(),
        parts,
        packages,
        consumers,
        spans: spans.into_iter().collect(),
    };
    Made {
        consumers: key.consumers,
        view: key.view,
        region: regions.first().map(|region| Rc::clone(region)),
        layer,
    }
}

impl Item {
    fn region(&self) -> Option<&Rc<Region>> {
        match self {
            Self::Files(region) => Some(region),
            Self::Wheel(..) => None,
        }
    }
}

fn installed(items: &[Item], view: &View) -> Installed {
    let wheel = |item: &Item| match item {
        Item::Wheel(_, wheel) => Some(view.wheels[*wheel].clone()),
        Item::Files(_) => None,
    };
    let mut wheels: Vec<Wheel> = items.iter().filter_map(wheel).collect();
    wheels.sort();
    Installed {
        scheme: view.scheme.clone(),
        wheels,
        bytecode: view.bytecode,
        runtime: view.runtime.clone(),
        requirements: view.requirements.clone(),
    }
}

fn part(region: &Region) -> Part {
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
