//! Which files of the context a layer takes.

use super::listing::Listing;
use super::sizes::places;
use super::want::Origin;
use super::{EntryKind, Layer};

/// The paths of the files in `listing` that a layer copies.
pub fn selected<'l>(layer: &Layer, listing: &'l Listing) -> Vec<&'l str> {
    if layer.origin != Origin::Context {
        return Vec::new();
    }
    let places = layer.parts.iter().flat_map(|part| places(part, listing));
    let entries = places.map(|place| &listing.entries()[place]);
    entries.filter(|entry| entry.kind == EntryKind::File).map(|entry| entry.path.as_str()).collect()
}
