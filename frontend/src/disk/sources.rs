//! What is in the source files of a context, as far as packages are concerned.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{list, read};
use crate::failure::Failure;
use crate::plan::{EntryKind, Filter};
use crate::python::{Imports, is_source, names_in};

/// Larger files were not written by hand, and are not read (bytes).
const LARGEST: u64 = 8_000_000;

/// Which of `names` the source files of a directory name. Those that name none are there too.
pub fn imports(root: &Path, filter: Filter, names: &BTreeSet<String>) -> Result<Imports, Failure> {
    let listing = list(root, filter)?;
    let files =
        listing.entries().iter().filter(|entry| entry.kind == EntryKind::File && entry.size <= LARGEST);
    let mut imports = BTreeMap::new();
    for entry in files.filter(|entry| is_source(&entry.path)) {
        let path = root.join(&entry.path);
        // A name that is no UTF-8 is not found by its text, and nobody imports such a file.
        let Some(bytes) = read(&path)? else { continue };
        if let Some(mut found) = names_in(&entry.path, &bytes) {
            found.retain(|name| names.contains(name));
            imports.insert(entry.path.clone(), found);
        }
    }
    Ok(imports)
}

/// The files `*.txt` right in directories, by their paths from the root. A directory that is not there has none.
pub(super) fn texts(root: &Path, directories: &BTreeSet<String>) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for directory in directories {
        let Ok(entries) = fs::read_dir(root.join(directory)) else { continue };
        let files = entries.filter_map(Result::ok).filter(|entry| entry.path().is_file());
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let names = names.filter(|name| name.strip_suffix(".txt").is_some_and(|stem| !stem.is_empty()));
        texts.extend(
            names.map(|name| if directory.is_empty() { name } else { format!("{directory}/{name}") }),
        );
    }
    texts
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn names_that_are_no_utf_8_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.py"), "import one\n").unwrap();
        fs::write(root.path().join(OsStr::from_bytes(b"caf\xe9.py")), "import one\n").unwrap();
        let found = imports(root.path(), Filter::default(), &["one".to_owned()].into()).unwrap();
        assert_eq!(found.into_keys().collect::<Vec<_>>(), ["a.py"]);
    }
}
