//! Files that a command writes where it is told to: whole, or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Writes a file; over an existing one only if that is asked for.
pub(super) fn write_new(file: &Path, force: bool, text: &str) -> Result<(), Failure> {
    refuse_present(file, force)?;
    write(file, text)
}

/// Refuses a file that is there, if nobody has asked to write over it.
pub(super) fn refuse_present(file: &Path, force: bool) -> Result<(), Failure> {
    if force || fs::symlink_metadata(file).is_err() {
        return Ok(());
    }
    let text = format!("cannot write {}: it is there already, use --force to write over it", file.display());
    Err(Failure::Request(text))
}

/// Writes a file, over what is there. Until all of it is written that stays as it is, wherever a file can be put beside it.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    replace(file, text.as_bytes()).map_err(|error| {
        let text = format!("cannot write {}: {error}", file.display());
        match error.kind() {
            ErrorKind::NotFound
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem => Failure::Request(text),
            _ => Failure::TryAgain(text),
        }
    })
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let known = fs::metadata(file).ok();
    // What is there and no file, a device or a pipe, is written to and stays what it is. The link to a pipe leads to no path.
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        return fs::write(file, bytes);
    }
    let file = followed(file)?;
    let Err(error) = put(&file, bytes, known.as_ref()) else { return Ok(()) };
    // A file that is mounted by itself, or one in a directory that is not ours, may be written to all the same.
    match error.kind() {
        ErrorKind::ResourceBusy | ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            if known.is_some() =>
        {
            fs::write(&file, bytes)
        }
        _ => Err(error),
    }
}

/// What is meant by a path: links lead there, also where there is nothing yet.
fn followed(file: &Path) -> io::Result<PathBuf> {
    match file.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => return found,
    }
    let mut file = file.to_owned();
    while let Ok(to) = fs::read_link(&file) {
        file = file.parent().unwrap_or(Path::new("")).join(to);
    }
    Ok(file)
}

/// Puts a whole file where another may be, to be what is `known` of that.
fn put(file: &Path, bytes: &[u8], known: Option<&fs::Metadata>) -> io::Result<()> {
    let (beside, to) = create_beside(file)?;
    let done = fill(to, bytes, known).and_then(|()| fs::rename(&beside, file));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

/// A new file in the same directory, because a file is renamed within its file system alone.
fn create_beside(file: &Path) -> io::Result<(PathBuf, File)> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut attempt = 0;
    loop {
        // In containers all processes have the same few numbers, and one that was killed has left its file.
        let path = file.with_file_name(format!(".{name}.{}.{attempt}", std::process::id()));
        match File::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => attempt += 1,
            created => return created.map(|to| (path, to)),
        }
    }
}

fn fill(mut to: File, bytes: &[u8], known: Option<&fs::Metadata>) -> io::Result<()> {
    if let Some(known) = known {
        // Only root may, and only for root it makes a difference.
        let _ = std::os::unix::fs::fchown(&to, Some(known.uid()), Some(known.gid()));
        to.set_permissions(known.permissions())?;
    }
    to.write_all(bytes)?;
    // Some disks say only now that they are full.
    to.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_yet_stays_a_link() {
        let root = tempfile::tempdir().unwrap();
        let link = root.path().join("link");
        symlink("second", &link).unwrap();
        symlink("real", root.path().join("second")).unwrap();
        write(&link, "text").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(root.path().join("real")).unwrap(), "text");
        // Links that lead to each other lead nowhere at all.
        let around = root.path().join("around");
        symlink("around", &around).unwrap();
        assert!(write(&around, "text").is_err() && around.is_symlink());
    }

    #[test]
    fn a_pipe_is_written_to() {
        let (mut reader, writer) = io::pipe().unwrap();
        let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer));
        write(Path::new(&link), "text").unwrap();
        drop(writer);
        assert_eq!(io::read_to_string(&mut reader).unwrap(), "text");
    }

    #[test]
    fn what_another_one_writes_beside_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        let others = root.path().join(format!(".file.{}.0", std::process::id()));
        fs::write(&others, "another's").unwrap();
        write(&file, "text").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        assert_eq!(fs::read_to_string(&others).unwrap(), "another's");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
    }
}
