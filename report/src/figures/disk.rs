//! What an engine with all images unpacks: equal stacks once, up to where they part.

use std::collections::BTreeSet;

use crate::image::Image;
use crate::shelf::Shelf;

/// Each layer counts once for each different stack below it, which is what a chain id names.
pub(super) fn disk(images: &[Image], shelf: &Shelf) -> u64 {
    let mut chains = BTreeSet::new();
    let layers = images.iter().flat_map(|image| &image.layers);
    let first = layers.filter(|layer| chains.insert(layer.chain_id));
    first.filter_map(|layer| shelf.layer(&layer.blob)).map(|layer| layer.unpacked_bytes).sum()
}
