//! The facts of a stage's interpreter, and what the directories hold that layers will be put into.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use unwheel::{Scheme, Search};

use super::resolve::write;
use crate::failure::Failure;
use crate::plan::{Directories, Found};
use crate::python::Stage;

/// The most entries of a directory that are told: builds look at those of a larger one by themselves.
const MOST_ENTRIES: usize = 1000;

/// Writes `interpreter.json`. That there is no interpreter is an answer too: it stays true while the stage is
/// the same.
pub(super) fn probe(
    out: &Path,
    path: &str,
    virtual_env: &str,
    directories: &[String],
) -> Result<(), Failure> {
    let virtual_env = Some(virtual_env.to_owned()).filter(|path| !path.is_empty());
    let (interpreter, nothing) = match unwheel::probe(&Search { path: path.to_owned(), virtual_env }) {
        Ok(interpreter) => (Some(Box::new(interpreter)), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let mut wanted: BTreeSet<&Path> =
        directories.iter().flat_map(|path| Path::new(path).ancestors()).collect();
    if let Some(interpreter) = &interpreter {
        let Scheme { purelib, platlib, scripts, data, headers, .. } = &interpreter.scheme;
        wanted.extend(
            [purelib, platlib, scripts, data, headers]
                .into_iter()
                .flat_map(|path| Path::new(path).ancestors().skip(1)),
        );
    }
    let directories = list(Path::new("/"), &wanted);
    let stage = Stage { interpreter, nothing, directories };
    write(&out.join("interpreter.json"), &serde_json::to_vec(&stage).unwrap_or_default())
}

/// What those of `wanted` hold that are directories below `root` and behind no link. Sorted, so that every directory comes
/// before what is in it.
fn list(root: &Path, wanted: &BTreeSet<&Path>) -> Directories {
    let mut listed = Directories::new();
    for path in wanted {
        let held = path.parent().map(|parent| listed.get(&*parent.to_string_lossy()));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_directory = match held {
            None => true,
            Some(entries) => {
                matches!(entries.and_then(|entries| entries.get(&*name)), Some(Found::Directory { .. }))
            }
        };
        let below = root.join(path.strip_prefix("/").unwrap_or(path));
        if is_directory && let Some(entries) = entries(&below) {
            listed.insert(path.to_string_lossy().into_owned(), entries);
        }
    }
    listed
}

fn entries(directory: &Path) -> Option<BTreeMap<String, Found>> {
    let entries: Vec<fs::DirEntry> = fs::read_dir(directory).ok()?.collect::<Result<_, _>>().ok()?;
    if entries.len() > MOST_ENTRIES {
        return None;
    }
    let found = |entry: fs::DirEntry| {
        let stat = entry.metadata().ok()?;
        let found = if stat.is_dir() {
            Found::Directory { mode: stat.mode() & 0o7777, uid: stat.uid(), gid: stat.gid() }
        } else if stat.is_symlink() {
            Found::Link
        } else {
            Found::File
        };
        Some((entry.file_name().into_string().ok()?, found))
    };
    entries.into_iter().map(found).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn directories_are_listed_that_are_there_and_behind_no_link() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("usr/lib/python")).unwrap();
        fs::set_permissions(at("usr/lib"), fs::Permissions::from_mode(0o2750)).unwrap();
        fs::write(at("usr/lib/module.py"), "").unwrap();
        symlink("usr/lib", at("lib")).unwrap();
        fs::create_dir(at("many")).unwrap();
        for number in 0..=MOST_ENTRIES {
            fs::write(at(&format!("many/{number}")), "").unwrap();
        }
        let wanted =
            ["/", "/lib", "/lib/python", "/many", "/none", "/none/below", "/usr", "/usr/lib"].map(Path::new);
        let listed = list(root.path(), &wanted.into());
        let paths: Vec<&str> = listed.keys().map(String::as_str).collect();
        assert_eq!(paths, ["/", "/usr", "/usr/lib"]);
        assert_eq!(listed["/"]["lib"], Found::Link);
        let names: Vec<&str> = listed["/usr/lib"].keys().map(String::as_str).collect();
        assert_eq!(names, ["module.py", "python"]);
        assert_eq!(listed["/usr/lib"]["module.py"], Found::File);
        assert!(matches!(listed["/usr"]["lib"], Found::Directory { mode: 0o2750, .. }));
    }
}
