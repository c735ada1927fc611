//! Lists what an image is made of.

use std::path::Path;

use super::resolve::write;
use crate::failure::Failure;
use crate::sbom::{Request, bundle, document};

/// Writes the attestation `file` into `out`. `request` is a JSON file; `image` is a directory, which is not there for an
/// image without files.
pub(super) fn sbom(out: &Path, file: &str, request: &Path, image: &Path) -> Result<(), Failure> {
    let unreadable =
        |error: String| Failure::Request(format!("internal error: {}: {error}", request.display()));
    let bytes = std::fs::read(request).map_err(|error| unreadable(error.to_string()))?;
    let request: Request = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let document = document(&request, image.is_dir().then_some(image));
    write(&out.join(file), &bundle(&document))
}
