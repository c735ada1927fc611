//! Writes a lock as PEP 751 `pylock.toml`: sorted, one file a line, the same bytes for the same lock.

use std::fmt::Write as _;

use super::artifact::{Artifact, Location, Vcs};
use super::{Lock, Package, pylock};
use crate::input::Part;
use crate::resolve::Resolution;

impl Lock {
    /// The text of the lock for the file at [`Lock::path`]; paths in it are relative to that.
    pub fn write(&self) -> String {
        let mut out = String::from("lock-version = \"1.0\"\n");
        if !self.environments.is_empty() {
            list(&mut out, "environments", self.environments.iter().map(ToString::to_string));
        }
        if let Some(python) = &self.requires_python {
            let _ = writeln!(out, "requires-python = {}", quoted(&python.to_string().replace(", ", ",")));
        }
        list(&mut out, "dependency-groups", self.group_names.iter().cloned());
        list(&mut out, "default-groups", self.default_groups.iter().cloned());
        out.push_str("created-by = \"layerset\"\n");
        if self.packages.is_empty() {
            // The key must be there.
            out.push_str("packages = []\n");
        }
        for package in &self.packages {
            self.package(&mut out, package);
        }
        self.table(&mut out);
        out
    }

    fn package(&self, out: &mut String, package: &Package) {
        let _ = writeln!(out, "\n[[packages]]\nname = {}", quoted(&package.name));
        if let Some(version) = &package.version {
            let _ = writeln!(out, "version = {}", quoted(&version.to_string()));
        }
        if let Some(marker) = &package.marker {
            let _ = writeln!(out, "marker = {}", quoted(&marker.to_string()));
        }
        if let Some(python) = &package.requires_python {
            let _ = writeln!(out, "requires-python = {}", quoted(&python.to_string().replace(", ", ",")));
        }
        let dependencies = package.dependencies.iter().map(|dependency| match &dependency.version {
            Some(version) => {
                format!(
                    "{{ name = {}, version = {} }}",
                    quoted(&dependency.name),
                    quoted(&version.to_string())
                )
            }
            None => format!("{{ name = {} }}", quoted(&dependency.name)),
        });
        lines(out, "dependencies", dependencies);
        if let Some(Vcs { kind, url, requested_revision, commit_id, subdirectory }) = &package.vcs {
            let mut fields = vec![format!("type = {}", quoted(kind)), format!("url = {}", quoted(url))];
            let revision =
                requested_revision.iter().map(|text| format!("requested-revision = {}", quoted(text)));
            fields.extend(revision);
            fields.push(format!("commit-id = {}", quoted(commit_id)));
            fields.extend(subdirectory.iter().map(|text| format!("subdirectory = {}", quoted(text))));
            let _ = writeln!(out, "vcs = {{ {} }}", fields.join(", "));
        }
        if let Some(directory) = &package.directory {
            let _ = writeln!(out, "directory = {{ path = {} }}", quoted(&self.relative(directory)));
        }
        if let (true, Some(file)) = (package.direct, package.wheels.first().or(package.sdist.as_ref())) {
            let _ =
                writeln!(out, "archive = {}", self.artifact(file, false, package.subdirectory.as_deref()));
            return;
        }
        if let Some(sdist) = &package.sdist {
            let _ = writeln!(out, "sdist = {}", self.artifact(sdist, true, None));
        }
        lines(out, "wheels", package.wheels.iter().map(|wheel| self.artifact(wheel, true, None)));
    }

    /// An inline table. An archive has no name of its own.
    fn artifact(&self, artifact: &Artifact, named: bool, subdirectory: Option<&str>) -> String {
        let location = match &artifact.location {
            Location::Url(url) => format!("url = {}", quoted(url)),
            Location::Path(path) => format!("path = {}", quoted(&self.relative(path))),
        };
        let size = artifact.size.map(|size| format!(", size = {size}")).unwrap_or_default();
        let name = if named { format!("name = {}, ", quoted(&artifact.filename)) } else { String::new() };
        let sha256 = quoted(&artifact.sha256);
        let below = subdirectory.map(|path| format!(", subdirectory = {}", quoted(path))).unwrap_or_default();
        format!("{{ {name}{location}{size}{below}, hashes = {{ sha256 = {sha256} }} }}")
    }

    /// A path of the context as seen from the lock's directory.
    fn relative(&self, path: &str) -> String {
        format!("{}{path}", "../".repeat(self.path.matches('/').count()))
    }

    /// Our own table: what the lock was made from.
    fn table(&self, out: &mut String) {
        let _ = writeln!(out, "\n[tool.layerset]\nversion = {}", pylock::VERSION);
        let resolution = match self.resolution {
            Resolution::Together => "together",
            Resolution::Separate => "separate",
        };
        let _ = writeln!(out, "resolution = \"{resolution}\"");
        out.push_str("\n[tool.layerset.files]\n");
        for (path, digest) in &self.files {
            let _ = writeln!(out, "{} = {}", quoted(path), quoted(digest));
        }
        if !self.images.is_empty() {
            out.push_str("\n[tool.layerset.images]\n");
        }
        for (reference, digest) in &self.images {
            let _ = writeln!(out, "{} = {}", quoted(reference), quoted(digest));
        }
        for group in &self.groups {
            let _ = writeln!(out, "\n[[tool.layerset.groups]]\nname = {}", quoted(&group.name));
            let inputs = group.inputs.iter().map(|input| {
                let path = quoted(&input.path);
                match &input.part {
                    Part::All => format!("{{ path = {path} }}"),
                    Part::Extra(extra) => format!("{{ path = {path}, extra = {} }}", quoted(extra)),
                    Part::Group(group) => format!("{{ path = {path}, group = {} }}", quoted(group)),
                }
            });
            lines(out, "inputs", inputs);
        }
    }
}

/// A list of texts.
fn list(out: &mut String, key: &str, texts: impl Iterator<Item = String>) {
    let texts: Vec<String> = texts.map(|text| quoted(&text)).collect();
    if texts.is_empty() {
        let _ = writeln!(out, "{key} = []");
    } else {
        lines(out, key, texts.into_iter());
    }
}

/// A list with a line for each element; none at all if it is empty.
fn lines(out: &mut String, key: &str, elements: impl Iterator<Item = String>) {
    let mut elements = elements.peekable();
    if elements.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "{key} = [");
    for element in elements {
        let _ = writeln!(out, "    {element},");
    }
    out.push_str("]\n");
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            char if char.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}
