//! Writes zip archives, entry by entry and byte by byte, so that a test decides what is in them.
//! Source: the format's own description, APPNOTE.TXT 6.3.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::error::{Doing, Error, Result};

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path, as it is written.
    pub name: String,
    /// Its content.
    pub data: Vec<u8>,
    /// Permissions.
    pub mode: u32,
}

/// An archive of deflated files, dated 1 January 1980.
pub fn write(entries: &[Entry]) -> Result<Vec<u8>> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let start = long(archive.len())?;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&entry.data).doing("deflate")?;
        let packed = encoder.finish().doing("deflate")?;
        let mut crc = Crc::new();
        crc.update(&entry.data);
        let mut common = Vec::new();
        // Version, flags, method, time and date.
        for field in [20_u16, 0, 8, 0, 33] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), long(packed.len())?, long(entry.data.len())?] {
            common.extend(field.to_le_bytes());
        }
        common.extend(short(entry.name.len())?);
        common.extend([0; 2]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(entry.name.as_bytes());
        archive.extend(packed);
        // Made on Unix, whose modes are in the upper half of the attributes.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend(((0o100_000 | entry.mode) << 16).to_le_bytes());
        directory.extend(start.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let (start, length, count) = (long(archive.len())?, long(directory.len())?, short(entries.len())?);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count);
    archive.extend(count);
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    Ok(archive)
}

fn long(number: usize) -> Result<u32> {
    u32::try_from(number)
        .map_err(|_| Error::new(format!("{number} is too much for an archive without zip64")))
}

fn short(number: usize) -> Result<[u8; 2]> {
    let number = u16::try_from(number);
    number.map(u16::to_le_bytes).map_err(|_| Error::new("too many entries for an archive without zip64"))
}
