//! An image of a registry.

use buildkit_proto::pb;

use super::Attrs;
use crate::op::Draft;
use crate::{Platform, caps};

/// An image of a registry, by its full reference: host, path, and tag or digest.
#[derive(Clone, Debug, Default)]
pub struct Image {
    reference: String,
    platform: Option<Platform>,
    resolve_mode: ResolveMode,
    checksum: String,
    record_type: String,
    layer_limit: Option<u32>,
}

/// Whether an image that the engine has already is looked up in its registry again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResolveMode {
    /// As the engine sees fit.
    #[default]
    Default,
    /// Always.
    ForcePull,
    /// Only if it is not there.
    PreferLocal,
}

impl Image {
    /// For example `docker.io/library/python:3.13-slim`.
    pub fn new(reference: impl Into<String>) -> Self {
        Self { reference: reference.into(), ..Self::default() }
    }

    /// The worker's, unless said otherwise.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// When to ask the registry.
    #[must_use]
    pub fn resolve_mode(mut self, mode: ResolveMode) -> Self {
        self.resolve_mode = mode;
        self
    }

    /// The digest that the image must turn out to have.
    #[must_use]
    pub fn checksum(mut self, digest: impl Into<String>) -> Self {
        self.checksum = digest.into();
        self
    }

    /// How the engine accounts for it, for example `internal`.
    #[must_use]
    pub fn record_type(mut self, kind: impl Into<String>) -> Self {
        self.record_type = kind.into();
        self
    }

    /// Only its lowest layers.
    #[must_use]
    pub fn layer_limit(mut self, layers: u32) -> Self {
        self.layer_limit = Some(layers);
        self
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::SourceOp {
        draft.cap(caps::SOURCE_IMAGE);
        draft.platform(self.platform);
        let mut attrs = Attrs::default();
        let mode = match self.resolve_mode {
            ResolveMode::Default => "",
            ResolveMode::ForcePull => "pull",
            ResolveMode::PreferLocal => "local",
        };
        attrs.set("image.resolvemode", mode);
        // An engine that does not know the mode may still have the right image; it must not keep an old one.
        if self.resolve_mode == ResolveMode::ForcePull {
            draft.cap(caps::SOURCE_IMAGE_RESOLVE_MODE);
        }
        attrs.set("image.recordtype", self.record_type);
        if let Some(layers) = self.layer_limit {
            attrs.set("image.layerlimit", layers.to_string());
            draft.cap(caps::SOURCE_IMAGE_LAYER_LIMIT);
        }
        if attrs.set("image.checksum", self.checksum) {
            draft.cap(caps::SOURCE_IMAGE_CHECKSUM);
        }
        attrs.into_op(format!("docker-image://{}", self.reference))
    }
}
