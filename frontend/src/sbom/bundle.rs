//! A document as an attestation: BuildKit takes a bundle's files for in-toto statements, and gives those without a
//! subject the image's digest. Source: moby/buildkit `exporter/attestation/unbundle.go`, `make.go`.

use serde_json::{Value, json};

/// The predicate type of SPDX documents.
pub const PREDICATE: &str = "https://spdx.dev/Document";

/// The bytes of the one file of a bundle.
pub fn bundle(document: &Value) -> Vec<u8> {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": PREDICATE,
        "subject": [],
        "predicate": document,
    });
    statement.to_string().into_bytes()
}
