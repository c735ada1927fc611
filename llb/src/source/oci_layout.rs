//! An image of an OCI layout directory that the client serves.

use buildkit_proto::pb;

use super::Attrs;
use crate::op::Draft;
use crate::{Platform, caps};

/// An image of a store that the client serves, by reference and digest.
#[derive(Clone, Debug, Default)]
pub struct OciLayout {
    reference: String,
    platform: Option<Platform>,
    session: String,
    store: String,
    layer_limit: Option<u32>,
}

impl OciLayout {
    /// For example `example.com/base@sha256:...`.
    pub fn new(reference: impl Into<String>) -> Self {
        Self { reference: reference.into(), ..Self::default() }
    }

    /// The worker's, unless said otherwise.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// The client's session, and the store's name in it.
    #[must_use]
    pub fn store(mut self, session: impl Into<String>, store: impl Into<String>) -> Self {
        self.session = session.into();
        self.store = store.into();
        self
    }

    /// Only its lowest layers.
    #[must_use]
    pub fn layer_limit(mut self, layers: u32) -> Self {
        self.layer_limit = Some(layers);
        self
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::SourceOp {
        draft.cap(caps::SOURCE_OCI_LAYOUT);
        draft.platform(self.platform);
        let mut attrs = Attrs::default();
        attrs.set("oci.session", self.session);
        attrs.set("oci.store", self.store);
        if let Some(layers) = self.layer_limit {
            attrs.set("oci.layerlimit", layers.to_string());
        }
        attrs.into_op(format!("oci-layout://{}", self.reference))
    }
}
