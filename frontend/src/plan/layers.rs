//! Which regions become which layers: one layer for each set of consumers, because two things may
//! share a layer without waste only if the same images need both. What is too small for that is in `small.rs`.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde::Serialize;

use super::crowd::{as_written, crowded};
use super::facts::Facts;
use super::groups::{Item, Key, groups, part};
use super::label;
use super::order;
use super::packages::{Installed, View, Wheel};
use super::region::{Consumers, Region, Split};
use super::want::{Attributes, Origin, Patterns, Want};
use crate::diagnostic::Span;
use crate::manifest::model::Base;

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
        let parts = self.parts.iter().map(|part| part.target.as_str());
        parts.chain(self.packages.iter().flat_map(Installed::targets)).collect()
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

/// A layer, and who holds it.
pub(super) struct Made {
    pub(super) consumers: Consumers,
    /// The interpreter whose packages it holds.
    pub(super) view: Option<usize>,
    /// Its first region.
    pub(super) region: Option<Rc<Region>>,
    pub(super) layer: Layer,
}

/// Groups the regions of `split` into layers, and puts those of each consumer into their order.
///
/// `needed[v][w]` are the consumers that need wheel `w` of view `v`, and `roots` is what each is built on.
pub(super) fn group(
    split: Split,
    needed: &[Vec<Consumers>],
    wants: &[Vec<Want>],
    names: &[String],
    roots: &[&Base],
    base: &[usize],
    facts: &Facts,
) -> Grouped {
    let crowded = crowded(&split.regions);
    let (groups, folded) = groups(split, &crowded, needed, base, facts);
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
