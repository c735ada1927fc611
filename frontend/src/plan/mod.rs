//! From the checked manifest to plain data: which layers exist, which images are made of them, and
//! each image's configuration. Nothing here knows LLB or the network; what comes from outside
//! (the configurations of base images) is handed in. The result prints as JSON and is what
//! `--call=plan` shows.

mod chain;
mod config;
mod context;
mod facts;
mod ignore;
mod layers;
mod path;
mod reference;
mod target;

pub use chain::{Chain, StageChain};
pub use config::{ContainerConfig, History, ImageConfig};
pub use context::ContextPlan;
pub use facts::Facts;
pub use ignore::ignore_patterns;
pub use layers::{Layer, LayerId, Origin};
pub use reference::normalise;
pub use target::{Target, Targets, UnknownTarget, bases_of, choose};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::manifest::model::Manifest;

/// Everything that is going to be built, for one platform.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// What of the build context is sent, for all targets alike.
    pub context: ContextPlan,
    /// The distinct layers of file selections, each stored once whichever image uses it.
    pub layers: Vec<Layer>,
    /// Build stages.
    pub stages: BTreeMap<String, StageChain>,
    /// Images, one a service.
    pub images: BTreeMap<String, ImagePlan>,
}

/// One service's image.
#[derive(Debug, Serialize)]
pub struct ImagePlan {
    /// What it is built on, with the layers it adds, bottom first.
    #[serde(flatten)]
    pub chain: Chain,
    /// Its configuration, without the history entries that emitting adds.
    pub config: ImageConfig,
}

/// Plans all stages and services of `manifest`. `ignore` are the context's exclusion patterns.
/// A base image that `facts` does not know is planned as if its configuration were empty.
pub fn plan(manifest: &Manifest, facts: &Facts, ignore: Vec<String>) -> Plan {
    let mut layers = layers::Builder::default();
    let mut stages = BTreeMap::new();
    for name in target::stage_order(manifest) {
        if let Some(stage) = manifest.stages.get(&name) {
            let planned = chain::plan_stage(&name, stage, &stages, facts, &mut layers);
            stages.insert(name, planned);
        }
    }
    let mut images = BTreeMap::new();
    for (name, service) in &manifest.services {
        let base = chain::base_config(&service.from.value, &stages, facts);
        let config = config::apply(&base, &service.config);
        let wanted = layers::wanted(&service.files, &service.copy, config.working_dir());
        let chain = Chain {
            base: service.from.value.clone(),
            base_span: service.from.span,
            layers: layers.add(&format!("service {name}"), wanted),
        };
        images.insert(name.clone(), ImagePlan { chain, config });
    }
    let mut layers = layers.finish();
    for image in images.values_mut() {
        layers::order(&layers, &mut image.chain.layers);
    }
    for layer in &mut layers {
        layer.name_consumers();
    }
    Plan { context: context::plan(manifest, ignore), layers, stages, images }
}
