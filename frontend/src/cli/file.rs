//! Files that a command writes where it is told to: whole, or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::failure::Failure;

/// Writes a file; over an existing one only if that is asked for.
pub(super) fn write_new(file: &Path, force: bool, text: &str) -> Result<(), Failure> {
    if !force && fs::symlink_metadata(file).is_ok() {
        let text =
            format!("cannot write {}: it is there already, use --force to write over it", file.display());
        return Err(Failure::Request(text));
    }
    write(file, text)
}

/// Writes a file, over what is there. Until all of it is written that stays as it is.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    replace(file, text.as_bytes()).map_err(|error| {
        let text = format!("cannot write {}: {error}", file.display());
        match error.kind() {
            ErrorKind::NotFound
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem => Failure::Request(text),
            _ => Failure::TryAgain(text),
        }
    })
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link leads to what is meant. What is there and no file, a device or a pipe, is written to and stays what it is.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let known = fs::metadata(&file).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        return fs::write(&file, bytes);
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // In the same directory, because a file is renamed within its file system alone.
    let beside = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = put(&beside, bytes, known.as_ref());
    let renamed = written.and_then(|()| fs::rename(&beside, &file));
    let Err(error) = renamed else { return Ok(()) };
    let _ = fs::remove_file(&beside);
    // A file that is mounted by itself, or one in a directory that is not ours, may be written to all the same.
    match error.kind() {
        ErrorKind::ResourceBusy | ErrorKind::PermissionDenied if known.is_some() => fs::write(&file, bytes),
        _ => Err(error),
    }
}

/// Writes a file that was not there, to be what is `known` of another.
fn put(file: &Path, bytes: &[u8], known: Option<&fs::Metadata>) -> io::Result<()> {
    let mut to = File::create_new(file)?;
    if let Some(known) = known {
        // Only root may, and only for root it makes a difference.
        let _ = std::os::unix::fs::fchown(&to, Some(known.uid()), Some(known.gid()));
        to.set_permissions(known.permissions())?;
    }
    to.write_all(bytes)?;
    // Some disks say only now that they are full.
    to.sync_all()
}
