//! The files of a package: where they are, and what they must be.

use std::fmt;

use toml::de::DeTable;

use crate::input::is_sha256;
use crate::name;
use crate::tree::Tree;

/// A wheel or an sdist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifact {
    /// Its file name; no path.
    pub filename: String,
    /// Where it is.
    pub location: Location,
    /// Its length in bytes, if that is known.
    pub size: Option<u64>,
    /// Its sha256, 64 hex digits.
    pub sha256: String,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Location {
    /// An http or https address without credentials.
    Url(String),
    /// A path in the context, from its root.
    Path(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Url(text) | Self::Path(text)) = self;
        f.write_str(text)
    }
}

/// A source tree under version control.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vcs {
    /// The kind; `git`.
    pub kind: String,
    /// The repository's address, without credentials.
    pub url: String,
    /// The tag or branch that was asked for.
    pub requested_revision: Option<String>,
    /// The commit.
    pub commit_id: String,
    /// The directory of the package in it.
    pub subdirectory: Option<String>,
}

/// How addresses are treated that a lock must not have.
#[derive(Debug, Clone)]
pub(crate) enum Policy {
    /// They are problems: the lock of a context.
    Refuse,
    /// What the resolver says: credentials are taken off, and addresses and paths of files in the
    /// context's directory become paths of the context.
    Clean {
        /// The directory with the context's files, absolute.
        context: String,
        /// The directory that the resolver wrote the lock to, absolute.
        directory: String,
    },
}

/// Files larger are refused: such a size is an attack or a mistake (bytes).
const LARGEST: u64 = 64 << 30;

/// An address of a lock, checked; a path is from the directory of the lock at `from`.
pub(super) fn location(
    tree: &mut Tree<'_>,
    at: usize,
    from: &str,
    url: Option<&str>,
    path: Option<&str>,
    policy: &Policy,
) -> Option<Location> {
    if let Policy::Clean { context, directory } = policy {
        let file = url.and_then(|url| url.strip_prefix("file://")).map(name::decode);
        if let Some(path) = file.or_else(|| path.filter(|_| url.is_none()).map(ToOwned::to_owned)) {
            let inside = inside(context, directory, &path);
            if inside.is_none() {
                tree.wrong(at, format!("the file {path} is not in the build context"), "");
            }
            return inside.map(Location::Path);
        }
        let clean = url.map(name::without_credentials);
        return location(tree, at, from, clean.as_deref(), None, &Policy::Refuse);
    }
    match (url, path) {
        (Some(url), _) => {
            let good = url.starts_with("https://") || url.starts_with("http://");
            if !good || url.chars().any(|char| char.is_control() || char.is_whitespace()) {
                let shown = name::without_credentials(url).escape_debug().take(200).collect::<String>();
                tree.wrong(at, format!("expected an http or https address, found \"{shown}\""), "");
                return None;
            }
            if name::has_credentials(url) {
                let message = format!("the address {} has credentials in it", name::without_credentials(url));
                tree.wrong(
                    at,
                    message,
                    "a lock is no place for secrets: take them off, and give a build secret",
                );
                return None;
            }
            Some(Location::Url(url.to_owned()))
        }
        (None, Some(path)) => {
            let inside = name::resolve(from, path);
            if inside.is_none() {
                let shown = path.escape_debug().take(200).collect::<String>();
                tree.wrong(at, format!("the path \"{shown}\" is not inside the build context"), "");
            }
            inside.map(Location::Path)
        }
        (None, None) => {
            tree.wrong(at, "expected \"url\" or \"path\", found neither", "");
            None
        }
    }
}

/// A path as seen from the context; a relative one is from the directory.
fn inside(context: &str, directory: &str, path: &str) -> Option<String> {
    let absolute = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let plain = name::resolve("", absolute.trim_start_matches('/'))?;
    let root = context.trim_matches('/');
    let below =
        if root.is_empty() { Some(plain.as_str()) } else { plain.strip_prefix(root)?.strip_prefix('/') };
    below.map(ToOwned::to_owned)
}

/// A file of a package, checked: `name`, or the last segment of its location.
pub(super) fn artifact(
    tree: &mut Tree<'_>,
    at: usize,
    name: Option<&str>,
    location: Location,
    size: Option<u64>,
    sha256: Option<&str>,
) -> Option<Artifact> {
    let filename = name.map_or_else(|| name::filename_of(&location.to_string()), ToOwned::to_owned);
    if !name::is_filename(&filename) {
        let shown = filename.escape_debug().take(200).collect::<String>();
        tree.wrong(at, format!("expected a file's name, found \"{shown}\""), "");
        return None;
    }
    if let Some(size) = size.filter(|size| *size > LARGEST) {
        tree.wrong(at, format!("{filename} is said to have {size} bytes, expected at most {LARGEST}"), "");
        return None;
    }
    let hint = "make the lock again with a tool that writes sha256";
    match sha256.map(str::to_ascii_lowercase) {
        Some(sha256) if is_sha256(&sha256) => Some(Artifact { filename, location, size, sha256 }),
        Some(_) => {
            tree.wrong(at, format!("the sha256 of {filename} is not 64 hex digits"), hint);
            None
        }
        None => {
            tree.wrong(at, format!("{filename} has no sha256"), hint);
            None
        }
    }
}

/// A file as PEP 751 writes it: `{name, url, path, size, hashes}`.
pub(super) fn of_pylock<'a>(
    tree: &mut Tree<'a>,
    at: usize,
    from: &str,
    table: &DeTable<'a>,
    policy: &Policy,
) -> Option<Artifact> {
    let text = |key: &str| table.get(key).and_then(|node| node.get_ref().as_str());
    let location = location(tree, at, from, text("url"), text("path"), policy)?;
    let hashes = table.get("hashes").and_then(|node| node.get_ref().as_table());
    let sha256 = hashes.and_then(|hashes| hashes.get("sha256")?.get_ref().as_str());
    let size = tree.number(table, "size");
    artifact(tree, at, text("name"), location, size, sha256)
}
