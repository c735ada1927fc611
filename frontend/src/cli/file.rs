//! Files that a command writes where it is told to.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use crate::failure::Failure;

/// Writes a file; over an existing one only if that is asked for.
pub(super) fn write_new(file: &Path, force: bool, text: &str) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(force).create(force).create_new(!force);
    let written = options.open(file).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let hint =
            if error.kind() == ErrorKind::AlreadyExists { ", use --force to write over it" } else { "" };
        Failure::Request(format!("cannot write {}: {error}{hint}", file.display()))
    })
}
