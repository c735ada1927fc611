//! Files that more than one layer stores, found by the digests of their contents.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Figures, MOST};
use crate::digest::Digest;
use crate::shelf::{ContentId, PathId, Shelf};

/// The most paths that are listed for one file.
const MOST_PATHS: usize = 8;

/// A content that several layers have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The digest of its bytes.
    pub digest: Digest,
    /// One copy.
    pub bytes: u64,
    /// Layers that have it.
    pub copies: u64,
    /// All copies but one.
    pub duplicated_bytes: u64,
    /// Paths that it has, some of them where there are many.
    pub paths: Vec<String>,
    /// The number of all of its paths.
    #[serde(default)]
    pub path_count: u64,
    /// The layers.
    pub layers: Vec<Digest>,
    /// Images with one of the layers.
    pub images: Vec<String>,
}

/// Copies within one layer are not counted: no other order of layers would store them once.
pub(super) fn add(figures: &mut Figures, shelf: &Shelf) {
    let mut copies = vec![0_u32; shelf.contents.len()];
    let mut last_in = vec![usize::MAX; shelf.contents.len()];
    for (number, digest) in figures.layers.keys().enumerate() {
        for id in contents(shelf, digest).map(|(_, id)| id.place()) {
            if let (Some(copies), Some(last)) = (copies.get_mut(id), last_in.get_mut(id))
                && *last != number
            {
                *last = number;
                *copies += 1;
            }
        }
    }
    let mut found: BTreeMap<ContentId, Duplicate> = BTreeMap::new();
    for digest in figures.layers.keys() {
        for (_, id) in contents(shelf, digest) {
            let copies = copies.get(id.place()).copied().map_or(0, u64::from);
            let content = shelf.contents.get(id);
            if copies > 1 && content.bytes > 0 {
                found.entry(id).or_insert_with(|| Duplicate {
                    digest: content.digest,
                    bytes: content.bytes,
                    copies,
                    duplicated_bytes: content.bytes * (copies - 1),
                    ..Duplicate::default()
                });
            }
        }
    }
    figures.totals.duplicated_bytes = found.values().map(|one| one.duplicated_bytes).sum();
    figures.totals.duplicated_files = found.values().map(|one| one.copies - 1).sum();
    let mut listed: Vec<(ContentId, Duplicate)> = found.into_iter().collect();
    listed.sort_by(|(_, a), (_, b)| {
        b.duplicated_bytes.cmp(&a.duplicated_bytes).then_with(|| a.digest.cmp(&b.digest))
    });
    listed.truncate(MOST);
    figures.duplicated = places(figures, shelf, listed);
}

/// Says where the listed files are.
fn places(figures: &Figures, shelf: &Shelf, listed: Vec<(ContentId, Duplicate)>) -> Vec<Duplicate> {
    let order: Vec<ContentId> = listed.iter().map(|(id, _)| *id).collect();
    let mut listed: BTreeMap<ContentId, Duplicate> = listed.into_iter().collect();
    let mut paths: BTreeMap<ContentId, BTreeSet<PathId>> = BTreeMap::new();
    for (digest, layer) in &figures.layers {
        for (path, id) in contents(shelf, digest) {
            let Some(one) = listed.get_mut(&id) else { continue };
            // A layer may have it thousands of times.
            if one.layers.last() != Some(digest) {
                one.layers.push(*digest);
                one.images.extend(layer.images.iter().cloned());
            }
            if !paths.entry(id).or_default().insert(path) {
                continue;
            }
            one.path_count += 1;
            if one.paths.len() < MOST_PATHS {
                one.paths.push(shelf.paths.text(path));
            }
        }
    }
    let tidied = |mut one: Duplicate| {
        let images: BTreeSet<String> = std::mem::take(&mut one.images).into_iter().collect();
        one.images = images.into_iter().collect();
        one.paths.sort();
        one
    };
    order.iter().filter_map(|id| listed.remove(id)).map(tidied).collect()
}

fn contents<'a>(shelf: &'a Shelf, digest: &Digest) -> impl Iterator<Item = (PathId, ContentId)> + use<'a> {
    let entries = shelf.layer(digest).map(|layer| &layer.entries[..]).unwrap_or_default();
    entries.iter().filter_map(|(path, what)| Some((*path, what.content()?)))
}
