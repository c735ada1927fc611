//! What is heavy gets a layer of its own, for good. Whatever shares a layer with a model of a gigabyte
//! has it compressed, pushed and pulled again whenever it changes.
//!
//! Weighed are files, and the files right in directories: one look each. To weigh whole trees would need the
//! context's listing in every build.

use std::collections::BTreeSet;

use super::listing::{Kind, Listing};
use super::want::Origin;
use super::{Layer, Part};

/// Bytes from which a file, or the files right in a directory, stand alone.
pub const HEAVY: u64 = 20_000_000;

/// Bytes from which files lie below light packages.
pub const LOW: u64 = 2_000_000;

/// Bytes of packages below which they lie above all others.
pub(super) const SMALL: u64 = 250_000;

/// The sources of `layers`, as paths in the context.
pub fn to_weigh<'a>(layers: impl Iterator<Item = &'a Layer>) -> BTreeSet<String> {
    let files = layers.filter(|layer| layer.origin == Origin::Context);
    files.flat_map(|layer| &layer.parts).filter_map(weighed).map(str::to_owned).collect()
}

/// The path in the context that says what a part weighs. Of single files of a directory it is known who needs them, not
/// what they weigh.
pub(super) fn weighed(part: &Part) -> Option<&str> {
    let path = part.source.trim_start_matches('/');
    (part.patterns.include.is_empty() && !path.is_empty()).then_some(path)
}

impl Listing {
    /// Bytes of a file, or of the files right in a directory.
    pub fn weigh(&self, path: &str) -> u64 {
        let range = self.subtree(path);
        let below = |entry: &&super::Entry| {
            let rest = entry.path.get(path.len() + 1..).unwrap_or_default();
            entry.kind == Kind::File && !rest.contains('/')
        };
        self.entries()[range].iter().filter(below).map(|entry| entry.size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::tests::listing;

    #[test]
    fn only_what_is_right_in_a_directory_counts() {
        let listing = listing(&["a/x", "a/y", "a/b/z", "c"]);
        assert_eq!(["a", "a/b", "c", "d"].map(|path| listing.weigh(path)), [2, 1, 1, 0]);
    }
}
