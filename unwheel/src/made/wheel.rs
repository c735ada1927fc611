//! A wheel under way, and what an installed tree holds.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::zip::{self, Entry};
use crate::install::WheelFile;
use crate::record::sha256_text;

/// A wheel under way: `name` 1.0 for any Python.
pub(crate) struct Made {
    pub filename: String,
    pub info: String,
    pub entries: Vec<Entry>,
}

impl Made {
    /// With METADATA and WHEEL.
    pub(crate) fn new(name: &str) -> Self {
        let info = format!("{name}-1.0.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\nText\n");
        let wheel = "Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        let entries = vec![
            Entry::new(&format!("{info}/METADATA"), metadata),
            Entry::new(&format!("{info}/WHEEL"), wheel),
        ];
        Self { filename: format!("{name}-1.0-py3-none-any.whl"), info, entries }
    }

    pub(crate) fn file(self, name: &str, data: &str) -> Self {
        self.raw(Entry::new(name, data))
    }

    pub(crate) fn executable(self, name: &str, data: &str) -> Self {
        self.raw(Entry { mode: 0o100_755, ..Entry::new(name, data) })
    }

    pub(crate) fn raw(mut self, entry: Entry) -> Self {
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
            entries.push(Entry::new(&name, self.record()));
        }
        zip::write(&entries).expect("in memory")
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
