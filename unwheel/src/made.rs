//! Wheels made for tests, good ones and every kind of bad one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};

use crate::install::WheelFile;
use crate::record::sha256_text;

/// An entry as it goes into the archive. The fields can lie.
#[derive(Clone)]
pub(crate) struct Raw {
    pub name: Vec<u8>,
    /// The name before the data, if it is another one.
    pub local_name: Option<Vec<u8>>,
    pub data: Vec<u8>,
    /// Type and mode; 0 for an archive of a system without.
    pub mode: u32,
    pub method: u16,
    pub flags: u16,
    /// The declared size, if it is another one.
    pub size: Option<u32>,
    /// The offset of another entry's data, by its index.
    pub data_of: Option<usize>,
}

impl Raw {
    pub(crate) fn new(name: &str, data: &[u8]) -> Self {
        let (name, data) = (name.as_bytes().to_vec(), data.to_vec());
        let mode = 0o100_644;
        Self { name, local_name: None, data, mode, method: 8, flags: 0, size: None, data_of: None }
    }
}

/// An archive of those entries, byte by byte as the format's own description has it.
pub(crate) fn zip(entries: &[Raw]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    let mut offsets = Vec::new();
    for entry in entries {
        let packed = if entry.method == 8 {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&entry.data).expect("in memory");
            encoder.finish().expect("in memory")
        } else {
            entry.data.clone()
        };
        let mut crc = flate2::Crc::new();
        crc.update(&entry.data);
        let size = entry.size.unwrap_or_else(|| u32::try_from(entry.data.len()).expect("small"));
        let packed_size = u32::try_from(packed.len()).expect("small");
        let offset = match entry.data_of {
            Some(other) => offsets[other],
            None => u32::try_from(bytes.len()).expect("small"),
        };
        offsets.push(offset);
        let name_length = |name: &[u8]| u16::try_from(name.len()).expect("small").to_le_bytes();
        let mut common = Vec::new();
        for field in [20, entry.flags, entry.method, 0, 0x21] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), packed_size, size] {
            common.extend(field.to_le_bytes());
        }
        if entry.data_of.is_none() {
            let name = entry.local_name.as_ref().unwrap_or(&entry.name);
            bytes.extend(b"PK\x03\x04");
            bytes.extend(&common);
            bytes.extend(name_length(name));
            bytes.extend([0, 0]);
            bytes.extend(name);
            bytes.extend(packed);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(common);
        directory.extend(name_length(&entry.name));
        directory.extend([0; 8]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
    }
    let start = u32::try_from(bytes.len()).expect("small");
    let count = u16::try_from(entries.len()).expect("few").to_le_bytes();
    let length = u32::try_from(directory.len()).expect("small");
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(length.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// A wheel under way: `name` 1.0 for any Python.
pub(crate) struct Made {
    pub filename: String,
    pub info: String,
    pub entries: Vec<Raw>,
}

impl Made {
    /// With METADATA and WHEEL.
    pub(crate) fn new(name: &str) -> Self {
        let info = format!("{name}-1.0.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\nText\n");
        let wheel = "Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        let entries = vec![
            Raw::new(&format!("{info}/METADATA"), metadata.as_bytes()),
            Raw::new(&format!("{info}/WHEEL"), wheel.as_bytes()),
        ];
        Self { filename: format!("{name}-1.0-py3-none-any.whl"), info, entries }
    }

    pub(crate) fn file(self, name: &str, data: &str) -> Self {
        self.raw(Raw::new(name, data.as_bytes()))
    }

    pub(crate) fn executable(self, name: &str, data: &str) -> Self {
        self.raw(Raw { mode: 0o100_755, ..Raw::new(name, data.as_bytes()) })
    }

    pub(crate) fn raw(mut self, entry: Raw) -> Self {
        self.entries.push(entry);
        self
    }

    /// Changes the entry of that name below `.dist-info`.
    pub(crate) fn info_file(mut self, file: &str, data: &str) -> Self {
        let name = format!("{}/{file}", self.info);
        self.entries.retain(|entry| entry.name != name.as_bytes());
        self.file(&name, data)
    }

    /// RECORD of what is in it now.
    pub(crate) fn record(&self) -> String {
        let mut rows = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.name.ends_with(b"/")) {
            let hash = sha256_text(&Sha256::digest(&entry.data));
            rows.push([
                String::from_utf8_lossy(&entry.name).into_owned(),
                hash,
                entry.data.len().to_string(),
            ]);
        }
        rows.push([format!("{}/RECORD", self.info), String::new(), String::new()]);
        String::from_utf8(crate::record::write(rows).expect("rows")).expect("UTF-8")
    }

    /// The archive, with RECORD unless it has one already.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let name = format!("{}/RECORD", self.info);
        let mut entries = self.entries.clone();
        if !entries.iter().any(|entry| entry.name == name.as_bytes()) {
            entries.push(Raw::new(&name, self.record().as_bytes()));
        }
        zip(&entries)
    }

    /// Writes it to a folder.
    pub(crate) fn save(&self, folder: &Path) -> WheelFile {
        save(folder, &self.filename, &self.bytes())
    }
}

/// Writes bytes as a wheel.
pub(crate) fn save(folder: &Path, filename: &str, bytes: &[u8]) -> WheelFile {
    let path = folder.join(filename);
    fs::write(&path, bytes).expect("written");
    WheelFile { path, filename: filename.to_owned() }
}

/// Every file and directory below a folder: type, mode, time, size, sha256 and path, in order.
pub(crate) fn listing(root: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::fs::MetadataExt as _;
    let mut paths: Vec<PathBuf> = vec![root.to_owned()];
    let mut lines = std::collections::BTreeMap::new();
    while let Some(path) = paths.pop() {
        let found = fs::symlink_metadata(&path).expect("what it is");
        let name = format!("/{}", path.strip_prefix(root).expect("below it").display());
        let content = if found.is_dir() {
            paths.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            "directory".to_owned()
        } else {
            format!("{} {}", found.len(), sha256_text(&Sha256::digest(fs::read(&path).expect("its bytes"))))
        };
        let (mode, time) = (found.mode() & 0o7777, found.mtime());
        lines.insert(name, format!("{mode:o} {time}.{} {content}", found.mtime_nsec()));
    }
    lines.into_iter().fold(String::new(), |mut text, (name, line)| {
        let _ = writeln!(text, "{name} {line}");
        text
    })
}
