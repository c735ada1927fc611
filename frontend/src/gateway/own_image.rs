//! The frontend's own image, as the engine has started it.

use buildkit_proto::pb;
use prost::Message as _;

/// Where an engine leaves the definition of the image.
/// Source: moby/buildkit `frontend/gateway/gateway.go`, `metadataMount`.
const DEFINITION: &str = "/run/config/buildkit/metadata/frontend.bin";

/// The definition of the image that this process runs in and the path of this program in it; `None` if no
/// engine says so.
pub fn own_image() -> Option<(pb::Definition, String)> {
    let definition = pb::Definition::decode(&std::fs::read(DEFINITION).ok()?[..]).ok()?;
    Some((definition, std::fs::read_link("/proc/self/exe").ok()?.to_str()?.to_owned()))
}
