//! What a mounted directory of the context holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::resolve::write;
use crate::disk;
use crate::failure::Failure;
use crate::plan::{EntryKind, Filter};

/// Of larger files nobody needs many (bytes).
const LARGEST: u64 = 1 << 20;

/// Writes the list of all files of `directory`.
pub(super) fn list(directory: &Path, file: &Path) -> Result<(), Failure> {
    let listing = disk::list(directory, Filter::default())?;
    write(file, &listing.to_bytes())
}

/// Writes which of `names`, with commas between, the sources in `directory` import.
pub(super) fn imports(directory: &Path, file: &Path, names: &str) -> Result<(), Failure> {
    let names = names.split(',').map(str::to_owned).collect();
    let found = disk::imports(directory, Filter::default(), &names)?;
    write(file, &serde_json::to_vec(&found).unwrap_or_default())
}

/// Writes the texts of the files in `directory`. What is no text, a link or large is left out: who wants that reads it.
pub(super) fn texts(directory: &Path, file: &Path) -> Result<(), Failure> {
    let listing = disk::list(directory, Filter::default())?;
    let small = listing.entries().iter().filter(|one| one.kind == EntryKind::File && one.size <= LARGEST);
    let text = |path: &str| fs::read_to_string(directory.join(path)).ok();
    let texts: BTreeMap<&str, String> =
        small.filter_map(|one| Some((one.path.as_str(), text(&one.path)?))).collect();
    write(file, &serde_json::to_vec(&texts).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_plain_files() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("context");
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/b.txt"), "b==1\n").unwrap();
        fs::write(root.join("latin.txt"), b"caf\xe9").unwrap();
        fs::write(root.join("large.txt"), vec![b'x'; (1 << 20) + 1]).unwrap();
        std::os::unix::fs::symlink("a/b.txt", root.join("link.txt")).unwrap();
        let file = directory.path().join("texts");
        texts(&root, &file).unwrap();
        let found: BTreeMap<String, String> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert_eq!(found, BTreeMap::from([("a/b.txt".to_owned(), "b==1\n".to_owned())]));
    }
}
