//! A wheel as an archive: its entries, checked before any of them is unpacked.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, FileReader, ZipArchive, ZipArchiveEntryWayfinder};

use crate::entry_path;
use crate::limits::Limits;
use crate::problem::{Cause, Problem};

/// Bytes read at once; enough for the longest record of a central directory.
const BUFFER: usize = 256 << 10;

/// Types of files in the upper half of the external attributes, as `stat` has them.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// One file of a wheel. Directories are not kept: pip makes none that are empty.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its path in the wheel, safe to append to a folder.
    pub name: String,
    /// Unpacked bytes, as the central directory says.
    pub size: u64,
    /// Whether it is a regular file with any x bit.
    pub executable: bool,
    /// Whether its data is deflated; else it is stored as it is.
    deflated: bool,
    place: ZipArchiveEntryWayfinder,
}

/// An open wheel.
pub(crate) struct Archive(ZipArchive<FileReader>);

impl Archive {
    /// Opens the archive and finds its central directory.
    pub(crate) fn open(path: &Path) -> Result<Self, Cause> {
        let unreadable = |error: io::Error| Cause::Unreadable(error.to_string());
        // Looked at before it is opened: opening a pipe waits for somebody to write to it.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(Cause::Unreadable("it is no regular file".to_owned()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut buffer = vec![0; BUFFER];
        let archive = ZipArchive::from_file(file, &mut buffer)
            .map_err(|error| Cause::NoArchive(lower(&error.to_string())))?;
        Ok(Self(archive))
    }

    /// All files, in the order of the central directory, and all that is wrong with them.
    pub(crate) fn entries(&self, wheel: &str, limits: &Limits) -> (Vec<Entry>, Vec<Problem>) {
        let mut list = Listing { wheel, entries: Vec::new(), problems: Vec::new(), spans: Vec::new() };
        let mut names = BTreeSet::new();
        let mut buffer = vec![0; BUFFER];
        let mut local = vec![0; BUFFER];
        let mut records = self.0.entries(&mut buffer);
        let mut count = 0;
        let (mut unpacked, mut packed, mut name_bytes) = (0u64, 0u64, 0u64);
        loop {
            let record = match records.next_entry() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) => {
                    list.of_wheel(Cause::NoArchive(lower(&error.to_string())));
                    return (list.entries, list.problems);
                }
            };
            count += 1;
            if count > limits.entries {
                list.of_wheel(Cause::Entries { most: limits.entries });
                return (list.entries, list.problems);
            }
            let raw = record.file_path();
            let raw: &[u8] = raw.as_ref();
            name_bytes += raw.len() as u64;
            if name_bytes > limits.names {
                list.of_wheel(Cause::Names { most: limits.names });
                return (list.entries, list.problems);
            }
            let shown = String::from_utf8_lossy(raw);
            let name = match entry_path::check(raw) {
                Ok(name) => name,
                Err(fault) => {
                    list.of_entry(&shown, Cause::Name(fault));
                    continue;
                }
            };
            if !names.insert(name.trim_end_matches('/').to_owned()) {
                list.of_entry(name, Cause::Duplicate);
                continue;
            }
            let size = record.uncompressed_size_hint();
            unpacked = unpacked.saturating_add(size);
            packed = packed.saturating_add(record.compressed_size_hint());
            match self.0.get_entry(record.wayfinder()) {
                Ok(entry) => {
                    list.spans.push((
                        record.local_header_offset(),
                        entry.compressed_data_range().1,
                        name.to_owned(),
                    ));
                    match entry.local_header(&mut local) {
                        Ok(header) if header.file_path().as_ref() == raw => {}
                        Ok(_) => list.of_entry(name, Cause::TwoNames),
                        Err(error) => list.of_entry(name, Cause::Broken(lower(&error.to_string()))),
                    }
                }
                Err(error) => list.of_entry(name, Cause::Broken(lower(&error.to_string()))),
            }
            let mode = record.external_attributes() >> 16;
            let method = record.compression_method();
            if record.flags().is_encrypted() {
                list.of_entry(name, Cause::Encrypted);
            } else if let Some(cause) = special(mode, name.ends_with('/')) {
                list.of_entry(name, cause);
            } else if name.ends_with('/') {
                if size > 0 {
                    list.of_entry(name, Cause::DirectoryData);
                }
            } else if method != CompressionMethod::STORE && method != CompressionMethod::DEFLATE {
                list.of_entry(name, Cause::Method(method.as_u16()));
            } else {
                list.entries.push(Entry {
                    name: name.to_owned(),
                    size,
                    executable: mode & TYPE == REGULAR && mode & 0o111 != 0,
                    deflated: method == CompressionMethod::DEFLATE,
                    place: record.wayfinder(),
                });
            }
        }
        if count != self.0.entries_hint() {
            let fault = format!("its directory has {count} entries, expected {}", self.0.entries_hint());
            list.of_wheel(Cause::NoArchive(fault));
        }
        if unpacked > limits.bytes {
            list.of_wheel(Cause::TooLarge { found: unpacked, most: limits.bytes });
        } else if unpacked > limits.free && unpacked > packed.saturating_mul(limits.ratio) {
            list.of_wheel(Cause::Ratio { found: unpacked, packed, ratio: limits.ratio });
        }
        list.overlaps(self.0.directory_offset());
        (list.entries, list.problems)
    }

    /// The unpacked bytes of an entry. Reading fails if they are more, fewer or others than declared.
    pub(crate) fn read(&self, entry: &Entry) -> io::Result<Box<dyn Read + '_>> {
        let found = self.0.get_entry(entry.place).map_err(io::Error::other)?;
        let packed = BufReader::with_capacity(BUFFER.min(entry_buffer(entry)), found.reader());
        let whole = Whole { packed, left: entry.place.compressed_size_hint() };
        Ok(if entry.deflated {
            Box::new(found.verifying_reader(DeflateDecoder::new(whole)))
        } else {
            Box::new(found.verifying_reader(whole))
        })
    }

    /// All bytes of a small file.
    pub(crate) fn read_all(&self, entry: &Entry, limits: &Limits) -> Result<Vec<u8>, Cause> {
        if entry.size > limits.metadata {
            return Err(Cause::MetadataSize { most: limits.metadata });
        }
        let mut bytes = Vec::new();
        self.read(entry)
            .and_then(|reader| reader.take(entry.size.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(|error| broken(&error))?;
        if bytes.len() as u64 != entry.size {
            return Err(Cause::Broken(format!("it has other than the {} bytes it declares", entry.size)));
        }
        Ok(bytes)
    }
}

/// What reading an entry failed with.
pub(crate) fn broken(error: &io::Error) -> Cause {
    Cause::Broken(lower(&error.to_string()))
}

/// A buffer no larger than what is to be read: most files are small.
fn entry_buffer(entry: &Entry) -> usize {
    usize::try_from(entry.place.compressed_size_hint()).unwrap_or(BUFFER).max(64)
}

/// The reader of the compressed bytes, which ends too early where the archive is cut short.
struct Whole<R> {
    packed: R,
    left: u64,
}

impl<R: BufRead> Read for Whole<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut from = self.fill_buf()?;
        let count = from.read(to)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Whole<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.packed.fill_buf()?;
        if bytes.is_empty() && self.left > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut short"));
        }
        Ok(bytes)
    }

    fn consume(&mut self, count: usize) {
        self.packed.consume(count);
        self.left = self.left.saturating_sub(count as u64);
    }
}

struct Listing<'a> {
    wheel: &'a str,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    /// From the local header to the end of the data, and whose it is.
    spans: Vec<(u64, u64, String)>,
}

impl Listing<'_> {
    fn of_wheel(&mut self, cause: Cause) {
        self.problems.push(Problem::of_wheel(self.wheel, cause));
    }

    fn of_entry(&mut self, entry: &str, cause: Cause) {
        self.problems.push(Problem::of_entry(self.wheel, entry, cause));
    }

    /// Entries that share data are how small archives become large.
    fn overlaps(&mut self, directory: u64) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.sort();
        let next = spans.iter().skip(1).map(|(start, _, _)| *start).chain([directory]);
        let overlapping: Vec<(String, String)> = spans
            .iter()
            .zip(next)
            .zip(spans.iter().skip(1).map(|(_, _, name)| name.as_str()).chain([""]))
            .filter(|(((_, end, _), next), _)| end > next)
            .map(|(((_, _, name), _), other)| (name.clone(), other.to_owned()))
            .collect();
        for (name, other) in overlapping {
            self.of_entry(&name, Cause::Overlap(other));
        }
    }
}

fn special(mode: u32, directory: bool) -> Option<Cause> {
    match mode & TYPE {
        // Archives made on other systems have no types.
        0 => None,
        REGULAR if !directory => None,
        DIRECTORY if directory => None,
        LINK => Some(Cause::Special("symlink")),
        DIRECTORY => Some(Cause::Special("directory by its mode and a file by its name")),
        REGULAR => Some(Cause::Special("file by its mode and a directory by its name")),
        _ => Some(Cause::Special("device, socket or pipe")),
    }
}

/// Messages of libraries in our voice.
fn lower(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
