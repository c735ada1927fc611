//! What is so small that a layer of its own costs more than it holds: an image has all such files in one layer, though
//! a few other images store some of them too.

use std::collections::BTreeMap;

use super::groups::{Groups, Item, Key, part};
use super::listing::Listing;
use super::region::Consumers;
use super::want::{Attributes, Origin};

/// Bytes of files below which sharing them does not pay: each layer of an image is one more to ask a registry for in
/// every push, and one more for an engine to unpack and to keep.
pub(super) const SMALL: u64 = 16_000;

/// The same of their number: in a layer each has a header of half a kilobyte, and in an engine an inode.
const FEW: u64 = 64;

/// The same of images: an edit makes one layer for each of those that need the file, and pushes them.
const SHARED: usize = 12;

/// Tells what is gathered from what else the same images need: that does not change with it.
const GATHERED: (usize, usize) = (1, 0);

/// Puts together the small files of each image. Images that need the very same ones share them.
pub(super) fn gather(groups: Groups, listing: &Listing) -> Groups {
    let (small, mut gathered): (Groups, Groups) =
        groups.into_iter().partition(|(key, items)| is_small(key, items, listing));
    let small: Vec<(Key, Vec<Item>)> = small.into_iter().collect();
    // A named owner is looked up in the base: such files stay together.
    let mut needs: BTreeMap<(usize, &Option<Attributes>), Vec<usize>> = BTreeMap::new();
    for (number, (key, _)) in small.iter().enumerate() {
        for consumer in &key.consumers {
            needs.entry((*consumer, &key.named_owner)).or_default().push(number);
        }
    }
    let mut alike: BTreeMap<Vec<usize>, Consumers> = BTreeMap::new();
    for ((consumer, _), numbers) in needs {
        alike.entry(numbers).or_default().push(consumer);
    }
    for (numbers, consumers) in alike {
        let (first, _) = &small[numbers[0]];
        let key = Key { consumers, part: GATHERED, ..first.clone() };
        let items = numbers.iter().flat_map(|number| small[*number].1.iter().cloned());
        gathered.entry(key).or_default().extend(items);
    }
    gathered
}

/// Whether these are files of the context that nothing keeps apart, that few images share, and few bytes. What is behind a
/// link is not known.
fn is_small(key: &Key, items: &[Item], listing: &Listing) -> bool {
    let apart = key.alone.is_some() || key.heavy.is_some() || key.consumers.len() > SHARED;
    if apart || key.origin != Origin::Context {
        return false;
    }
    let (mut bytes, mut files) = (0, 0);
    for region in items.iter().filter_map(Item::region) {
        let part = part(region);
        if listing.is_link(part.source.trim_start_matches('/')) {
            return false;
        }
        let size = listing.size(&part);
        bytes += size.bytes;
        files += size.files;
    }
    bytes < SMALL && files < FEW
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::super::listing::tests::sized;
    use super::super::listing::{Entry, Kind};
    use super::super::{Facts, plan};
    use super::*;
    use crate::manifest::{Inputs, load};

    /// What is in the layers of each image.
    fn layers(manifest: &str, listing: Listing) -> BTreeMap<String, Vec<String>> {
        let manifest = load("layerset.yaml", manifest.as_bytes(), &Inputs::default()).manifest.unwrap();
        let plan = plan(&manifest, &Facts { listing: Some(listing), ..Facts::default() }, Vec::new());
        let holds = |id: &usize| {
            let sources = plan.layers[*id].parts.iter().map(|part| part.source.trim_start_matches('/'));
            sources.collect::<Vec<_>>().join(" ")
        };
        let of = |image: &super::super::ImagePlan| image.chain.layers.iter().map(holds).collect();
        plan.images.iter().map(|(name, image)| (name.clone(), of(image))).collect()
    }

    const FILES: [(&str, u64); 6] = [
        ("a/x", 9),
        ("b/x", 9),
        ("lib/x", SMALL),
        ("tiny/x", SMALL - 1),
        ("conf/a.yaml", 1),
        ("conf/b.json", 1),
    ];

    #[test]
    fn images_have_their_small_files_in_one_layer() {
        // What `a` and `b` take of `conf` can only be told from a listing.
        let found = layers(
            "services:\n  a: {from: scratch, files: [a, lib, tiny, {source: conf, include: ['*.yaml']}]}\n  \
             b: {from: scratch, files: [b, lib, tiny, {source: conf, include: ['a.*']}]}\n  \
             c: {from: scratch, files: [lib, tiny]}\n  d: {from: scratch, files: [lib]}\n",
            sized(&FILES),
        );
        assert_eq!(found["a"], ["lib", "a conf tiny"]);
        assert_eq!(found["b"], ["lib", "b conf tiny"]);
        assert_eq!(found["c"], ["lib", "tiny"]);
        assert_eq!(found["d"], ["lib"]);
    }

    #[test]
    fn owners_that_are_names_stay_apart_and_nothing_is_gathered_without_need() {
        let overlapping = "{source: conf, include: ['*.yaml']}, {source: conf, include: ['a.*']}";
        let named = "{source: b, owner: app}";
        let manifest = |more: &str| {
            format!(
                "services:\n  a: {{from: 'busybox:1', files: [a, tiny, {more}]}}\n  \
                 b: {{from: 'busybox:1', files: [tiny, {named}]}}\n"
            )
        };
        assert_eq!(layers(&manifest(overlapping), sized(&FILES))["a"], ["a conf tiny"]);
        assert_eq!(layers(&manifest(overlapping), sized(&FILES))["b"], ["b", "tiny"]);
        assert_eq!(layers(&manifest("lib"), sized(&FILES))["a"], ["tiny", "a lib"]);
    }

    #[test]
    fn what_many_share_is_one_layer() {
        let of = |services: usize| {
            let mut manifest = "services:\n".to_owned();
            for number in 0..services {
                let own = "{source: a, include: [x]}, {source: conf, include: ['*.yaml']}";
                writeln!(manifest, "  s{number}: {{from: scratch, files: [{own}]}}").unwrap();
            }
            let other = "{source: conf, include: ['a.*']}";
            writeln!(manifest, "  other: {{from: scratch, files: [b, {other}]}}").unwrap();
            layers(&manifest, sized(&FILES))["other"].clone()
        };
        assert_eq!(of(SHARED - 1), ["b conf"]);
        assert_eq!(of(SHARED), ["conf", "b"]);
    }

    #[test]
    fn what_is_behind_a_link_may_be_large() {
        let mut entries = sized(&FILES).entries().to_vec();
        entries.push(Entry { path: "link".into(), kind: Kind::Link, size: 0, mode: 0o777 });
        let manifest = "services:\n  a: {from: scratch, files: [a, link, {source: conf, include: ['*.yaml']}]}\n  \
                        b: {from: scratch, files: [b, link, {source: conf, include: ['a.*']}]}\n";
        assert_eq!(layers(manifest, Listing::new(entries))["a"], ["conf link", "a"]);
    }
}
