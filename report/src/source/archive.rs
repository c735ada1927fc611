//! A tar archive of images, read once from its beginning to its end: each layer when it comes by, though only later
//! documents tell whose it is.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::Mutex;

use super::stored::Files;
use crate::digest::Digest;
use crate::layer::{Broken, Expected, Fault, Header, Kind, Tar, clean, is_layer, read_layer, unpacked};
use crate::problem::Problem;
use crate::read::Progress;
use crate::shelf::Shelf;

/// The most bytes of one document, and of all that is kept.
const MOST_DOCUMENT: u64 = 8 << 20;
const MOST_DOCUMENTS: u64 = 128 << 20;
/// What a file or link costs besides its bytes and its name.
const OVERHEAD: u64 = 256;

/// Where an archive comes from, which says what it means if it ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A file or a pipe.
    Here,
    /// An engine's answer.
    Network,
}

/// What an archive had, by path.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    documents: BTreeMap<String, Vec<u8>>,
    kept: u64,
    layers: BTreeMap<String, Result<Digest, String>>,
    links: BTreeMap<String, String>,
}

impl Archive {
    /// Reads all of it; layers go to the shelf.
    pub(crate) fn read(
        input: impl Read,
        origin: Origin,
        shelf: &Mutex<Shelf>,
        progress: &Progress,
    ) -> Result<Self, Problem> {
        let ended = |error: io::Error| match origin {
            Origin::Network => Problem::try_again(format!("the connection was lost: {error}")),
            Origin::Here if error.kind() == io::ErrorKind::UnexpectedEof => {
                Problem::mistake(format!("{error}: the archive is truncated"))
            }
            Origin::Here => Problem::mistake(format!("cannot read the archive: {error}")),
        };
        let broken = |broken| match broken {
            Broken::Read(error) => ended(error),
            Broken::Found(text) => match origin {
                Origin::Network => Problem::try_again(format!("the connection was lost: {text}")),
                Origin::Here => Problem::mistake(text),
            },
        };
        let (input, _) = unpacked(input).map_err(broken)?;
        let mut tar = Tar::new(input);
        let mut archive = Self::default();
        while let Some(header) = tar.next().map_err(broken)? {
            let Some(path) = clean(&header.path) else { continue };
            archive.keep((path.len() + header.link.len()) as u64 + OVERHEAD)?;
            match header.kind {
                Kind::Symlink => {
                    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
                    let target = clean(&format!("{parent}/{}", header.link)).unwrap_or_default();
                    archive.links.insert(path, target);
                }
                Kind::File => match archive.file(path, &header, &mut tar, shelf) {
                    Ok(bytes) => progress.add(bytes),
                    Err(Fault::Lost(error)) => return Err(ended(error)),
                    Err(Fault::Wrong(text)) => return Err(Problem::mistake(text)),
                },
                Kind::Directory | Kind::Hardlink | Kind::Other => {}
            }
        }
        Ok(archive)
    }

    /// Takes a file as a document or a layer, whichever its first bytes make it; gives the bytes of a layer.
    fn file(
        &mut self,
        path: String,
        header: &Header,
        content: &mut impl Read,
        known: &Mutex<Shelf>,
    ) -> Result<u64, Fault> {
        let digest = path.strip_prefix("blobs/sha256/").and_then(Digest::from_hex);
        if let Some(digest) = digest.filter(|digest| is_known(known, digest)) {
            self.layers.insert(path, Ok(digest));
            return Ok(0);
        }
        let mut start = Vec::new();
        Read::by_ref(content).take(512).read_to_end(&mut start).map_err(Fault::Lost)?;
        // An empty file is an archive without entries, and may be a document too.
        if header.size == 0 {
            self.documents.insert(path.clone(), Vec::new());
        }
        if is_layer(&start) || header.size == 0 {
            let expected = Expected { digest, bytes: Some(header.size) };
            let layer = match read_layer(Cursor::new(start).chain(content), &expected) {
                Ok(found) => {
                    let digest = found.digest;
                    put(known, found);
                    Ok(digest)
                }
                Err(Fault::Lost(error)) => return Err(Fault::Lost(error)),
                // It may be none of the layers that are asked for.
                Err(Fault::Wrong(text)) => Err(text),
            };
            self.layers.insert(path, layer);
            return Ok(header.size);
        }
        if header.size > MOST_DOCUMENT {
            self.layers.insert(path, Err("found a file that is no tar archive".to_owned()));
            return Ok(0);
        }
        self.keep(header.size).map_err(|problem| Fault::Wrong(problem.to_string()))?;
        content.read_to_end(&mut start).map_err(Fault::Lost)?;
        self.documents.insert(path, start);
        Ok(0)
    }

    /// Counts what stays in memory.
    fn keep(&mut self, bytes: u64) -> Result<(), Problem> {
        self.kept += bytes;
        if self.kept <= MOST_DOCUMENTS {
            return Ok(());
        }
        Err(Problem::mistake(format!(
            "found more than {MOST_DOCUMENTS} bytes of names and documents, expected an archive of images"
        )))
    }

    /// Where links lead, a few of them one after another.
    fn followed<'a>(&'a self, path: &'a str) -> &'a str {
        (0..8).fold(path, |path, _| self.links.get(path).map_or(path, String::as_str))
    }
}

impl Files for Archive {
    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.documents.get(self.followed(path)).cloned())
    }

    fn layer(&self, path: &str, expected: &Expected) -> Result<Digest, Problem> {
        let found = self.layers.get(self.followed(path));
        let missing = || Problem::mistake(format!("found no layer {path}, the archive is not whole"));
        let digest = match found.ok_or_else(missing)? {
            Ok(digest) => *digest,
            Err(text) => return Err(Problem::mistake(format!("layer {path}: {text}"))),
        };
        match expected.digest {
            Some(expected) if expected != digest => Err(Problem::mistake(format!(
                "layer {path}: found bytes with the digest {digest}, expected {expected}: the blob is damaged"
            ))),
            _ => Ok(digest),
        }
    }
}

fn is_known(shelf: &Mutex<Shelf>, digest: &Digest) -> bool {
    shelf.lock().is_ok_and(|shelf| shelf.layer(digest).is_some())
}

fn put(shelf: &Mutex<Shelf>, found: crate::layer::Found) {
    if let Ok(mut shelf) = shelf.lock() {
        shelf.put(found);
    }
}
