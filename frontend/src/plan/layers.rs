//! Which regions become which layers: one layer for each set of consumers, because two things may
//! share a layer without waste only if the same images need both.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::facts::Facts;
use super::fold;
use super::listing::Listing;
use super::region::{Consumers, Region};
use super::want::{Attributes, Origin, Patterns, Want};
use crate::diagnostic::Span;
use crate::manifest::model::Id;

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
    /// The services and stages whose images hold it, sorted: `service api`, `stage ui`.
    pub consumers: Vec<String>,
    /// Where the manifest asks for it.
    #[serde(skip)]
    pub spans: Vec<Span>,
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
}

/// What is in each layer.
type Groups = BTreeMap<Key, Vec<Rc<Region>>>;

/// A layer, and who holds it.
struct Made {
    consumers: Consumers,
    regions: Vec<Rc<Region>>,
    layer: Layer,
}

/// Groups regions into layers, in one order for all images.
pub(super) fn group(
    regions: Vec<Region>,
    wants: &[Vec<Want>],
    names: &[String],
    base: &[usize],
    facts: &Facts,
) -> Grouped {
    let crowded = crowded(&regions);
    let mut groups = Groups::new();
    for (number, region) in regions.into_iter().enumerate() {
        let key = Key {
            consumers: region.consumers.clone(),
            origin: region.frame.origin.clone(),
            named_owner: has_named_owner(&region).then(|| region.frame.attributes.clone()),
            alone: crowded.contains(&number).then_some(number),
            heavy: is_heavy(&region, facts).then_some(number),
        };
        groups.entry(key).or_default().push(Rc::new(region));
    }
    let folded = fold::needed(groups.keys().map(|key| &key.consumers), base);
    if folded {
        groups = fold_groups(&groups, base, facts.listing.as_ref());
    }
    let mut made: Vec<Made> = groups.into_iter().map(|(key, regions)| layer(key, regions, names)).collect();
    // One global order: what most images share first, so that images share their lower part.
    made.sort_by(|a, b| {
        let key = |made: &Made| (Reverse(made.consumers.len()), made.layer.origin.clone(), !made.layer.heavy);
        key(a).cmp(&key(b)).then_with(|| a.layer.parts.cmp(&b.layer.parts))
    });
    let mut of = vec![Vec::new(); names.len()];
    for (id, made) in made.iter().enumerate() {
        for consumer in &made.consumers {
            of[*consumer].push(id);
        }
    }
    if !crowded.is_empty() {
        for (consumer, ids) in of.iter_mut().enumerate() {
            as_written(ids, &made, &wants[consumer]);
        }
    }
    Grouped { layers: made.into_iter().map(|made| made.layer).collect(), of, folded }
}

/// Whether a region is a file of the context, or has files right in it, that are heavy.
fn is_heavy(region: &Region, facts: &Facts) -> bool {
    let source = || [&region.frame.source[..], &region.path].concat().join("/");
    region.frame.origin == Origin::Context && !facts.heavy.is_empty() && facts.heavy.contains(&source())
}

/// Groups such that no image has too many of them. Without a listing all weigh the same.
fn fold_groups(groups: &Groups, base: &[usize], listing: Option<&Listing>) -> Groups {
    let mut classes: BTreeMap<(&Origin, &Option<Attributes>), usize> = BTreeMap::new();
    let mut whole = Vec::with_capacity(groups.len());
    let mut items: Vec<(&Key, &Rc<Region>)> = Vec::new();
    for (key, regions) in groups {
        let next = classes.len();
        let class = *classes.entry((&key.origin, &key.named_owner)).or_insert(next);
        let first = items.len();
        items.extend(regions.iter().map(|region| (key, region)));
        whole.push(fold::Group {
            consumers: key.consumers.clone(),
            weight: regions.iter().map(|region| weight(region, listing)).fold(0, u64::saturating_add),
            class,
            fixed: key.alone.is_some(),
            alone: key.heavy.is_some(),
            items: (first..items.len()).collect(),
        });
    }
    let mut folded = Groups::new();
    for group in fold::fold(whole, base) {
        for item in group.items {
            let (key, region) = items[item];
            let heavy = key.heavy.filter(|_| group.alone);
            let key = Key { consumers: group.consumers.clone(), heavy, ..key.clone() };
            folded.entry(key).or_default().push(Rc::clone(region));
        }
    }
    folded
}

/// Bytes of a region. What other images hold is not known: it is taken for heavy.
fn weight(region: &Region, listing: Option<&Listing>) -> u64 {
    match (&region.frame.origin, listing) {
        (Origin::From(_), _) => u64::MAX,
        (Origin::Context, None) => 0,
        (Origin::Context, Some(listing)) => listing.bytes(&part(region)),
    }
}

fn has_named_owner(region: &Region) -> bool {
    let named = |id: &Id| matches!(id, Id::Name(_));
    let owner = region.frame.attributes.owner.as_ref();
    owner.is_some_and(|owner| named(&owner.user) || owner.group.as_ref().is_some_and(named))
}

fn layer(key: Key, regions: Vec<Rc<Region>>, names: &[String]) -> Made {
    let mut parts: Vec<Part> = regions.iter().map(|region| part(region)).collect();
    // What is below another destination comes after it, so that its directories have their own modes.
    parts.sort_by(|a, b| a.target.cmp(&b.target).then_with(|| a.cmp(b)));
    let origin = key.origin.clone();
    let mut consumers: Vec<String> = key.consumers.iter().map(|who| names[*who].clone()).collect();
    consumers.sort();
    let spans = regions.iter().flat_map(|region| {
        // Of what was shared with others, one place will do: they have theirs at their own layers.
        let most = if region.consumers == key.consumers { region.spans.len() } else { 1 };
        region.spans.iter().take(most).copied()
    });
    let spans: BTreeSet<Span> = spans.collect();
    let layer = Layer {
        id: id(&origin, &parts),
        name: name(&origin, &parts, &consumers),
        origin,
        heavy: key.heavy.is_some(),
        parts,
        consumers,
        spans: spans.into_iter().collect(),
    };
    Made { consumers: key.consumers, regions, layer }
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

fn id(origin: &Origin, parts: &[Part]) -> String {
    let text = serde_json::to_string(&(origin, parts)).unwrap_or_default();
    let mut digits = format!("{:x}", Sha256::digest(text.as_bytes()));
    digits.truncate(12);
    digits
}

/// `[api] copy backend/api`, `[shared: 14 images] copy backend/common, backend/db +3`
fn name(origin: &Origin, parts: &[Part], consumers: &[String]) -> String {
    let from = match origin {
        Origin::Context => String::new(),
        Origin::From(base) => format!(" from {base}"),
    };
    let whose = match consumers {
        [one] => one.split_once(' ').map_or(one.as_str(), |(_, name)| name).to_owned(),
        many => format!("shared: {} images", many.len()),
    };
    let mut what: Vec<String> = parts.iter().take(3).map(shown).collect();
    if parts.len() > 3 {
        what.push(format!("+{}", parts.len() - 3));
    }
    format!("[{whose}] copy {}{from}", what.join(", "))
}

fn shown(part: &Part) -> String {
    let source = if part.source == "/" { "." } else { part.source.trim_start_matches('/') };
    if part.target.ends_with(&format!("/{source}")) {
        source.to_owned()
    } else {
        format!("{source} → {}", part.target)
    }
}

/// Regions of different frames that write to the same places for the same consumer. Those of one
/// frame are disjoint.
fn crowded(regions: &[Region]) -> BTreeSet<usize> {
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

/// Puts layers that write to the same places into the order in which this consumer wrote its
/// selections: the later one wins. The others keep the global order.
fn as_written(ids: &mut [LayerId], made: &[Made], wants: &[Want]) {
    let place = |id: LayerId| {
        let region = &made[id].regions[0];
        let covers = |want: &Want| want.frame == region.frame && region.path.starts_with(&want.path);
        wants.iter().rposition(covers).unwrap_or_default()
    };
    let crowd: Vec<usize> = (0..ids.len()).filter(|at| overlaps_any(ids[*at], ids, made)).collect();
    let mut sorted: Vec<LayerId> = crowd.iter().map(|at| ids[*at]).collect();
    sorted.sort_by_key(|id| place(*id));
    for (at, id) in crowd.into_iter().zip(sorted) {
        ids[at] = id;
    }
}

/// Whether a layer writes to a place that another layer of the image writes to, from another frame.
fn overlaps_any(id: LayerId, ids: &[LayerId], made: &[Made]) -> bool {
    let Made { regions, layer, .. } = &made[id];
    ids.iter().filter(|other| **other != id).any(|other| {
        let Made { regions: others, layer: other, .. } = &made[*other];
        regions[0].frame != others[0].frame
            && layer.parts.iter().any(|a| other.parts.iter().any(|b| nested(&a.target, &b.target)))
    })
}

fn nested(a: &str, b: &str) -> bool {
    let within = |outer: &str, inner: &str| {
        let outer = outer.trim_end_matches('/');
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(a, b) || within(b, a)
}
