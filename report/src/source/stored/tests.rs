//! How often documents are read.

use std::cell::Cell;

use super::*;

/// An index of many entries for one artifact, and how often its manifest was read.
struct Many {
    index: String,
    manifest: String,
    reads: Cell<usize>,
}

impl Files for Many {
    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        if path == "index.json" {
            return Ok(Some(self.index.clone().into_bytes()));
        }
        self.reads.set(self.reads.get() + 1);
        Ok(Some(self.manifest.clone().into_bytes()))
    }

    fn layer(&self, _: &str, _: &Expected) -> Result<Digest, Problem> {
        Err(Problem::mistake("found no layer"))
    }
}

#[test]
fn a_document_is_read_once_however_many_entries_it_has() {
    let manifest = r#"{"schemaVersion": 2, "artifactType": "application/x.sbom"}"#.to_owned();
    let entry = format!(r#"{{"digest": "{}"}}"#, Digest::of(manifest.as_bytes()));
    let index = format!(r#"{{"schemaVersion": 2, "manifests": [{}]}}"#, vec![entry; 1000].join(", "));
    let many = Many { index, manifest, reads: Cell::default() };
    assert!(images(&many, &Wanted::All("x".into()), &Platform::default()).is_err());
    // Once to know what it is, and once as the only thing there.
    assert_eq!(many.reads.get(), 2);
}
