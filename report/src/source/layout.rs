//! A directory with an OCI layout, or an unpacked archive of `docker save`.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::stored::Files;
use crate::digest::Digest;
use crate::layer::{Expected, clean, read_layer};
use crate::problem::Problem;
use crate::read::Progress;
use crate::shelf::Shelf;

/// The most bytes of a document.
const MOST_DOCUMENT: u64 = 8 << 20;

/// A directory of blobs.
pub(crate) struct Layout<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) shelf: &'a Mutex<Shelf>,
    pub(crate) progress: &'a Progress,
}

impl Layout<'_> {
    fn path(&self, path: &str) -> PathBuf {
        // Names of documents lead nowhere else.
        self.directory.join(clean(path).unwrap_or_default())
    }
}

impl Files for Layout<'_> {
    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        let path = self.path(path);
        let cannot = |error| Problem::mistake(format!("cannot read {}: {error}", path.display()));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot(error)),
        };
        let mut bytes = Vec::new();
        file.take(MOST_DOCUMENT + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > MOST_DOCUMENT {
            let text =
                format!("found more than {MOST_DOCUMENT} bytes in {}, expected a document", path.display());
            return Err(Problem::mistake(text));
        }
        Ok(Some(bytes))
    }

    fn layer(&self, path: &str, expected: &Expected) -> Result<Digest, Problem> {
        if let Some(digest) = expected.digest
            && self.shelf.lock().is_ok_and(|shelf| shelf.layer(&digest).is_some())
        {
            return Ok(digest);
        }
        let file = self.path(path);
        let cannot = |error| Problem::mistake(format!("cannot read {}: {error}", file.display()));
        let size = fs::metadata(&file).map_err(cannot)?.len();
        let opened = File::open(&file).map_err(cannot)?;
        let found = read_layer(opened, expected)
            .map_err(|fault| Problem::mistake(format!("layer {}: {fault}", file.display())))?;
        self.progress.add(size);
        let digest = found.digest;
        if let Ok(mut shelf) = self.shelf.lock() {
            shelf.put(found);
        }
        Ok(digest)
    }
}
