//! What a mounted directory of the context holds.

use std::path::Path;

use super::resolve::write;
use crate::disk;
use crate::failure::Failure;
use crate::plan::Filter;

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
