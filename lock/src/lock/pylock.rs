//! Reads `pylock.toml` (PEP 751), ours and others'.

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use toml::de::DeTable;

use super::artifact::{self, Policy, Vcs};
use super::{Dependency, Format, Group, Lock, Package};
use crate::input::{InputId, Part, is_sha256, project_of};
use crate::marker::Marker;
use crate::name;
use crate::resolve::Resolution;
use crate::tree::Tree;

/// The version of our own table that is written, and the newest that is read.
pub(super) const VERSION: u64 = 1;

/// Reads a document; `None` where not even that much is there.
pub(super) fn read<'a>(tree: &mut Tree<'a>, root: &DeTable<'a>, path: &str, policy: &Policy) -> Option<Lock> {
    let version = tree.text(root, "lock-version")?;
    if version != "1.0" && !version.starts_with("1.") {
        let message = format!("expected lock-version 1.0, found \"{version}\"");
        tree.wrong(0, message, "use a newer layerset, or remove the lock and make it again");
        return None;
    }
    let mut lock = Lock {
        format: Format::Pylock,
        requires_python: specifiers(tree, root, "requires-python"),
        group_names: names(tree, root, "dependency-groups"),
        default_groups: names(tree, root, "default-groups"),
        extras: names(tree, root, "extras"),
        ..Lock::empty(path)
    };
    for (at, text) in tree.texts(root, "environments") {
        lock.environments.extend(marker(tree, at, text));
    }
    for (at, table) in tree.tables(root, "packages") {
        lock.packages.extend(package(tree, at, table, path, policy));
    }
    lock.packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let tool = root.get("tool").and_then(|tool| tool.get_ref().as_table());
    if let Some(ours) = tool.and_then(|tool| tree.table(tool, "layerset")) {
        layerset(tree, ours, &mut lock);
    }
    Some(lock)
}

/// Names of groups or extras, normalised.
fn names<'a>(tree: &mut Tree<'a>, root: &DeTable<'a>, key: &str) -> Vec<String> {
    let normal = |name: &str| name::normalise(name).unwrap_or_else(|| name.to_owned());
    let mut names: Vec<String> = tree.texts(root, key).into_iter().map(|(_, name)| normal(name)).collect();
    names.sort();
    names
}

/// Reads our own table.
fn layerset<'a>(tree: &mut Tree<'a>, table: &DeTable<'a>, lock: &mut Lock) {
    let version = tree.number(table, "version").unwrap_or(0);
    if version != VERSION {
        let message = format!("expected version {VERSION} of [tool.layerset], found {version}");
        tree.wrong(
            0,
            message,
            "use the layerset that made it, or remove the lock and make it again with `layerset lock`",
        );
        return;
    }
    lock.format = Format::Layerset;
    if tree.text(table, "resolution") == Some("separate") {
        lock.resolution = Resolution::Separate;
    }
    if let Some(files) = tree.table(table, "files") {
        for key in files.keys() {
            if let Some(digest) = tree.text(files, key.get_ref()) {
                lock.files.insert(key.get_ref().to_string(), digest.to_owned());
            }
        }
    }
    if let Some(images) = tree.table(table, "images") {
        for (key, node) in images {
            let Some(digest) = tree.text(images, key.get_ref()) else { continue };
            if is_digest(digest) {
                lock.images.insert(key.get_ref().to_string(), digest.to_owned());
            } else {
                let message =
                    format!("expected sha256: and 64 hex digits, found \"{}\"", digest.escape_debug());
                tree.wrong(
                    node.span().start,
                    message,
                    "remove the lock and make it again with `layerset lock`",
                );
            }
        }
    }
    let known: BTreeSet<String> = lock.group_names.iter().cloned().collect();
    for (at, group) in tree.tables(table, "groups") {
        let Some(name) = tree.text(group, "name") else { continue };
        if !known.contains(name) {
            let message = format!("\"{}\" is not one of the lock's dependency-groups", name.escape_debug());
            tree.wrong(at, message, "remove the lock and make it again with `layerset lock`");
        }
        let mut inputs = Vec::new();
        for (at, input) in tree.tables(group, "inputs") {
            let Some(path) = tree.text(input, "path") else {
                tree.wrong(at, "expected the \"path\" of an input, found none", "");
                continue;
            };
            let part = match (tree.text(input, "extra"), tree.text(input, "group")) {
                (Some(extra), _) => Part::Extra(extra.to_owned()),
                (None, Some(group)) => Part::Group(group.to_owned()),
                (None, None) => Part::All,
            };
            inputs.push(InputId { path: path.to_owned(), part });
        }
        inputs.sort();
        lock.groups.push(Group { name: name.to_owned(), inputs });
    }
}

/// The digest of an image, as registries have them.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(is_sha256)
}

fn package<'a>(
    tree: &mut Tree<'a>,
    at: usize,
    table: &DeTable<'a>,
    from: &str,
    policy: &Policy,
) -> Option<Package> {
    let mut package = named(tree, at, table)?;
    package.marker = tree.text(table, "marker").and_then(|text| marker(tree, at, text));
    package.requires_python = specifiers(tree, table, "requires-python");
    for (at, wheel) in tree.tables(table, "wheels") {
        package.wheels.extend(artifact::of_pylock(tree, at, from, wheel, policy));
    }
    if let Some(sdist) = tree.table(table, "sdist") {
        package.sdist = artifact::of_pylock(tree, at, from, sdist, policy);
    }
    if let Some(archive) = tree.table(table, "archive") {
        // What it is, only its name says.
        package.direct = true;
        package.subdirectory = tree.text(archive, "subdirectory").map(ToOwned::to_owned);
        let file = artifact::of_pylock(tree, at, from, archive, policy);
        match file {
            Some(file) if is_wheel(&file.filename) => package.wheels.push(file),
            other => package.sdist = other,
        }
    }
    if let Some(table) = tree.table(table, "vcs") {
        package.vcs = vcs(tree, at, table, policy);
    }
    if let Some(directory) = tree.table(table, "directory") {
        let path = tree.text(directory, "path").unwrap_or_default();
        package.directory = name::resolve(from, path);
        if package.directory.is_none() {
            let message = format!("the path \"{}\" is not inside the build context", path.escape_debug());
            tree.wrong(at, message, "");
        }
    }
    for (at, dependency) in tree.tables(table, "dependencies") {
        let Some(name) = tree.text(dependency, "name").and_then(name::normalise) else { continue };
        let version = version(tree, at, dependency);
        package.dependencies.push(Dependency { name, version, extras: Vec::new(), marker: None });
    }
    check_wheels(tree, at, &mut package);
    if package.wheels.is_empty()
        && package.sdist.is_none()
        && package.vcs.is_none()
        && package.directory.is_none()
    {
        let message = format!("{} has no wheel and no source", package.title());
        tree.wrong(at, message, "remove the lock and make it again");
    }
    Some(package)
}

/// A package with its `name` and `version`.
pub(super) fn named<'a>(tree: &mut Tree<'a>, at: usize, table: &DeTable<'a>) -> Option<Package> {
    let written = tree.text(table, "name").unwrap_or_default();
    let Some(name) = name::normalise(written) else {
        tree.wrong(at, format!("expected a package's name, found \"{}\"", written.escape_debug()), "");
        return None;
    };
    let mut package = Package::new(name, tree.place(at));
    package.version = version(tree, at, table);
    Some(package)
}

pub(super) fn is_wheel(filename: &str) -> bool {
    filename.strip_suffix(".whl").is_some_and(|stem| !stem.is_empty())
}

/// Every wheel must be one by its name, and the package's own.
pub(super) fn check_wheels(tree: &mut Tree<'_>, at: usize, package: &mut Package) {
    package.wheels.sort();
    package.wheels.dedup();
    for wheel in &package.wheels {
        if project_of(&wheel.filename).and_then(name::normalise).as_ref() != Some(&package.name)
            || !is_wheel(&wheel.filename)
        {
            let message = format!("expected a wheel of {}, found \"{}\"", package.name, wheel.filename);
            tree.wrong(at, message, "remove the lock and make it again");
        }
    }
}

fn vcs<'a>(tree: &mut Tree<'a>, at: usize, table: &DeTable<'a>, policy: &Policy) -> Option<Vcs> {
    let text = |tree: &mut Tree<'a>, key: &str| tree.text(table, key).map(ToOwned::to_owned);
    let (kind, commit_id) = (text(tree, "type")?, text(tree, "commit-id"));
    let written = text(tree, "url").unwrap_or_default();
    let url =
        if matches!(policy, Policy::Clean { .. }) { name::without_credentials(&written) } else { written };
    if name::has_credentials(&url) || !url.contains("://") || url.chars().any(char::is_control) {
        let shown = name::without_credentials(&url).escape_debug().to_string();
        tree.wrong(at, format!("expected a repository's address without credentials, found \"{shown}\""), "");
        return None;
    }
    let hex = |id: &String| id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(commit_id) = commit_id.filter(hex) else {
        tree.wrong(
            at,
            format!("expected the full id of a commit of {url}, found none"),
            "remove the lock and make it again",
        );
        return None;
    };
    let requested_revision = text(tree, "requested-revision");
    let subdirectory = text(tree, "subdirectory");
    check_vcs(tree, at, Vcs { kind, url, requested_revision, commit_id, subdirectory })
}

/// A source tree as it goes into a line for the resolver: nothing in it may end the word, or be a path that leaves the
/// repository.
pub(super) fn check_vcs(tree: &mut Tree<'_>, at: usize, vcs: Vcs) -> Option<Vcs> {
    let mut wrong = |what: &str, found: &str, expected: &str| {
        let shown = found.escape_debug().take(200).collect::<String>();
        tree.wrong(at, format!("expected {expected} as the {what} of a repository, found \"{shown}\""), "");
    };
    let breaks =
        |text: &str| text.contains(|char: char| char.is_whitespace() || char.is_control() || char == '#');
    let bad_path = |path: &&String| breaks(path) || name::resolve("", path).is_none();
    if vcs.kind != "git" {
        wrong("type", &vcs.kind, "git");
    } else if breaks(&vcs.url) || !vcs.url.contains("://") {
        wrong("address", &name::without_credentials(&vcs.url), "one without blanks and fragment");
    } else if let Some(path) = vcs.subdirectory.as_ref().filter(bad_path) {
        wrong("subdirectory", path, "a path in it");
    } else {
        return Some(vcs);
    }
    None
}

pub(super) fn version<'a>(tree: &mut Tree<'a>, at: usize, table: &DeTable<'a>) -> Option<Version> {
    let text = tree.text(table, "version")?;
    let version = Version::from_str(text).ok();
    if version.is_none() {
        tree.wrong(at, format!("expected a version, found \"{}\"", text.escape_debug()), "");
    }
    version
}

pub(super) fn marker(tree: &mut Tree<'_>, at: usize, text: &str) -> Option<Marker> {
    match Marker::from_str(text) {
        Ok(marker) => Some(marker),
        Err(error) => {
            tree.wrong(at, format!("this is no marker: {error}"), "");
            None
        }
    }
}

pub(super) fn specifiers<'a>(
    tree: &mut Tree<'a>,
    table: &DeTable<'a>,
    key: &str,
) -> Option<VersionSpecifiers> {
    let text = tree.text(table, key)?;
    let specifiers = VersionSpecifiers::from_str(text).ok();
    if specifiers.is_none() {
        let at = table.get(key).map_or(0, |node| node.span().start);
        tree.wrong(at, format!("expected versions such as >=3.9, found \"{}\"", text.escape_debug()), "");
    }
    specifiers
}
