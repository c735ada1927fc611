//! From the plan to LLB. Everything here is pure: the same plan and settings give the same bytes.
//! Only what the requested target needs is added to the graph; what several targets need comes out
//! as the same vertex in each of them, because no op carries anything of the target it is built for.

mod base;
mod image;
mod layer;
mod settings;
mod source;
mod stage;

pub use base::context_definition;
pub use settings::Settings;
pub use source::{BaseSource, Sources};

use std::collections::BTreeMap;

use buildkit_llb::{Edge, Graph, SourceId};
use buildkit_proto::pb;

use crate::diagnostic::Source;
use crate::plan::{ImageConfig, Plan, Target};

/// Earliest time that every archive format can hold (zip begins in 1980): the time of every file that
/// a file op writes, so that the same contents are the same layer on every machine.
pub const FILE_TIME: i64 = 315_532_800 * 1_000_000_000;

/// A target, ready to be solved.
#[derive(Debug)]
pub struct Emitted {
    /// The graph of the target alone; empty for a target without any file.
    pub definition: pb::Definition,
    /// Configuration of its image, with a history entry a layer.
    pub config: ImageConfig,
}

/// Emits one target of a plan.
pub fn emit(
    plan: &Plan,
    sources: &Sources,
    target: &Target,
    source: &Source,
    settings: &Settings,
) -> Emitted {
    let mut emitter = Emitter::new(plan, sources, source, settings);
    let (edge, config) = emitter.target(target);
    let definition = edge.map(|edge| emitter.graph.definition(edge)).unwrap_or_default();
    Emitted { definition, config }
}

/// Emits every service's image into one graph, for reading: `--call=llb` without a target.
pub fn emit_all(
    plan: &Plan,
    sources: &Sources,
    source: &Source,
    settings: &Settings,
) -> Vec<(String, pb::Definition)> {
    let mut emitter = Emitter::new(plan, sources, source, settings);
    let mut all = Vec::new();
    for name in plan.images.keys() {
        let (edge, _) = emitter.target(&Target::Service(name.clone()));
        all.push((name.clone(), edge.map(|edge| emitter.graph.definition(edge)).unwrap_or_default()));
    }
    all
}

/// A file system built so far, with the history of what was added to the base image's own.
#[derive(Clone, Debug)]
struct Built {
    edge: Option<Edge>,
    config: ImageConfig,
}

struct Emitter<'a> {
    plan: &'a Plan,
    sources: &'a Sources,
    source: &'a Source,
    settings: &'a Settings,
    graph: Graph,
    source_id: SourceId,
    stages: BTreeMap<String, Built>,
    context: Option<Edge>,
}

impl<'a> Emitter<'a> {
    fn new(plan: &'a Plan, sources: &'a Sources, source: &'a Source, settings: &'a Settings) -> Self {
        let mut graph = Graph::new();
        let data = source.text.clone().into_bytes();
        let source_id = graph.source_info(&source.name, data, "yaml", None);
        Self { plan, sources, source, settings, graph, source_id, stages: BTreeMap::new(), context: None }
    }

    fn target(&mut self, target: &Target) -> (Option<Edge>, ImageConfig) {
        match target {
            Target::Stage(name) => {
                let built = self.stage(name);
                (built.edge, image::finish(built.config, self.settings))
            }
            Target::Service(name) => self.service(name),
        }
    }
}
