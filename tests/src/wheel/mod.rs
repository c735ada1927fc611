//! Wheels made on this machine: any name, version, tag, dependencies and files, good or bad.
//!
//! `payload` makes contents that compress as code and libraries do; `sdist` is for packages that have no wheel. The
//! archive is written by what the tests of `unwheel` write theirs with.

pub mod payload;
pub mod sdist;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use unwheel::made::zip::{self, Entry};

use crate::error::{Doing, Result};

/// A wheel under way.
#[derive(Debug, Clone)]
pub struct Wheel {
    name: String,
    version: String,
    tag: String,
    metadata: String,
    entries: Vec<Entry>,
    /// Whether `RECORD` lies.
    broken: bool,
}

impl Wheel {
    /// A wheel for every Python: its module `NAME` has the constants `NAME` and `VERSION`. The name is one of file
    /// names: with `_`, not `-`.
    pub fn new(name: &str, version: &str) -> Self {
        let module = format!("NAME = {name:?}\nVERSION = {version:?}\n");
        Self::bare(name, version).file(&format!("{name}/__init__.py"), module)
    }

    /// The same with no module.
    pub fn bare(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            tag: "py3-none-any".to_owned(),
            metadata: format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
            entries: Vec::new(),
            broken: false,
        }
    }

    /// For these interpreters and platforms, such as `cp313-cp313-manylinux_2_17_x86_64`.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.tag);
        self
    }

    /// Needs another distribution: a requirement with its marker.
    #[must_use]
    pub fn requires(mut self, requirement: &str) -> Self {
        let _ = writeln!(self.metadata, "Requires-Dist: {requirement}");
        self
    }

    /// Says more of itself: a line of `METADATA`.
    #[must_use]
    pub fn says(mut self, line: &str) -> Self {
        let _ = writeln!(self.metadata, "{line}");
        self
    }

    /// Has an extra.
    #[must_use]
    pub fn extra(mut self, name: &str) -> Self {
        let _ = writeln!(self.metadata, "Provides-Extra: {name}");
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, path: &str, data: impl Into<Vec<u8>>) -> Self {
        self.with(path, data.into(), 0o100_644)
    }

    /// Adds a program.
    #[must_use]
    pub fn program(self, path: &str, data: impl Into<Vec<u8>>) -> Self {
        self.with(path, data.into(), 0o100_755)
    }

    /// Adds a file below `NAME-VERSION.dist-info`.
    #[must_use]
    pub fn info(self, file: &str, data: &str) -> Self {
        let path = format!("{}/{file}", self.info_directory());
        self.file(&path, data)
    }

    /// Adds a file below `NAME-VERSION.data`.
    #[must_use]
    pub fn data(self, path: &str, data: &str) -> Self {
        let path = format!("{}-{}.data/{path}", self.name, self.version);
        self.program(&path, data)
    }

    /// Has `RECORD` tell other hashes than those of the files.
    #[must_use]
    pub fn broken(mut self) -> Self {
        self.broken = true;
        self
    }

    fn with(mut self, path: &str, data: Vec<u8>, mode: u32) -> Self {
        self.entries.push(Entry { mode, ..Entry::new(path, data) });
        self
    }

    fn info_directory(&self) -> String {
        format!("{}-{}.dist-info", self.name, self.version)
    }

    /// `NAME-VERSION-TAG.whl`
    pub fn filename(&self) -> String {
        format!("{}-{}-{}.whl", self.name, self.version, self.tag)
    }

    /// `METADATA`, as an index serves it too.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The archive.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let info = self.info_directory();
        let pure = self.tag.ends_with("-any");
        let wheel =
            format!("Wheel-Version: 1.0\nGenerator: harness\nRoot-Is-Purelib: {pure}\nTag: {}\n", self.tag);
        let whole = self.clone().info("METADATA", &self.metadata).info("WHEEL", &wheel);
        let mut record = String::new();
        for entry in &whole.entries {
            let said = if self.broken { b"something else".as_slice() } else { &entry.data };
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(said));
            let name = String::from_utf8_lossy(&entry.name);
            let _ = writeln!(record, "{name},sha256={hash},{}", entry.data.len());
        }
        let _ = writeln!(record, "{info}/RECORD,,");
        zip::write(&whole.info("RECORD", &record).entries).doing("write a wheel")
    }
}

/// The SHA-256 of bytes in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Project, run};

    #[test]
    fn python_reads_what_was_made() {
        let project = Project::new("wheel").unwrap();
        let wheel = Wheel::new("made", "1.0").requires("other>2").data("scripts/tool", "#!python\n");
        project.write(&wheel.filename(), wheel.bytes().unwrap()).unwrap();
        let path = project.path().join("made-1.0-py3-none-any.whl");
        let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None\n\
                      print(*sorted(f'{i.filename} {i.external_attr >> 16:o}' for i in z.infolist()), sep='\\n')\n\
                      print(z.read('made-1.0.dist-info/METADATA').decode())";
        let said = run::output(run::command("python3").args(["-c", script]).arg(&path)).unwrap();
        let expected = "made-1.0.data/scripts/tool 100755\nmade-1.0.dist-info/METADATA 100644\n\
                        made-1.0.dist-info/RECORD 100644\nmade-1.0.dist-info/WHEEL 100644\nmade/__init__.py 100644\n\
                        Metadata-Version: 2.1\nName: made\nVersion: 1.0\nRequires-Dist: other>2\n";
        assert_eq!(said.trim_end(), expected.trim_end());
    }
}
