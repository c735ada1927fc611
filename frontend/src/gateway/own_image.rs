//! The frontend's own image, as the engine has started it.

use buildkit_proto::pb;
use prost::Message as _;

/// Where an engine leaves the definition of the image.
/// Source: moby/buildkit `frontend/gateway/gateway.go`, `metadataMount`.
const DEFINITION: &str = "/run/config/buildkit/metadata/frontend.bin";

/// The image that this process runs in.
#[derive(Clone, Debug)]
pub struct OwnImage {
    /// What it is made of.
    pub definition: pb::Definition,
    /// Path of this program in it.
    pub program: String,
}

/// The image that this process runs in; `None` if no engine says so.
pub fn own_image() -> Option<OwnImage> {
    let definition = pb::Definition::decode(&std::fs::read(DEFINITION).ok()?[..]).ok()?;
    Some(OwnImage { definition, program: std::fs::read_link("/proc/self/exe").ok()?.to_str()?.to_owned() })
}
