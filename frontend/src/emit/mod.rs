//! From the plan to LLB. Everything here is pure: the same plan and settings give the same bytes.
//! Only what the requested target needs is added to the graph; what several targets need comes out
//! as the same vertex in each of them, because no op carries anything of the target it is built for.

mod base;
mod image;
mod inner;
mod layer;
mod look;
mod own;
mod packages;
mod settings;
mod source;
mod stage;

pub use base::context_definition;
pub use own::{Asked, imports, list_context, probe, resolve_packages};
pub use settings::{OwnImage, Settings};
pub use source::{BaseSource, Sources};

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Edge, Graph, SourceId};
use buildkit_proto::pb;

use crate::diagnostic::{Source, Span};
use crate::plan::{ImageConfig, Look, Looks, Plan, Target};

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
    /// Modes of selections that files do not get on this engine, by place and as written, with what they get.
    pub inexact_modes: BTreeMap<(Span, u32), u32>,
}

/// Everything that a graph is made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What is to be built.
    pub plan: &'a Plan,
    /// Where base images and named contexts come from.
    pub sources: &'a Sources,
    /// What the bases hold where layers go.
    pub looks: &'a Looks,
    /// What selected paths of the context are, by their paths from its root.
    pub context: &'a Look,
    /// The manifest, for the places of steps.
    pub source: &'a Source,
    /// What the build was told.
    pub settings: &'a Settings,
}

/// Emits one target of a plan.
pub fn emit(input: Input<'_>, target: &Target) -> Emitted {
    let mut emitter = Emitter::new(input);
    let (edge, config) = emitter.target(target);
    Emitted { definition: emitter.graph.definition(edge), config, inexact_modes: emitter.inexact_modes }
}

/// What a stage or service is built on and the paths to look at there, before layers are merged onto
/// it. `None` if there is nothing to look at: no layers, or no base.
pub fn look_at(input: Input<'_>, target: &Target) -> Option<(pb::Definition, BTreeSet<String>)> {
    let plan = input.plan;
    let chain = plan.chain(target)?;
    if chain.layers.is_empty() {
        return None;
    }
    let mut emitter = Emitter::new(input);
    let edge = emitter.below(target)?;
    let paths = look::paths(chain.layers.iter().map(|id| &plan.layers[*id]));
    Some((emitter.graph.definition(edge), paths))
}

/// A file system built so far, with the history of what was added to the base image's own.
#[derive(Clone, Debug)]
struct Built {
    edge: Option<Edge>,
    config: ImageConfig,
}

struct Emitter<'a> {
    input: Input<'a>,
    graph: Graph,
    source_id: SourceId,
    stages: BTreeMap<String, Built>,
    context: Option<Edge>,
    inexact_modes: BTreeMap<(Span, u32), u32>,
}

impl<'a> Emitter<'a> {
    fn new(input: Input<'a>) -> Self {
        let mut graph = Graph::new();
        let data = input.source.text.clone().into_bytes();
        let source_id = graph.source_info(&input.source.name, data, "yaml", None);
        let inexact_modes = BTreeMap::new();
        Self { input, graph, source_id, stages: BTreeMap::new(), context: None, inexact_modes }
    }

    /// What a target's layers go onto; `None`: nothing.
    fn below(&mut self, target: &Target) -> Option<Edge> {
        let chain = self.input.plan.chain(target)?;
        match target {
            Target::Stage(name) => self.stage_base(name).edge,
            Target::Service(_) => self.base(&chain.base, chain.base_span),
        }
    }

    fn target(&mut self, target: &Target) -> (Option<Edge>, ImageConfig) {
        match target {
            Target::Stage(name) => {
                let built = self.stage(name);
                (built.edge, image::finish(built.config, self.input.settings))
            }
            Target::Service(name) => self.service(name),
        }
    }
}
