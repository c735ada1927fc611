//! All layers that were read, each once, in little memory: paths and contents are numbers here. `paths` and `contents` give
//! the numbers out.

mod contents;
mod paths;

use std::collections::BTreeMap;

pub(crate) use contents::{ContentId, Contents};
pub(crate) use paths::{PathId, Paths};

use crate::digest::Digest;
use crate::layer::{Found, What};

/// What was read so far.
#[derive(Debug, Default)]
pub struct Shelf {
    pub(crate) paths: Paths,
    pub(crate) contents: Contents,
    layers: BTreeMap<Digest, Layer>,
}

/// A layer that was read.
#[derive(Debug)]
pub(crate) struct Layer {
    /// As stored.
    pub(crate) bytes: u64,
    pub(crate) diff_id: Digest,
    /// The sum of its files.
    pub(crate) unpacked_bytes: u64,
    pub(crate) files: u64,
    pub(crate) entries: Box<[(PathId, What<ContentId>)]>,
}

impl Shelf {
    /// Puts a layer there, unless it is.
    pub(crate) fn put(&mut self, found: Found) {
        let Found { digest, bytes, diff_id, listing } = found;
        if self.layers.contains_key(&digest) {
            return;
        }
        let (mut unpacked_bytes, mut files) = (0, 0);
        let mut entries = Vec::with_capacity(listing.entries.len());
        for entry in listing.entries {
            let what = match entry.what {
                What::File(content) => {
                    unpacked_bytes += content.bytes;
                    files += 1;
                    What::File(self.contents.id(content))
                }
                What::Directory => What::Directory,
                What::Other => What::Other,
                What::Removed => What::Removed,
                What::Opaque => What::Opaque,
            };
            entries.push((self.paths.id(&entry.path), what));
        }
        let layer = Layer { bytes, diff_id, unpacked_bytes, files, entries: entries.into() };
        self.layers.insert(digest, layer);
    }

    pub(crate) fn layer(&self, digest: &Digest) -> Option<&Layer> {
        self.layers.get(digest)
    }
}
