//! Contents of files by number.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::layer::Content;

/// The number of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContentId(u32);

/// Distinct contents.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    ids: BTreeMap<Digest, ContentId>,
    list: Vec<Content>,
}

impl ContentId {
    /// Its place in a list of all.
    pub(crate) fn place(self) -> usize {
        self.0 as usize
    }
}

impl Contents {
    pub(crate) fn id(&mut self, content: Content) -> ContentId {
        let next = ContentId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        *self.ids.entry(content.digest).or_insert_with(|| {
            self.list.push(content);
            next
        })
    }

    pub(crate) fn get(&self, id: ContentId) -> Content {
        self.list.get(id.place()).copied().unwrap_or(Content { digest: Digest::default(), bytes: 0 })
    }

    pub(crate) fn bytes(&self, id: ContentId) -> u64 {
        self.get(id).bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}
