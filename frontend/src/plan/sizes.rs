//! How much the layers hold, by the context's listing.

use std::collections::{BTreeMap, BTreeSet};

use unwheel::Scheme;

use super::listing::{Kind, Listing};
use super::pattern::Filter;
use super::want::{Attributes, Origin};
use super::{LayerId, Part, Plan, Wheel};
use crate::manifest::model::Base;

/// Bytes and number of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes of their contents.
    pub bytes: u64,
    /// Files, links and the like; directories do not count.
    pub files: u64,
}

/// What the layers of a plan hold.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    /// For each layer; `None` if its files come from elsewhere than the context.
    pub layers: Vec<Option<Size>>,
    /// If every file were stored once for each destination, owner and mode that any image gives it.
    pub ideal: Size,
}

/// What takes a file of the context to its place in an image, without what both paths have in common
/// at their end: the same for all parts that put the same file to the same place.
type Rule<'a> = (&'a str, &'a str, &'a Attributes);

/// Measures all layers.
pub fn measure(plan: &Plan, listing: &Listing) -> Sizes {
    let mut needed: BTreeMap<Rule<'_>, Vec<usize>> = BTreeMap::new();
    let mut layers = Vec::with_capacity(plan.layers.len());
    let in_images = in_images(plan);
    let mut wheels: BTreeSet<(&Scheme, &Wheel)> = BTreeSet::new();
    for (number, layer) in plan.layers.iter().enumerate() {
        if let Some(packages) = &layer.packages {
            // As downloaded, which is about what a layer of them is when it is compressed.
            layers.push(Some(Size { bytes: packages.bytes(), files: 0 }));
            if in_images.contains(&number) {
                wheels.extend(packages.wheels.iter().map(|wheel| (&packages.scheme, wheel)));
            }
            continue;
        }
        if layer.origin != Origin::Context {
            layers.push(None);
            continue;
        }
        let mut size = Size::default();
        for part in &layer.parts {
            let places = places(part, listing);
            size.add(listing, &places);
            if in_images.contains(&number) {
                needed.entry(rule(part)).or_default().extend(places);
            }
        }
        layers.push(Some(size));
    }
    let bytes = wheels.into_iter().filter_map(|(_, wheel)| wheel.size).sum();
    let mut ideal = Size { bytes, files: 0 };
    for mut places in needed.into_values() {
        places.sort_unstable();
        places.dedup();
        ideal.add(listing, &places);
    }
    Sizes { layers, ideal }
}

/// The layers that are in an image, by itself or by a stage that it is built on. Others are only built with.
fn in_images(plan: &Plan) -> BTreeSet<LayerId> {
    let mut layers = BTreeSet::new();
    let mut stages = BTreeSet::new();
    for image in plan.images.values() {
        let mut chain = Some(&image.chain);
        while let Some(below) = chain {
            layers.extend(&below.layers);
            chain = match &below.base {
                Base::Stage(name) if stages.insert(name) => plan.stages.get(name).map(|stage| &stage.chain),
                _ => None,
            };
        }
    }
    layers
}

/// What a part copies, as places in the listing. A pattern that the engine refuses takes nothing: it says so itself.
pub(super) fn places(part: &Part, listing: &Listing) -> Vec<usize> {
    let filter = Filter::new(&part.patterns.include, &part.patterns.exclude);
    filter.map(|filter| listing.select(part.source.trim_start_matches('/'), &filter)).unwrap_or_default()
}

impl Listing {
    /// What a part copies.
    pub(super) fn size(&self, part: &Part) -> Size {
        let mut size = Size::default();
        size.add(self, &places(part, self));
        size
    }
}

fn rule(part: &Part) -> Rule<'_> {
    let (mut source, mut target) = (part.source.as_str(), part.target.as_str());
    while let (Some((above, name)), Some((over, same))) = (source.rsplit_once('/'), target.rsplit_once('/'))
        && name == same
        && !name.is_empty()
    {
        (source, target) = (above, over);
    }
    (source.trim_end_matches('/'), target.trim_end_matches('/'), &part.attributes)
}

impl Size {
    fn add(&mut self, listing: &Listing, places: &[usize]) {
        for at in places {
            let entry = &listing.entries()[*at];
            self.bytes += entry.size;
            self.files += u64::from(entry.kind != Kind::Directory);
        }
    }
}

/// Bytes for people, in powers of 1000 as registries count: `1.2 MB`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn human(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    for unit in ["kB", "MB", "GB"] {
        // What would be shown as 1000.0 is 1.0 of the next.
        if value < 999.95 {
            return format!("{value:.1} {unit}");
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn bytes_for_people() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (1_234_567, "1.2 MB"),
            (154_000_000_000, "154.0 GB"),
            (5_000_000_000_000_000, "5000.0 TB"),
        ] {
            assert_eq!(human(bytes), shown);
        }
    }
}
