//! A service's image: its base with its layers on it; the rest is configuration.

use buildkit_llb::Edge;

use super::{Emitter, Settings};
use crate::plan::ImageConfig;

impl Emitter<'_> {
    pub(super) fn service(&mut self, name: &str) -> (Option<Edge>, ImageConfig) {
        let plan = self.input.plan;
        let Some(image) = plan.images.get(name) else { return (None, ImageConfig::default()) };
        let base = self.built_base(&image.chain.base, image.chain.base_span, &image.config);
        let built = self.add_layers(base, &image.chain, name);
        (built.edge, finish(built.config, self.input.settings))
    }
}

/// What every configuration gets: its platform and the labels of the command line.
pub(super) fn finish(mut config: ImageConfig, settings: &Settings) -> ImageConfig {
    config.os.clone_from(&settings.platform.os);
    config.architecture.clone_from(&settings.platform.architecture);
    let variant = &settings.platform.variant;
    config.variant = (!variant.is_empty()).then(|| variant.clone());
    config.config.labels.extend(settings.labels.clone());
    config.rootfs = serde_json::Value::Null;
    config
}
