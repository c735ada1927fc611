//! What a layer does: the files it brings, by the digests of their contents, and those below it that it removes.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::Broken;
use super::tar::{Header, Kind, Tar};
use crate::digest::Digest;

/// The most files and directories of one layer: more than any system has, fewer than memory can hold.
const MOST_PATHS: usize = 5_000_000;
/// The most bytes of all their names.
const MOST_NAMES: usize = 512 << 20;
/// Source: opencontainers/image-spec `layer.md`, whiteouts.
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";
/// What AUFS kept for itself: `.wh..wh.plnk` and the like.
const FOR_ITSELF: &str = ".wh..wh.";

/// The entries of a layer in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The entries.
    pub(crate) entries: Vec<Entry>,
    /// Of those that are hard links, the path and that of the file.
    pub(crate) links: Vec<(String, String)>,
}

/// A path, and what the layer says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// From the root, without a slash before it.
    pub(crate) path: String,
    /// What it is.
    pub(crate) what: What<Content>,
}

/// What a layer says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What<C> {
    /// A file with contents.
    File(C),
    /// A directory: what is below it in lower layers stays.
    Directory,
    /// What has no bytes of its own: links, devices.
    Other,
    /// Nothing is there any more.
    Removed,
    /// What lower layers have below it is gone.
    Opaque,
}

/// The contents of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Content {
    /// Their digest.
    pub(crate) digest: Digest,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl<C: Copy> What<C> {
    /// That of a file.
    pub(crate) fn content(&self) -> Option<C> {
        match self {
            Self::File(content) => Some(*content),
            _ => None,
        }
    }
}

impl Listing {
    /// Reads an archive to the end of its input.
    pub(super) fn read(input: impl Read) -> Result<Self, Broken> {
        Self::within(input, MOST_PATHS)
    }

    fn within(mut input: impl Read, most: usize) -> Result<Self, Broken> {
        let mut tar = Tar::new(&mut input);
        let mut listing = Self::default();
        let (mut paths, mut names) = (0, 0);
        let mut last = String::new();
        while let Some(header) = tar.next()? {
            let Some(path) = clean(&header.path) else { continue };
            let link = clean(&header.link).filter(|_| header.kind == Kind::Hardlink);
            paths += added(&last, &path) + link.as_ref().map_or(0, |file| added(&path, file));
            names += path.len() + link.as_ref().map_or(0, String::len);
            if paths > most || names > MOST_NAMES {
                return Err(Broken::Found(format!(
                    "found {paths} files and directories with {names} bytes of names, \
                     expected at most {most} and {MOST_NAMES} in a layer"
                )));
            }
            last.clone_from(&path);
            listing.links.extend(link.map(|file| (path.clone(), file)));
            listing.entries.extend(entry(&header, path, &mut tar)?);
        }
        // Whoever made the archive may have filled it up: the blob's digest is of that too.
        io::copy(&mut input, &mut io::sink())?;
        Ok(listing)
    }
}

/// What a path may have that was not there: itself, and the directories above it that the path before it is not in.
fn added(last: &str, path: &str) -> usize {
    let shared = last.split('/').zip(path.split('/')).take_while(|(one, other)| one == other).count();
    (path.split('/').count() - shared).max(1)
}

fn entry(header: &Header, path: String, content: &mut impl Read) -> Result<Option<Entry>, Broken> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let what = match header.kind {
        _ if name == OPAQUE => return Ok(Some(Entry { path: parent.to_owned(), what: What::Opaque })),
        _ if name.starts_with(FOR_ITSELF) => return Ok(None),
        _ if name.len() > WHITEOUT.len() && name.starts_with(WHITEOUT) => {
            let name = name.get(WHITEOUT.len()..).unwrap_or_default();
            let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            return Ok(Some(Entry { path, what: What::Removed }));
        }
        Kind::File => What::File(digest(content)?),
        Kind::Directory => What::Directory,
        Kind::Symlink | Kind::Hardlink | Kind::Other => What::Other,
    };
    Ok(Some(Entry { path, what }))
}

fn digest(content: &mut impl Read) -> Result<Content, Broken> {
    let mut hash = Sha256::new();
    let bytes = io::copy(content, &mut hash)?;
    Ok(Content { digest: Digest(hash.finalize().into()), bytes })
}

/// The path below the root: nothing leads out of it, and the root itself is no entry.
pub(crate) fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::layer;

    fn listed(archive: &[u8]) -> Vec<(String, What<u64>)> {
        let listing = Listing::read(archive).unwrap();
        let plain = |what| match what {
            What::File(Content { bytes, .. }) => What::File(bytes),
            What::Directory => What::Directory,
            What::Other => What::Other,
            What::Removed => What::Removed,
            What::Opaque => What::Opaque,
        };
        listing.entries.into_iter().map(|entry| (entry.path, plain(entry.what))).collect()
    }

    #[test]
    fn whiteouts_are_no_files() {
        let archive = layer(&[
            ("./", None),
            ("app/", None),
            ("app/a", Some("hello")),
            ("app/.wh.b", Some("")),
            (".wh.gone", Some("")),
            ("etc/.wh..wh..opq", Some("")),
            (".wh..wh.orph", Some("")),
        ]);
        assert_eq!(
            listed(&archive),
            [
                ("app".to_owned(), What::Directory),
                ("app/a".to_owned(), What::File(5)),
                ("app/b".to_owned(), What::Removed),
                ("gone".to_owned(), What::Removed),
                ("etc".to_owned(), What::Opaque),
            ]
        );
    }

    #[test]
    fn directories_count_that_are_only_above_a_file() {
        let archive = layer(&[("a/", None), ("a/b", Some("")), ("a/c", Some("")), ("d/e/f/g", Some(""))]);
        assert!(Listing::within(&archive[..], 7).is_ok());
        let told = Listing::within(&archive[..], 6).unwrap_err().to_string();
        assert!(
            told.starts_with("found 7 files and directories with 14 bytes of names, expected at most 6 and"),
            "{told}"
        );
    }

    #[test]
    fn no_path_leads_out() {
        for (path, is) in [
            ("/etc/passwd", Some("etc/passwd")),
            ("../../etc/passwd", Some("etc/passwd")),
            ("a/../../b", Some("b")),
            ("./a//b/.", Some("a/b")),
            ("..", None),
            ("./", None),
            ("", None),
        ] {
            assert_eq!(clean(path).as_deref(), is, "{path}");
        }
    }

    #[test]
    fn equal_contents_have_equal_digests() {
        let listing =
            Listing::read(&layer(&[("a", Some("x")), ("b", Some("x")), ("c", Some("y"))])[..]).unwrap();
        let digests: Vec<_> = listing.entries.iter().map(|entry| entry.what).collect();
        assert_eq!(digests[0], digests[1]);
        assert_ne!(digests[0], digests[2]);
    }
}
