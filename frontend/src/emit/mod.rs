//! From the plan to LLB. Everything here is pure: the same plan and settings give the same bytes.
//! Only what the requested target needs is added to the graph; what several targets need comes out
//! as the same vertex in each of them, because no op carries anything of the target it is built for.

mod ahead;
mod base;
mod context;
mod copy;
mod covered;
mod image;
mod inner;
mod layer;
mod look;
mod own;
mod packages;
mod sbom;
mod settings;
mod source;
mod stage;
mod step;

pub use ahead::Ahead;
pub use context::{ContextSource, DOWNLOAD};
pub use own::{OwnStep, ResolverInput, imports, list_context, probe, read_texts, resolve_packages};
pub use packages::UV_IMAGE;
pub use sbom::{Scanner, own_sbom, scan};
pub use settings::{OwnImage, Settings};
pub use source::{BaseSource, Sources};

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Edge, Graph, SourceId};
use buildkit_proto::pb;

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::plan::{ImageConfig, Look, Looks, Plan, Target};
use crate::platform::Platform;

/// Earliest time that every archive format can hold (zip begins in 1980): the time of every file that
/// a file op writes, so that the same contents are the same layer on every machine.
pub const FILE_TIME: i64 = 315_532_800 * 1_000_000_000;

/// A target, ready to be solved.
#[derive(Debug)]
pub struct Emitted {
    /// The graph of the target alone; empty for a target without any file.
    pub definition: pb::Definition,
    /// What of it is to be made first.
    pub ahead: Ahead,
    /// Configuration of its image, with a history entry a layer.
    pub config: ImageConfig,
    /// What could not be emitted; with any, the graph is not to be solved.
    pub problems: Vec<Diagnostic>,
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
    emit_beside(input, None, target)
}

/// Emits one target of a plan. `native` are the same stages for the platform that steps run on: what is of no
/// platform is made on them.
pub fn emit_beside<'a>(input: Input<'a>, native: Option<Input<'a>>, target: &Target) -> Emitted {
    let mut emitter = Emitter { native, ..Emitter::new(input) };
    let (edge, config) = emitter.target(target);
    let definition = emitter.graph.definition(edge);
    let ahead = emitter.ahead(target);
    Emitted { definition, ahead, config, problems: emitter.problems, inexact_modes: emitter.inexact_modes }
}

/// What is to be looked at before layers are merged onto a base.
#[derive(Clone, Debug)]
pub struct LookAt {
    /// The base.
    pub definition: pb::Definition,
    /// What tells it from other bases: the same op has the same.
    pub base: String,
    /// Absolute paths.
    pub paths: BTreeSet<String>,
    /// Those of them whose links are looked for, if they are directories.
    pub inside: BTreeSet<String>,
}

/// What a stage or service is built on and the paths to look at there. `None` if there is nothing to look at: no layers,
/// or no base.
pub fn look_at(input: Input<'_>, target: &Target) -> Option<LookAt> {
    let plan = input.plan;
    let chain = plan.chain(target)?;
    if chain.layers.is_empty() {
        return None;
    }
    let mut emitter = Emitter::new(input);
    let edge = emitter.below(target)?;
    let layers = || chain.layers.iter().map(|id| &plan.layers[*id]);
    let (paths, inside) = (look::paths(layers()), look::destinations_of_directories(layers()));
    Some(LookAt { definition: emitter.graph.definition(edge), base: emitter.graph.key(edge), paths, inside })
}

/// A file system built so far, with the history of what was added to the base image's own.
#[derive(Clone, Debug, Default)]
struct Built {
    edge: Option<Edge>,
    config: ImageConfig,
    /// Its platform, if it is not that of the images.
    platform: Option<Platform>,
}

struct Emitter<'a> {
    input: Input<'a>,
    native: Option<Input<'a>>,
    graph: Graph,
    source_id: SourceId,
    stages: BTreeMap<String, Built>,
    context: Option<Edge>,
    problems: Vec<Diagnostic>,
    inexact_modes: BTreeMap<(Span, u32), u32>,
    /// Layers of packages that are made on nothing, by the stage or service and the layer's id.
    installed: BTreeMap<(String, String), Edge>,
}

impl<'a> Emitter<'a> {
    fn new(input: Input<'a>) -> Self {
        let mut graph = Graph::new();
        let data = input.source.text.clone().into_bytes();
        let source_id = graph.source_info(&input.source.name, data, "yaml", None);
        let (stages, context, problems) = (BTreeMap::new(), None, Vec::new());
        let inexact_modes = BTreeMap::new();
        let installed = BTreeMap::new();
        Self { input, native: None, graph, source_id, stages, context, problems, inexact_modes, installed }
    }

    /// What a target's layers go onto; `None`: nothing.
    fn below(&mut self, target: &Target) -> Option<Edge> {
        let chain = self.input.plan.chain(target)?;
        match target {
            Target::Stage(name) => self.stage_base(name).edge,
            Target::Service(_) => self.base(&chain.base, chain.base_span),
        }
    }

    /// What the layers of a stage or service go onto on the platform that steps run on, if that is another one.
    fn native_below(&mut self, name: &str) -> Option<(Edge, pb::Platform)> {
        let input = self.native?;
        let stage = input.plan.stages.contains_key(name);
        let name = name.to_owned();
        let target = if stage { Target::Stage(name) } else { Target::Service(name) };
        let mut native = Emitter {
            input,
            native: None,
            graph: std::mem::take(&mut self.graph),
            source_id: self.source_id,
            stages: BTreeMap::new(),
            context: None,
            problems: Vec::new(),
            inexact_modes: BTreeMap::new(),
            installed: BTreeMap::new(),
        };
        let edge = native.below(&target);
        let platform = native.platform_of(&target);
        self.graph = native.graph;
        self.problems.append(&mut native.problems);
        Some((edge?, platform))
    }

    /// The platform of what a target's layers go onto.
    fn platform_of(&self, target: &Target) -> pb::Platform {
        let stage = if let Target::Stage(name) = target { self.input.plan.stages.get(name) } else { None };
        self.platform_or(stage.and_then(|stage| stage.platform.as_ref()))
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
