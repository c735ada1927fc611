//! Wheels into a tree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::layout::{Item, Source, layout};
use crate::limits::Limits;
use crate::opened::{self, Opened};
use crate::problem::{Cause, Problem, Warning};
use crate::record::{self, Row};
use crate::scheme::Scheme;
use crate::script;
use crate::stream::Written;
use crate::tree::{self, Tree};
use crate::write::{self, Wheels};

/// A wheel to install.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WheelFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its file name, which the name of `path` may differ from.
    pub filename: String,
}

/// What was installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// In the order given.
    pub wheels: Vec<InstalledWheel>,
    /// By path.
    pub warnings: Vec<Warning>,
}

/// What one wheel has in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledWheel {
    /// Its file name.
    pub filename: String,
    /// The distribution's name, normalised.
    pub name: String,
    /// The distribution's version.
    pub version: String,
    /// Files, those that another wheel has too counted at the wheel that got the path.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Installs `wheels` below `root` as `pip install --no-compile --no-deps` installs them for the
/// interpreter of `scheme`, except that INSTALLER names us, that RECORD is in order, and that all times
/// are 1980-01-01T00:00:00Z. Modes are 0644 and 0755. The same input gives the same bytes.
///
/// Of several wheels with the same path the last one gets it; a warning says so if the bytes differ.
/// All wheels are checked before the first file is written, all problems come at once. Contents can only
/// be checked while they are written: after an error what is below `root` is of no use.
/// `root` is an existing directory, without files where wheels have theirs.
pub fn install(wheels: &[WheelFile], scheme: &Scheme, root: &Path) -> Result<Installed, Vec<Problem>> {
    install_within(&Limits::default(), wheels, scheme, root)
}

/// As [`install`], with other limits.
pub fn install_within(
    limits: &Limits,
    wheels: &[WheelFile],
    scheme: &Scheme,
    root: &Path,
) -> Result<Installed, Vec<Problem>> {
    let opened = open_all(wheels, scheme, limits)?;
    let layouts = lay_out(wheels, &opened, scheme)?;
    let names: Vec<&str> = wheels.iter().map(|wheel| wheel.filename.as_str()).collect();
    let (tree, problems) = tree::plant(&names, &layouts);
    none(problems)?;

    none(write::directories(root, &tree))?;
    let shebang = script::shebang(&scheme.executable);
    let all =
        Wheels { files: wheels, opened: &opened, layouts: &layouts, tree: &tree, shebang: &shebang, root };
    let mut written = BTreeMap::new();
    let mut problems = Vec::new();
    for (place, result) in write::entries(&all) {
        match result {
            Ok(found) => {
                written.insert(place, found);
            }
            Err(problem) => problems.push(problem),
        }
    }
    none(problems)?;
    none(write_made(&all, &mut written))?;
    write::directory_times(root, &tree).map_err(|(path, error)| {
        let entry = Some(path.display().to_string());
        vec![Problem { wheel: None, entry, cause: Cause::Write(error.to_string()) }]
    })?;
    Ok(Installed { wheels: totals(&all, &written), warnings: warnings(&all, &written) })
}

fn none(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn open_all(wheels: &[WheelFile], scheme: &Scheme, limits: &Limits) -> Result<Vec<Opened>, Vec<Problem>> {
    let fault = |fault| Problem { wheel: None, entry: None, cause: Cause::Scheme(fault) };
    let mut problems: Vec<Problem> = scheme.faults().into_iter().map(fault).collect();
    let mut all = Vec::new();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for wheel in wheels {
        match opened::open(wheel, limits) {
            Ok(opened) => {
                if let Some(before) = seen.insert(opened.name.name.clone(), &wheel.filename) {
                    problems.push(Problem::of_wheel(&wheel.filename, Cause::Twice(before.to_owned())));
                }
                all.push(opened);
            }
            Err(faults) => problems.extend(faults),
        }
    }
    none(problems)?;
    Ok(all)
}

fn lay_out(wheels: &[WheelFile], opened: &[Opened], scheme: &Scheme) -> Result<Vec<Vec<Item>>, Vec<Problem>> {
    let mut layouts = Vec::new();
    let mut problems = Vec::new();
    for (wheel, opened) in wheels.iter().zip(opened) {
        match layout(&wheel.filename, opened, scheme) {
            Ok(items) => layouts.push(items),
            Err(faults) => problems.extend(faults),
        }
    }
    none(problems)?;
    Ok(layouts)
}

/// Writes what we make ourselves, RECORD of each wheel last.
fn write_made(all: &Wheels<'_>, written: &mut BTreeMap<(usize, usize), Written>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (wheel, items) in all.layouts.iter().enumerate() {
        for (index, item) in items.iter().enumerate() {
            let bytes = match &item.source {
                Source::Entry { .. } => continue,
                Source::Made(bytes) => Ok(bytes.clone()),
                Source::Record => record::write(rows(all, wheel, written)).map_err(|error| error.to_string()),
            };
            let wins =
                all.tree.owners.get(&item.path).and_then(|owners| owners.last()) == Some(&(wheel, index));
            let result = bytes.and_then(|bytes| {
                if wins {
                    let path = all.root.join(&item.path);
                    write::made(&path, &bytes, item.executable).map_err(|error| error.to_string())?;
                }
                let sha256 = Some(Sha256::digest(&bytes).to_vec());
                written.insert((wheel, index), Written { size: bytes.len() as u64, sha256, changed: true });
                Ok(())
            });
            if let Err(fault) = result {
                let name = &all.files[wheel].filename;
                problems.push(Problem::of_entry(name, &format!("/{}", item.path), Cause::Write(fault)));
            }
        }
    }
    problems
}

/// The rows of a wheel's RECORD: those it came with for what is as it was, our own for the rest.
fn rows(all: &Wheels<'_>, wheel: usize, written: &BTreeMap<(usize, usize), Written>) -> Vec<Row> {
    let opened = &all.opened[wheel];
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for (index, item) in all.layouts[wheel].iter().enumerate() {
        let row = match (&item.source, written.get(&(wheel, index))) {
            (_, Some(Written { size, sha256: Some(sha256), changed: true })) => {
                [item.record.clone(), record::sha256_text(sha256), size.to_string()]
            }
            (Source::Entry { index, .. }, _) => {
                let row = opened.record.rows.get(&opened.entries[*index].name).cloned();
                let (hash, size) = row.unwrap_or_default();
                [item.record.clone(), hash, size]
            }
            _ => [item.record.clone(), String::new(), String::new()],
        };
        // What comes later in a layout is what is in the tree.
        rows.insert(&item.record, row);
    }
    rows.into_values().collect()
}

fn totals(all: &Wheels<'_>, written: &BTreeMap<(usize, usize), Written>) -> Vec<InstalledWheel> {
    let wheels = all.files.iter().zip(all.opened);
    let mut totals: Vec<InstalledWheel> = wheels
        .map(|(file, opened)| InstalledWheel {
            filename: file.filename.clone(),
            name: opened.name.name.clone(),
            version: opened.name.version.to_string(),
            files: 0,
            bytes: 0,
        })
        .collect();
    for place in all.tree.owners.values().filter_map(|owners| owners.last()) {
        if let (Some(total), Some(file)) = (totals.get_mut(place.0), written.get(place)) {
            total.files += 1;
            total.bytes += file.size;
        }
    }
    totals
}

/// One warning for each wheel that lost a path to other bytes.
fn warnings(all: &Wheels<'_>, written: &BTreeMap<(usize, usize), Written>) -> Vec<Warning> {
    let Tree { owners, .. } = all.tree;
    let content = |place: &(usize, usize)| written.get(place).and_then(|file| file.sha256.as_deref());
    let mut warnings = Vec::new();
    for (path, owners) in owners {
        let Some((winner, losers)) = owners.split_last() else { continue };
        for loser in losers {
            if content(loser) != content(winner) {
                warnings.push(Warning {
                    path: format!("/{path}"),
                    winner: all.files[winner.0].filename.clone(),
                    loser: all.files[loser.0].filename.clone(),
                });
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
