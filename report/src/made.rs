//! Archives for tests.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A tar archive of directories and files with contents.
pub(crate) fn layer(entries: &[(&str, Option<&str>)]) -> Vec<u8> {
    linked(entries, &[])
}

/// The same with hard links behind them: a path, and what it is another name of.
pub(crate) fn linked(entries: &[(&str, Option<&str>)], links: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in entries {
        let mut header = tar::Header::new_gnu();
        let bytes = content.unwrap_or_default().as_bytes();
        header.set_size(bytes.len() as u64);
        header.set_entry_type(if content.is_some() {
            tar::EntryType::Regular
        } else {
            tar::EntryType::Directory
        });
        // As written, which the builder would not do with paths that lead out.
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, bytes).unwrap();
    }
    for (path, file) in links {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Link);
        header.set_size(0);
        builder.append_link(&mut header, path, file).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The same bytes packed.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
