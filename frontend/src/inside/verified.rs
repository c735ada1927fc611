//! Files of the build context, which nobody has compared with the lock before a step has them.

use std::fs::File;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// The path in `PATH`, or in `sha256:HEX=PATH` if the file has this hash.
pub(super) fn verified(file: &str) -> Result<&Path, Failure> {
    let Some((sha256, path)) = file.strip_prefix("sha256:").and_then(|rest| rest.split_once('=')) else {
        return Ok(Path::new(file));
    };
    let unreadable = |error: std::io::Error| Failure::Request(format!("cannot read {path}: {error}"));
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(path).map_err(unreadable)?, &mut hash).map_err(unreadable)?;
    let found = format!("{:x}", hash.finalize());
    if found == sha256 {
        return Ok(Path::new(path));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    Err(Failure::Request(format!(
        "{name}: found sha256 {found}, expected {sha256}; the file has changed since it was locked: lock again"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a=1.tar.gz");
        std::fs::write(&path, "locked").unwrap();
        let locked = format!("{:x}", Sha256::digest("locked"));
        let file = format!("sha256:{locked}={}", path.display());
        assert_eq!(verified(&file).unwrap(), path);
        assert_eq!(
            verified("/a.whl").unwrap(),
            Path::new("/a.whl"),
            "it was verified when it was downloaded"
        );
        std::fs::write(&path, "changed").unwrap();
        let found = format!("{:x}", Sha256::digest("changed"));
        let told = format!(
            "a=1.tar.gz: found sha256 {found}, expected {locked}; the file has changed since it was locked: lock again"
        );
        assert_eq!(verified(&file).unwrap_err().to_string(), told);
    }
}
