//! Tar archives as a stream, in bounded memory whatever their headers say. The crate `tar` reads the fields; the loop is
//! ours, because its own takes long names of any length into memory.

use std::io::{self, Read};

use tar::EntryType;

use super::Broken;
use super::pax::{Extensions, text};

const BLOCK: usize = 512;
/// The most bytes of a long name or of extended headers, which are mostly attributes.
const MOST_EXTENSION: u64 = 4 << 20;
/// The most bytes of a path: Linux unpacks no longer ones, and a few kilobytes of archive may hold many.
const MOST_PATH: usize = 4096;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    Symlink,
    /// Another name of a file that came before.
    Hardlink,
    /// Devices, pipes: they have no bytes of their own.
    Other,
}

/// The head of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// As it is written.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    /// Bytes that follow.
    pub(crate) size: u64,
    /// Where a symlink leads, or the file that a hard link is.
    pub(crate) link: String,
}

/// An archive that is being read. Between two calls of [`Tar::next`] it can be read from: the entry's bytes.
pub(crate) struct Tar<R> {
    input: R,
    /// Bytes of the current entry that are not read yet.
    left: u64,
    padding: u64,
}

impl<R: Read> Tar<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, left: 0, padding: 0 }
    }

    /// The next entry; the rest of the one before is passed over.
    pub(crate) fn next(&mut self) -> Result<Option<Header>, Broken> {
        let mut extensions = Extensions::default();
        loop {
            self.pass(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let Some(block) = self.block()? else { return Ok(None) };
            if block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            let header = tar::Header::from_byte_slice(&block);
            checked(header, &block)?;
            let size = size(header)?;
            match header.entry_type() {
                EntryType::GNULongName => extensions.path = Some(text(&self.extension(size)?)),
                EntryType::GNULongLink => extensions.link = Some(text(&self.extension(size)?)),
                EntryType::XHeader => extensions.read(&self.extension(size)?)?,
                // Of the whole archive: comments, as git writes them.
                EntryType::XGlobalHeader => drop(self.extension(size)?),
                kind => return self.entry(header, kind, size, extensions).map(Some),
            }
        }
    }

    fn entry(
        &mut self,
        header: &tar::Header,
        kind: EntryType,
        size: u64,
        extensions: Extensions,
    ) -> Result<Header, Broken> {
        if kind == EntryType::GNUSparse && header.as_gnu().is_some_and(tar::GnuHeader::is_extended) {
            // The map of holes goes on in blocks of its own, until one says that it is the last.
            while self.block()?.ok_or_else(truncated)?.get(504).is_some_and(|more| *more == 1) {}
        }
        let path = extensions.path.unwrap_or_else(|| text(&header.path_bytes()));
        let link = extensions
            .link
            .unwrap_or_else(|| header.link_name_bytes().map(|name| text(&name)).unwrap_or_default());
        for path in [&path, &link] {
            if path.len() > MOST_PATH {
                return Err(Broken::Found(format!(
                    "found a path of {} bytes, expected at most {MOST_PATH}",
                    path.len()
                )));
            }
        }
        // Old archives mark a directory by its name alone.
        let old_directory = header.as_old().linkflag == [0] && path.ends_with('/');
        // Some state a size all the same, a hard link that of its file; no bytes follow. Source: Go `archive/tar`, which engines
        // read layers with, `isHeaderOnlyType`.
        let header_only = old_directory
            || matches!(
                kind,
                EntryType::Link
                    | EntryType::Symlink
                    | EntryType::Char
                    | EntryType::Block
                    | EntryType::Directory
                    | EntryType::Fifo
            );
        let size = if header_only { 0 } else { extensions.size.unwrap_or(size) };
        let kind = match kind {
            EntryType::Directory => Kind::Directory,
            EntryType::Symlink => Kind::Symlink,
            EntryType::Link => Kind::Hardlink,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                if path.ends_with('/') {
                    Kind::Directory
                } else {
                    Kind::File
                }
            }
            _ => Kind::Other,
        };
        self.start(size)?;
        Ok(Header { path, kind, size, link })
    }

    fn start(&mut self, size: u64) -> Result<(), Broken> {
        let block = BLOCK as u64;
        let padding = (block - size % block) % block;
        if size.checked_add(padding).is_none() {
            return Err(Broken::Found(format!("found a tar entry of {size} bytes")));
        }
        (self.left, self.padding) = (size, padding);
        Ok(())
    }

    /// A header that is to be read as a whole.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Broken> {
        if size > MOST_EXTENSION {
            return Err(Broken::Found(format!(
                "found a tar header of {size} bytes, expected at most {MOST_EXTENSION}"
            )));
        }
        self.start(size)?;
        let mut bytes = Vec::new();
        Read::by_ref(self).take(size).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A whole block; nothing at the end of the input.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Broken> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(truncated()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(block))
    }

    fn pass(&mut self, count: u64) -> Result<(), Broken> {
        let passed = io::copy(&mut Read::by_ref(&mut self.input).take(count), &mut io::sink())?;
        if passed == count { Ok(()) } else { Err(truncated()) }
    }
}

impl<R: Read> Read for Tar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.input.read(buffer.get_mut(..most).unwrap_or_default())?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, truncated().to_string()));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// The bytes that follow a header. A field without digits says that there are none: some leave it so for directories and
/// links. Source: Go `archive/tar`, `parseOctal`.
fn size(header: &tar::Header) -> Result<u64, Broken> {
    if header.as_old().size.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return Ok(0);
    }
    header.entry_size().map_err(|_| Broken::Found("found a tar header without a size".into()))
}

fn truncated() -> Broken {
    Broken::Found("found the end of the tar archive within an entry".into())
}

/// Whether these first bytes are those of a tar archive.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.get(..BLOCK).and_then(|block| <&[u8; BLOCK]>::try_from(block).ok()).is_some_and(|block| {
        block.iter().all(|byte| *byte == 0) || checked(tar::Header::from_byte_slice(block), block).is_ok()
    })
}

fn checked(header: &tar::Header, block: &[u8; BLOCK]) -> Result<(), Broken> {
    let field = 148..156;
    let sum =
        block.iter().enumerate().map(|(at, byte)| if field.contains(&at) { 32 } else { u32::from(*byte) });
    if header.cksum().is_ok_and(|said| said == sum.sum::<u32>()) {
        return Ok(());
    }
    Err(Broken::Found("found a tar header whose checksum is wrong".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(archive: &[u8]) -> Result<Vec<(String, Kind, u64)>, Broken> {
        let mut tar = Tar::new(archive);
        let mut entries = Vec::new();
        while let Some(header) = tar.next()? {
            entries.push((header.path, header.kind, header.size));
        }
        Ok(entries)
    }

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn entries_and_their_bytes() {
        let long = "d/".repeat(150) + "file";
        let archive = archive(&[("a", b"hello"), (&long, &[7; 1000]), ("empty", b"")]);
        assert!(is_tar(&archive));
        let mut tar = Tar::new(&archive[..]);
        let first = tar.next().unwrap().unwrap();
        assert_eq!((first.path.as_str(), first.kind, first.size), ("a", Kind::File, 5));
        let mut content = String::new();
        tar.read_to_string(&mut content).unwrap();
        assert_eq!(content, "hello");
        // What was not read is passed over.
        let second = tar.next().unwrap().unwrap();
        assert_eq!((second.path, second.size), (long, 1000));
        assert_eq!(tar.next().unwrap().unwrap().path, "empty");
        assert!(tar.next().unwrap().is_none());
    }

    #[test]
    fn extended_headers_win() {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("path", &b"long/name"[..]), ("size", b"3")]).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_path("short").unwrap();
        header.set_size(0);
        header.set_cksum();
        let mut archive = builder.into_inner().unwrap();
        archive.truncate(1024);
        archive.extend(header.as_bytes());
        archive.extend(b"abc");
        archive.extend([0; 509]);
        assert_eq!(entries(&archive).unwrap(), [("long/name".to_owned(), Kind::File, 3)]);
    }

    #[test]
    fn no_bytes_follow_what_has_none_of_its_own() {
        for (flag, path, size) in [
            (b'1', "x", 0),
            (b'2', "x", 0),
            (b'3', "x", 0),
            (b'4', "x", 0),
            (b'5', "x/", 0),
            (b'6', "x", 0),
            // A directory of an old archive; a file of a new one has its bytes whatever its name.
            (0, "x/", 0),
            (b'0', "x/", 512),
            // What nobody knows.
            (b'Z', "x", 512),
        ] {
            let mut header = tar::Header::new_ustar();
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.as_old_mut().linkflag = [flag];
            header.set_size(512);
            header.set_cksum();
            let mut bytes = header.as_bytes().to_vec();
            bytes.resize(512 + size, 7);
            bytes.extend(archive(&[("next", b"")]));
            let found = entries(&bytes).unwrap();
            let found: Vec<_> = found.iter().map(|(path, _, size)| (path.as_str(), *size)).collect();
            assert_eq!(found, [(path, size as u64), ("next", 0)], "{}", char::from(flag));
        }
    }

    #[test]
    fn an_empty_size_is_none() {
        for size in [[0; 12], [b' '; 12]] {
            let mut header = tar::Header::new_ustar();
            header.set_path("d/").unwrap();
            header.set_entry_type(EntryType::Directory);
            header.as_old_mut().size = size;
            header.set_cksum();
            let archive = [header.as_bytes().to_vec(), archive(&[("next", b"")])].concat();
            assert_eq!(entries(&archive).unwrap().len(), 2);
        }
    }

    #[test]
    fn hostile_archives_are_errors() {
        let good = archive(&[("a", &[1; 2000])]);
        let bad_sum = {
            let mut archive = good.clone();
            archive[0] = b'b';
            archive
        };
        let absurd = |kind: EntryType, size: u64| {
            let mut header = tar::Header::new_gnu();
            header.set_path("x").unwrap();
            header.set_entry_type(kind);
            header.set_size(size);
            header.set_cksum();
            header.as_bytes().to_vec()
        };
        for (archive, told) in [
            (good[..100].to_vec(), "the end of the tar archive within an entry"),
            (good[..1000].to_vec(), "the end of the tar archive within an entry"),
            (bad_sum, "checksum is wrong"),
            (absurd(EntryType::Regular, u64::MAX), "of 18446744073709551615 bytes"),
            (absurd(EntryType::Regular, 1 << 60), "the end of the tar archive within an entry"),
            (
                absurd(EntryType::GNULongName, 1 << 40),
                "a tar header of 1099511627776 bytes, expected at most",
            ),
            (absurd(EntryType::XHeader, 5 << 20), "expected at most 4194304"),
            (archive(&[(&"d/".repeat(2049), b"")]), "a path of 4098 bytes, expected at most 4096"),
        ] {
            let error = entries(&archive).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn an_archive_may_end_without_its_mark() {
        let whole = archive(&[("a", b"hello")]);
        assert_eq!(entries(&whole[..1024]).unwrap().len(), 1);
        assert_eq!(entries(b"").unwrap(), []);
    }
}
