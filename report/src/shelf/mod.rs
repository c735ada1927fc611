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
    /// By path. What is there, is removed and is emptied are said apart, each once.
    pub(crate) entries: Box<[(PathId, What<ContentId>)]>,
    /// The other names of files that have several, by the path of the file.
    pub(crate) links: BTreeMap<PathId, Vec<PathId>>,
}

impl Shelf {
    /// Puts a layer there, unless it is.
    pub(crate) fn put(&mut self, found: Found) {
        let Found { digest, bytes, diff_id, listing } = found;
        if self.layers.contains_key(&digest) {
            return;
        }
        let mut entries = Vec::with_capacity(listing.entries.len());
        for entry in listing.entries {
            let what = match entry.what {
                What::File(content) => What::File(self.contents.id(content)),
                What::Directory => What::Directory,
                What::Other => What::Other,
                What::Removed => What::Removed,
                What::Opaque => What::Opaque,
            };
            entries.push((self.paths.id(&entry.path), what));
        }
        // An archive may have a path more than once: what is unpacked last is there in the end.
        entries.reverse();
        entries.sort_by_key(order);
        entries.dedup_by_key(|entry| order(entry));
        let contents = || entries.iter().filter_map(|(_, what)| what.content());
        let unpacked_bytes = contents().map(|content| self.contents.bytes(content)).sum();
        let files = contents().count() as u64;
        let links = self.links(&listing.links, &entries);
        let layer = Layer { bytes, diff_id, unpacked_bytes, files, entries: entries.into(), links };
        self.layers.insert(digest, layer);
    }

    /// The names of each file. A link may be to a link before it.
    fn links(
        &mut self,
        links: &[(String, String)],
        entries: &[(PathId, What<ContentId>)],
    ) -> BTreeMap<PathId, Vec<PathId>> {
        let there = |path: PathId| {
            let at = entries.binary_search_by_key(&(path, 0), order).ok()?;
            entries.get(at).map(|(_, what)| *what)
        };
        let mut files: BTreeMap<PathId, PathId> = BTreeMap::new();
        for (link, file) in links {
            let (link, file) = (self.paths.id(link), self.paths.id(file));
            let file = files.get(&file).copied().unwrap_or(file);
            // Either may be something else by the end of the archive.
            if there(link) == Some(What::Other) && there(file).is_some_and(|what| what.content().is_some()) {
                files.insert(link, file);
            }
        }
        let mut names: BTreeMap<PathId, Vec<PathId>> = BTreeMap::new();
        for (link, file) in files {
            names.entry(file).or_default().push(link);
        }
        names
    }

    pub(crate) fn layer(&self, digest: &Digest) -> Option<&Layer> {
        self.layers.get(digest)
    }
}

/// By path, and what can be said of one at once.
fn order((path, what): &(PathId, What<ContentId>)) -> (PathId, u8) {
    let kind = match what {
        What::File(_) | What::Directory | What::Other => 0,
        What::Removed => 1,
        What::Opaque => 2,
    };
    (*path, kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Expected, read_layer};
    use crate::made::{layer, linked};

    fn put(archive: &[u8]) -> (Shelf, Digest) {
        let mut shelf = Shelf::default();
        let found = read_layer(archive, &Expected::default()).unwrap();
        let digest = found.digest;
        shelf.put(found);
        (shelf, digest)
    }

    #[test]
    fn the_last_of_a_path_is_there() {
        let (shelf, digest) = put(&layer(&[
            ("a", Some("first")),
            ("d/", None),
            ("d/.wh..wh..opq", Some("")),
            (".wh.a", Some("")),
            ("b", Some("b")),
            ("./a", Some("last one")),
            ("d/", None),
        ]));
        let found = shelf.layer(&digest).unwrap();
        assert_eq!((found.unpacked_bytes, found.files), (9, 2));
        // What it removes from the layers below is no other entry of the same.
        let of = |path: &str| {
            let entries = found.entries.iter().filter(|(id, _)| shelf.paths.text(*id) == path);
            entries.map(|(_, what)| *what).collect::<Vec<_>>()
        };
        assert!(matches!(of("/a")[..], [What::File(id), What::Removed] if shelf.contents.bytes(id) == 8));
        assert_eq!(of("/d"), [What::Directory, What::Opaque]);
    }

    #[test]
    fn a_file_has_several_names() {
        let links = [("b", "a"), ("c", "./b"), ("x", "nowhere"), ("y", "d")];
        let (shelf, digest) = put(&linked(&[("a", Some("hello")), ("d/", None)], &links));
        let names: Vec<(String, Vec<String>)> = shelf
            .layer(&digest)
            .unwrap()
            .links
            .iter()
            .map(|(file, links)| {
                (shelf.paths.text(*file), links.iter().map(|id| shelf.paths.text(*id)).collect())
            })
            .collect();
        assert_eq!(names, [("/a".to_owned(), vec!["/b".to_owned(), "/c".to_owned()])]);
    }
}
