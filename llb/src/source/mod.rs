//! Sources: where content comes from that no op has made.
//!
//! Each is an identifier, whose scheme says what it is, and attributes. An attribute that is not
//! set is not written, since a written default would be another digest.

mod git;
mod http;
mod image;
mod local;
mod oci_layout;

use std::collections::BTreeMap;

use buildkit_proto::pb;

pub use git::Git;
pub use http::Http;
pub use image::{Image, ResolveMode};
pub use local::{Differ, Local};
pub use oci_layout::OciLayout;

/// Attributes in the making.
#[derive(Default)]
struct Attrs(BTreeMap<String, String>);

impl Attrs {
    /// Writes the attribute if there is something to write, and says whether.
    fn set(&mut self, key: &str, value: impl Into<String>) -> bool {
        let value = value.into();
        let written = !value.is_empty();
        if written {
            self.0.insert(key.to_owned(), value);
        }
        written
    }

    fn flag(&mut self, key: &str, value: bool) -> bool {
        self.set(key, if value { "true" } else { "" })
    }

    fn into_op(self, identifier: String) -> pb::SourceOp {
        pb::SourceOp { identifier, attrs: self.0 }
    }
}
