//! Writes zip archives, entry by entry and byte by byte, so that a test decides what is in them and what is a lie.
//! Source: the format's own description, APPNOTE.TXT 6.3.

use std::io::{Error, Result, Write as _};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// An entry as it goes into the archive, dated 1 January 1980.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path, as it is written.
    pub name: Vec<u8>,
    /// The name before the data, if it is another one.
    pub local_name: Option<Vec<u8>>,
    /// Its content.
    pub data: Vec<u8>,
    /// Type and permissions, as `stat` has them; 0 for an archive of a system without.
    pub mode: u32,
    /// 8 deflates the data, all others leave it as it is.
    pub method: u16,
    /// The general purpose bits.
    pub flags: u16,
    /// The declared size in bytes, if it is another one.
    pub size: Option<u32>,
    /// Has the data of another entry before it, by its index.
    pub data_of: Option<usize>,
}

impl Entry {
    /// A deflated regular file of mode 0644.
    pub fn new(name: &str, data: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            data: data.into(),
            mode: 0o100_644,
            method: 8,
            flags: 0,
            size: None,
            data_of: None,
        }
    }
}

/// The archive. Fails where its numbers need zip64.
pub fn write(entries: &[Entry]) -> Result<Vec<u8>> {
    let (mut archive, mut directory, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let deflated = if entry.method == 8 { Some(deflate(&entry.data)?) } else { None };
        let packed = deflated.as_ref().unwrap_or(&entry.data);
        let size = entry.size.map_or_else(|| long(entry.data.len()), Ok)?;
        let mut crc = Crc::new();
        crc.update(&entry.data);
        let mut common = Vec::new();
        // Version, flags, method, time and date.
        for field in [20, entry.flags, entry.method, 0, 0x21] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), long(packed.len())?, size] {
            common.extend(field.to_le_bytes());
        }
        let offset = match entry.data_of {
            Some(other) => offsets.get(other).copied().ok_or_else(|| Error::other("no such entry before"))?,
            None => long(archive.len())?,
        };
        offsets.push(offset);
        if entry.data_of.is_none() {
            let name = entry.local_name.as_ref().unwrap_or(&entry.name);
            archive.extend(b"PK\x03\x04");
            archive.extend(&common);
            archive.extend(short(name.len())?);
            archive.extend([0; 2]);
            archive.extend(name);
            archive.extend(packed);
        }
        // Made on Unix, whose modes are in the upper half of the attributes.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend(short(entry.name.len())?);
        directory.extend([0; 8]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
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

fn deflate(data: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data)?;
    encoder.finish()
}

fn long(number: usize) -> Result<u32> {
    u32::try_from(number)
        .map_err(|_| Error::other(format!("{number} is too much for an archive without zip64")))
}

fn short(number: usize) -> Result<[u8; 2]> {
    let number = u16::try_from(number);
    number.map(u16::to_le_bytes).map_err(|_| Error::other("too many entries for an archive without zip64"))
}
