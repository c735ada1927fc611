//! Files that an image stores and cannot show: a higher layer has another in their place, or has removed them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::groups::{Group, Groups};
use super::{Figures, MOST};
use crate::digest::Digest;
use crate::image::Image;
use crate::layer::What;
use crate::shelf::{ContentId, PathId, Shelf};

/// A file that is hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waste {
    /// Its path.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// The layer that stores it.
    pub layer: Digest,
    /// Why it cannot be seen.
    pub how: How,
    /// What made the layer that hides it.
    pub by: String,
    /// The images in which it is hidden.
    pub images: Vec<String>,
}

/// Why a file cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A higher layer has another file there.
    Overwritten,
    /// A higher layer has the same file there: its owner or mode was changed, or it was copied again.
    WrittenAgain,
    /// A higher layer removes it, or a directory above it.
    Removed,
}

/// What the layers above say of a path.
#[derive(Clone, Copy, Default)]
struct Above {
    /// Something is there.
    taken: Option<By>,
    /// What lower layers have at and below the path is gone.
    gone: Option<By>,
    /// What they have below it is gone.
    emptied: Option<By>,
}

/// The layer of an image that hides, and what it has instead.
#[derive(Clone, Copy)]
struct By {
    layer: u32,
    content: Option<ContentId>,
}

struct Hidden<'a> {
    bytes: u64,
    how: How,
    by: &'a str,
    images: Group,
}

/// What is hidden so far.
#[derive(Default)]
struct All<'a> {
    files: BTreeMap<(Digest, PathId), Hidden<'a>>,
    groups: Groups,
}

/// A file hidden in several images is one: it is stored once.
pub(super) fn add(figures: &mut Figures, images: &[&Image], shelf: &Shelf) {
    let mut all = All::default();
    for (number, image) in images.iter().enumerate() {
        let wasted = of_image(number, image, shelf, &mut all);
        if let Some(figures) = figures.images.get_mut(&image.name) {
            figures.wasted_bytes = wasted;
        }
    }
    let All { files, groups } = all;
    figures.totals.wasted_bytes = files.values().map(|one| one.bytes).sum();
    figures.totals.wasted_files = files.len() as u64;
    let name = |number: usize| images.get(number).map(|image| image.name.clone());
    let mut listed: Vec<_> = files.into_iter().collect();
    listed.sort_by(|(a, one), (b, other)| other.bytes.cmp(&one.bytes).then_with(|| a.cmp(b)));
    listed.truncate(MOST);
    figures.wasted = listed
        .into_iter()
        .map(|((layer, path), one)| Waste {
            path: shelf.paths.text(path),
            bytes: one.bytes,
            layer,
            how: one.how,
            by: one.by.to_owned(),
            images: groups.images(one.images).into_iter().filter_map(name).collect(),
        })
        .collect();
}

/// From the top down, so that what hides is known before what is hidden.
fn of_image<'a>(of: usize, image: &'a Image, shelf: &Shelf, all: &mut All<'a>) -> u64 {
    let mut above = vec![Above::default(); shelf.paths.len()];
    let mut wasted = 0;
    let mut seen = BTreeSet::new();
    for (number, layer) in image.layers.iter().enumerate().rev() {
        let Some(read) = shelf.layer(&layer.blob) else { continue };
        // A layer that the image has twice is stored once: what can be seen of the higher one is not wasted.
        let files = if seen.insert(layer.blob) { &read.entries[..] } else { &[] };
        for (path, what) in files {
            let Some(content) = what.content() else { continue };
            let bytes = shelf.contents.bytes(content);
            let hidden = |path: PathId| hidden(path, content, &above, shelf);
            let Some((by, how)) = hidden(*path).filter(|_| bytes > 0) else { continue };
            // Its bytes are there as long as it has a name.
            if read.links.get(path).is_some_and(|links| links.iter().any(|link| hidden(*link).is_none())) {
                continue;
            }
            wasted += bytes;
            let made_by = image.layers.get(by.layer as usize).map_or("", |layer| &layer.made_by);
            let file = (layer.blob, *path);
            let one =
                all.files.entry(file).or_insert(Hidden { bytes, how, by: made_by, images: Group::default() });
            one.images = all.groups.with(one.images, of);
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        for (path, what) in &read.entries {
            if let Some(above) = above.get_mut(path.place()) {
                above.note(number, *what);
            }
        }
    }
    wasted
}

fn hidden(path: PathId, content: ContentId, above: &[Above], shelf: &Shelf) -> Option<(By, How)> {
    let here = above.get(path.place()).copied().unwrap_or_default();
    if let Some(by) = here.taken {
        let same = by.content == Some(content);
        return Some((by, if same { How::WrittenAgain } else { How::Overwritten }));
    }
    if let Some(by) = here.gone {
        return Some((by, How::Removed));
    }
    let root = std::iter::once(PathId::ROOT);
    shelf.paths.above(path).chain(root).find_map(|path| {
        let at = above.get(path.place()).copied().unwrap_or_default();
        at.gone.or(at.emptied).map(|by| (by, How::Removed))
    })
}

impl Above {
    /// The highest layer that says something is the one that counts.
    fn note(&mut self, layer: u32, what: What<ContentId>) {
        let by = By { layer, content: None };
        match what {
            What::Removed => {
                self.gone.get_or_insert(by);
            }
            What::Opaque => {
                self.emptied.get_or_insert(by);
            }
            What::Directory => {
                self.taken.get_or_insert(by);
            }
            // What is no directory has nothing below it.
            What::File(content) => {
                self.taken.get_or_insert(By { content: Some(content), ..by });
                self.emptied.get_or_insert(by);
            }
            What::Other => {
                self.taken.get_or_insert(by);
                self.emptied.get_or_insert(by);
            }
        }
    }
}
