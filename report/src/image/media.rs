//! Media types of the OCI and of Docker before it. Source: opencontainers/image-spec `media-types.md`, distribution
//! `manifest-v2-2.md`.

use super::document::Descriptor;
use crate::problem::Problem;

/// What a registry is asked for.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

const LAYERS: [&str; 4] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
];

/// What all layers' types begin with, those that only others can read among them.
const LAYER_KINDS: [&str; 2] = ["application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."];

/// The last three are of images that old registries and clients have stored. Source: moby/moby `distribution/registry.go`,
/// `ImageTypes`.
const CONFIGS: [&str; 5] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/octet-stream",
    "application/json",
    "text/html",
];

/// Whether this is of what is no image, such as a signature. A type that says nothing is of an image; that of a
/// configuration stands for the artifact's where it has none.
pub(super) fn is_artifact(media_type: &str) -> bool {
    !media_type.is_empty() && !CONFIGS.contains(&media_type)
}

/// Whether this is meant as a layer of files, which may be of a kind that cannot be read here, such as an encrypted one.
pub(super) fn is_meant_as_layer(layer: &Descriptor) -> bool {
    layer.media_type.is_empty() || LAYER_KINDS.iter().any(|kind| layer.media_type.starts_with(kind))
}

/// Whether this is a layer of files.
fn is_layer(layer: &Descriptor) -> bool {
    let plain =
        ["+gzip", "+zstd", ".gzip", ".zstd"].into_iter().find_map(|end| layer.media_type.strip_suffix(end));
    LAYERS.contains(&plain.unwrap_or(&layer.media_type))
}

/// The error for what is none.
pub(super) fn check_layer(layer: &Descriptor) -> Result<(), Problem> {
    if is_layer(layer) {
        return Ok(());
    }
    Err(Problem::mistake(format!(
        "found a layer of media type {:?}, expected a tar archive such as {}+gzip",
        layer.media_type, LAYERS[0]
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_files_are_known() {
        let of = |media_type: &str| {
            let descriptor = Descriptor { media_type: media_type.into(), ..Descriptor::default() };
            check_layer(&descriptor).map_err(|problem| problem.to_string())
        };
        for known in LAYERS {
            for end in ["", "+gzip", "+zstd", ".gzip"] {
                of(&format!("{known}{end}")).unwrap();
            }
        }
        for unknown in ["application/vnd.in-toto+json", "application/vnd.oci.image.layer.v1.tar+xz", ""] {
            let told = of(unknown).unwrap_err();
            assert!(
                told.starts_with(&format!("found a layer of media type {unknown:?}, expected")),
                "{told}"
            );
        }
    }
}
