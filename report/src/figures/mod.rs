//! What a group of images comes to. `duplicated` finds files that are stored more than once, `wasted` those that an
//! image cannot see, `disk` what an engine unpacks, `limits` what must not be exceeded; `groups` keeps lists of images
//! small.

mod compare;
mod disk;
mod duplicated;
mod groups;
mod limits;
mod wasted;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use compare::{Change, changes};
pub use duplicated::Duplicate;
pub use limits::{Amount, Exceeded, Limits, Offender};
pub use wasted::{How, Waste};

use crate::digest::Digest;
use crate::image::Image;
use crate::shelf::Shelf;

/// The longest list of files.
const MOST: usize = 100;

/// Figures of a group of images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Sums over everything.
    pub totals: Totals,
    /// Images by their names.
    pub images: BTreeMap<String, ImageFigures>,
    /// Distinct layers by the digests of their blobs.
    pub layers: BTreeMap<Digest, LayerFigures>,
    /// Files in more than one layer, those that most bytes are stored again of first.
    pub duplicated: Vec<Duplicate>,
    /// Files that a higher layer of the same image hides, largest first.
    pub wasted: Vec<Waste>,
}

/// Sums. Unless a field's name says otherwise, bytes are those of layers' blobs as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Number of images.
    pub images: usize,
    /// Number of distinct layers.
    pub layers: usize,
    /// How often an image has a layer.
    pub uses: usize,
    /// Sum over the images: what each by itself would store.
    pub image_bytes: u64,
    /// Sum over the distinct layers.
    pub stored_bytes: u64,
    /// 1 − stored / images.
    pub reuse: f64,
    /// What an engine with all images unpacks: a layer once for each different stack below it.
    pub disk_bytes: u64,
    /// The image in the middle.
    pub median_image_bytes: u64,
    /// The largest image.
    pub largest_image_bytes: u64,
    /// The most layers of an image.
    pub most_layers: usize,
    /// Of files that several layers have, all copies but one.
    pub duplicated_bytes: u64,
    /// The number of these copies.
    pub duplicated_files: u64,
    /// Of files in layers that an image cannot see, each counted once.
    pub wasted_bytes: u64,
    /// Their number.
    pub wasted_files: u64,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFigures {
    /// What it runs on.
    pub platform: String,
    /// Its layers' blobs.
    pub bytes: u64,
    /// Of these, what no other image has.
    pub own_bytes: u64,
    /// All files of its layers.
    pub unpacked_bytes: u64,
    /// Of these, what it cannot see.
    pub wasted_bytes: u64,
    /// Its layers, bottom first.
    pub layers: Vec<Digest>,
}

/// A distinct layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFigures {
    /// The blob.
    pub bytes: u64,
    /// Its files.
    pub unpacked_bytes: u64,
    /// Their number.
    pub files: u64,
    /// The line of the history, of the first image that has it.
    pub made_by: String,
    /// The images that have it.
    pub images: Vec<String>,
}

/// Works out the figures of images whose layers have all been read. The order of the images does not matter.
pub fn figures(images: &[Image], shelf: &Shelf) -> Figures {
    let mut images: Vec<&Image> = images.iter().collect();
    images.sort_by_key(|image| &image.name);
    let mut figures = Figures::default();
    for image in &images {
        let mut of_image = ImageFigures { platform: image.platform.to_string(), ..ImageFigures::default() };
        let mut seen = BTreeSet::new();
        for layer in &image.layers {
            let Some(read) = shelf.layer(&layer.blob) else { continue };
            of_image.layers.push(layer.blob);
            of_image.unpacked_bytes += read.unpacked_bytes;
            let known = figures.layers.entry(layer.blob).or_insert_with(|| LayerFigures {
                bytes: read.bytes,
                unpacked_bytes: read.unpacked_bytes,
                files: read.files,
                made_by: layer.made_by.clone(),
                images: Vec::new(),
            });
            // An image may have a layer twice, an empty one say: stored it is once.
            if seen.insert(layer.blob) {
                known.images.push(image.name.clone());
                of_image.bytes += read.bytes;
            }
        }
        figures.images.insert(image.name.clone(), of_image);
    }
    for image in figures.images.values_mut() {
        let own =
            image.layers.iter().collect::<BTreeSet<_>>().into_iter().filter_map(|id| figures.layers.get(id));
        image.own_bytes = own.filter(|layer| layer.images.len() == 1).map(|layer| layer.bytes).sum();
    }
    figures.totals = totals(&figures);
    figures.totals.disk_bytes = disk::disk(&images, shelf);
    duplicated::add(&mut figures, shelf);
    wasted::add(&mut figures, &images, shelf);
    figures
}

fn totals(figures: &Figures) -> Totals {
    let mut sizes: Vec<u64> = figures.images.values().map(|image| image.bytes).collect();
    sizes.sort_unstable();
    let image_bytes = sizes.iter().sum();
    let stored_bytes = figures.layers.values().map(|layer| layer.bytes).sum();
    let counts = || figures.images.values().map(|image| image.layers.len());
    Totals {
        images: figures.images.len(),
        layers: figures.layers.len(),
        uses: counts().sum(),
        image_bytes,
        stored_bytes,
        reuse: if image_bytes == 0 { 0.0 } else { rounded(1.0 - ratio(stored_bytes, image_bytes)) },
        median_image_bytes: median(&sizes),
        largest_image_bytes: sizes.last().copied().unwrap_or_default(),
        most_layers: counts().max().unwrap_or_default(),
        ..Totals::default()
    }
}

/// The middle one; of an even number, what is halfway between the two in the middle.
fn median(sorted: &[u64]) -> u64 {
    let of = |at: usize| sorted.get(at).copied().unwrap_or_default();
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { of(half.saturating_sub(1)).midpoint(of(half)) } else { of(half) }
}

/// Of two sums; 1 if there is nothing.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests;
