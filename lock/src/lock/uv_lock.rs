//! Reads a `uv.lock`: the lock of a uv project or workspace, version 1.
//!
//! It has edges instead of groups: each package says what it requires, with markers and extras, and the
//! project itself is one of the packages.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::artifact::{self, Artifact, Location, Policy, Vcs};
use super::pylock::{check_vcs, check_wheels, is_wheel, marker, named, specifiers, version};
use super::{Dependency, Format, Lock, Package};
use crate::marker::Marker;
use crate::name;
use crate::resolve::Resolution;
use crate::tree::Tree;

/// Reads a document; `None` where not even that much is there.
pub(super) fn read<'a>(tree: &mut Tree<'a>, root: &DeTable<'a>, path: &str, policy: &Policy) -> Option<Lock> {
    let number = tree.number(root, "version")?;
    if number != 1 {
        let message = format!("expected version 1 of uv.lock, found {number}");
        tree.wrong(0, message, "use a newer layerset, or make a lock with `layerset lock`");
        return None;
    }
    let mut packages = Vec::new();
    for (at, table) in tree.tables(root, "package") {
        packages.extend(package(tree, at, table, path, policy));
    }
    packages.sort_by(|a: &Package, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Some(Lock {
        format: Format::UvLock,
        path: path.to_owned(),
        requires_python: specifiers(tree, root, "requires-python"),
        environments: markers(tree, root, "supported-markers"),
        packages,
        group_names: Vec::new(),
        default_groups: Vec::new(),
        extras: Vec::new(),
        overrides: tree.table(root, "manifest").is_some_and(|manifest| manifest.contains_key("overrides")),
        groups: Vec::new(),
        files: BTreeMap::new(),
        resolution: Resolution::Together,
        images: BTreeMap::new(),
    })
}

fn markers<'a>(tree: &mut Tree<'a>, table: &DeTable<'a>, key: &str) -> Vec<Marker> {
    let texts = tree.texts(table, key);
    texts.into_iter().filter_map(|(at, text)| marker(tree, at, text)).collect()
}

fn package<'a>(
    tree: &mut Tree<'a>,
    at: usize,
    table: &DeTable<'a>,
    from: &str,
    policy: &Policy,
) -> Option<Package> {
    let mut package = named(tree, at, table)?;
    // A package of several versions says in which branch of the resolution each is.
    package.marker =
        Some(markers(tree, table, "resolution-markers")).filter(|all| !all.is_empty()).map(Marker::any);
    let source = Source::read(tree, table);
    if let Some(path) = &source.tree {
        package.directory = name::resolve(from, path);
        if package.directory.is_none() {
            let message = format!("the path \"{}\" is not inside the build context", path.escape_debug());
            tree.wrong(at, message, "use a uv.lock that lies where its project does");
        }
    }
    package.direct = source.direct;
    package.subdirectory.clone_from(&source.subdirectory);
    if let Some(git) = &source.git {
        package.vcs = vcs(tree, at, git);
    }
    for (at, wheel) in tree.tables(table, "wheels") {
        package.wheels.extend(source.artifact(tree, at, wheel, from, policy));
    }
    if let Some(sdist) = tree.table(table, "sdist") {
        match source.artifact(tree, at, sdist, from, policy) {
            Some(file) if is_wheel(&file.filename) => package.wheels.push(file),
            other => package.sdist = other,
        }
    }
    package.dependencies = dependencies(tree, table, "dependencies");
    for (key, to) in
        [("optional-dependencies", &mut package.extras), ("dev-dependencies", &mut package.groups)]
    {
        let Some(inner) = tree.table(table, key) else { continue };
        for key in inner.keys() {
            let name = name::normalise(key.get_ref()).unwrap_or_default();
            to.insert(name, dependencies(tree, inner, key.get_ref()));
        }
    }
    check_wheels(tree, at, &mut package);
    Some(package)
}

/// Where a package is from, as `source` says it.
#[derive(Default)]
struct Source {
    /// A source tree: the project itself, a member of the workspace, a path.
    tree: Option<String>,
    git: Option<String>,
    /// The address of the one file.
    url: Option<String>,
    /// The directory of the package in that file.
    subdirectory: Option<String>,
    /// The path of the one file, or of the directory that files are in.
    path: Option<String>,
    /// Whether it is the one file, named by address or path.
    direct: bool,
}

impl Source {
    fn read<'a>(tree: &mut Tree<'a>, table: &DeTable<'a>) -> Self {
        let Some(table) = tree.table(table, "source") else { return Self::default() };
        let mut text = |key: &str| tree.text(table, key).map(ToOwned::to_owned);
        Self {
            tree: text("virtual").or_else(|| text("editable")).or_else(|| text("directory")),
            git: text("git"),
            url: text("url"),
            subdirectory: text("subdirectory"),
            direct: table.contains_key("url") || table.contains_key("path"),
            path: text("path").or_else(|| text("registry").filter(|registry| !registry.contains("://"))),
        }
    }

    /// A file: `{url, hash, size}`, `{path, …}` below a directory of wheels, or `{filename, …}` of a path.
    fn artifact<'a>(
        &self,
        tree: &mut Tree<'a>,
        at: usize,
        table: &DeTable<'a>,
        from: &str,
        policy: &Policy,
    ) -> Option<Artifact> {
        let text = |key: &str| table.get(key).and_then(|node| node.get_ref().as_str());
        let url = text("url").or(self.url.as_deref());
        let joined = match (text("path"), &self.path) {
            (Some(path), Some(directory)) => Some(format!("{directory}/{path}")),
            (path, directory) => path.map(ToOwned::to_owned).or_else(|| directory.clone()),
        };
        let location = artifact::location(tree, at, from, url, joined.as_deref(), policy)?;
        let sha256 = text("hash").and_then(|hash| hash.strip_prefix("sha256:"));
        let size = tree.number(table, "size");
        let location = match location {
            // The checksum stands beside the address already.
            Location::Url(url) => Location::Url(url.split('#').next().unwrap_or_default().to_owned()),
            path @ Location::Path(_) => path,
        };
        artifact::artifact(tree, at, text("filename"), location, size, sha256)
    }
}

/// `https://host/repo?rev=main&subdirectory=x#commit`
fn vcs(tree: &mut Tree<'_>, at: usize, git: &str) -> Option<Vcs> {
    let (address, commit) = git.rsplit_once('#').unwrap_or((git, ""));
    let (url, query) = address.split_once('?').unwrap_or((address, ""));
    let hex = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || name::has_credentials(url) {
        let shown = name::without_credentials(git).escape_debug().to_string();
        tree.wrong(
            at,
            format!("expected a git address without credentials and with a commit, found \"{shown}\""),
            "",
        );
        return None;
    }
    let find = |keys: &[&str]| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| keys.contains(key)).map(|(_, value)| name::decode(value))
    };
    let vcs = Vcs {
        kind: "git".to_owned(),
        url: url.to_owned(),
        requested_revision: find(&["rev", "tag", "branch"]),
        commit_id: commit.to_owned(),
        subdirectory: find(&["subdirectory"]),
    };
    check_vcs(tree, at, vcs)
}

fn dependencies<'a>(tree: &mut Tree<'a>, table: &DeTable<'a>, key: &str) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    for (at, table) in tree.tables(table, key) {
        let Some(name) = tree.text(table, "name").and_then(name::normalise) else {
            tree.wrong(at, "expected the name of a dependency, found none", "");
            continue;
        };
        let version = version(tree, at, table);
        let extras =
            tree.texts(table, "extra").into_iter().filter_map(|(_, extra)| name::normalise(extra)).collect();
        let marker = tree.text(table, "marker").and_then(|text| marker(tree, at, text));
        dependencies.push(Dependency { name, version, extras, marker });
    }
    dependencies
}
