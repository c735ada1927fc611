//! From the checked manifest to plain data: which layers exist, which images are made of them, and
//! each image's configuration. Nothing here knows LLB or the network; what comes from outside
//! (the configurations of base images) is handed in. The result prints as JSON and is what
//! `--call=plan` shows.

mod beneath;
mod bill;
mod budget;
mod chain;
mod config;
mod consumer;
mod context;
mod crowd;
mod diff;
mod elsewhere;
mod facts;
mod figures;
mod fold;
mod groups;
mod heavy;
mod holds;
mod ignore;
mod inherit;
mod inside;
mod label;
mod layers;
mod listing;
mod listing_split;
mod listing_text;
mod look;
mod named;
mod order;
mod packages;
mod parts;
mod path;
mod pattern;
mod reason;
mod region;
mod root;
mod selected;
mod sizes;
mod small;
mod stack;
mod target;
mod unsaid;
mod want;
mod weight;
mod wheel_figures;

pub use beneath::{Beneath, is_split, source_in};
pub use bill::{Bill, bill};
pub use budget::over_budget;
pub use chain::{Chain, StageChain};
pub use config::{ContainerConfig, History, ImageConfig};
pub use context::ContextPlan;
pub use diff::{Change, Diff, ImageDiff, Moved, PackageDiff, diff};
pub use facts::Facts;
pub use figures::{Figures, ImageFigures, LayerFigures, Totals, figures};
pub use fold::LIMIT as LAYER_LIMIT;
pub use heavy::{HEAVY, LOW, to_weigh};
pub use ignore::ignore_patterns;
pub use layers::{Layer, LayerId, Part};
pub use listing::{Entry, Kind as EntryKind, Listing};
pub use look::{Directories, Found, Look, Looks};
pub use packages::{BuildRequirements, Installed, Packages, View, Wheel, WheelSource};
pub use path::escape as escape_pattern;
pub use pattern::{BadPattern, Filter, Match, Matcher, Place};
pub use reason::{Reason, who};
pub use root::{Root, Roots, on_the_way};
pub use selected::selected;
pub use sizes::{Size, Sizes, human, measure};
pub use target::{Target, Targets, UnknownTarget, bases_of, choose, stages_for};
pub use unsaid::bases_of_working_dirs;
pub use want::{Attributes, Origin, Patterns};
pub use wheel_figures::WheelFigures;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::manifest::model::{Base, Manifest};

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
    /// What is copied of images and named contexts, by their names, where not all of it is needed: patterns of paths.
    #[serde(skip)]
    pub copied: BTreeMap<String, BTreeSet<String>>,
    /// Paths of the context that are selected inside of what others select, with those on the way: what links among them
    /// lead to is not what is around them. Empty if it is known which are.
    #[serde(skip)]
    pub inside: BTreeSet<String>,
    /// Whether selections of the context overlap in a way that only its listing can split, or so many do that
    /// the lightest are to be given up: then files are stored more than once, until it is planned again
    /// with the listing.
    #[serde(skip)]
    pub needs_listing: bool,
}

impl Plan {
    /// What a target is made of.
    pub fn chain(&self, target: &Target) -> Option<&Chain> {
        match target {
            Target::Stage(name) => self.stages.get(name).map(|stage| &stage.chain),
            Target::Service(name) => self.images.get(name).map(|image| &image.chain),
        }
    }
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
    let mut stages = BTreeMap::new();
    for name in target::stage_order(manifest) {
        if let Some(stage) = manifest.stages.get(&name) {
            let planned = chain::plan_stage(stage, &stages, facts);
            stages.insert(name, planned);
        }
    }
    let mut images = BTreeMap::new();
    for (name, service) in &manifest.services {
        let base = chain::base_config(&service.from.value, &stages, facts);
        let config = config::apply(&base, &service.config);
        images.insert(
            name.clone(),
            ImagePlan { chain: Chain::on(&service.from.value, service.from.span), config },
        );
    }
    let consumers = consumer::all(manifest, &stages, &images, facts);
    let wants: Vec<Vec<want::Want>> = consumers.iter().map(|consumer| consumer.wants.clone()).collect();
    let names: Vec<String> = consumers.iter().map(|consumer| consumer.name.clone()).collect();
    let base_layers = consumer::base_layers(&consumers, &stages, facts);
    let roots: Vec<&Base> = consumers.iter().map(|consumer| &consumer.base).collect();
    let listing = facts.listing.as_ref();
    let mut split = region::split(&wants, listing);
    inherit::drop_inherited(&mut split.regions, &consumers, &stages, &facts.packages);
    let (overlaps, inside) = (split.overlaps, std::mem::take(&mut split.inside));
    let needed = inherit::needed_wheels(&facts.packages, &consumers, &stages);
    let layers::Grouped { layers, of, folded } =
        layers::group(split, &needed, &wants, &names, &roots, &base_layers, facts);
    for (consumer, ids) in consumers.iter().zip(of) {
        let chain = match &consumer.target {
            Target::Stage(name) => stages.get_mut(name).map(|stage| &mut stage.chain),
            Target::Service(name) => images.get_mut(name).map(|image| &mut image.chain),
        };
        if let Some(chain) = chain {
            chain.layer_ids = ids.iter().map(|id| layers[*id].id.clone()).collect();
            chain.layers = ids;
            chain.roots = Roots::of(&consumer.wants);
        }
    }
    let inside = if listing.is_some() || facts.links.is_some() { BTreeSet::new() } else { inside };
    let needs_listing = listing.is_none() && (overlaps || folded || inside::is_scattered(&inside));
    Plan {
        context: context::plan(manifest, &facts.packages, ignore),
        layers,
        stages,
        images,
        copied: named::copied(manifest),
        inside,
        needs_listing,
    }
}

/// What of the context is sent. `ignore` are its exclusion patterns.
pub fn context_plan(manifest: &Manifest, packages: &Packages, ignore: Vec<String>) -> ContextPlan {
    context::plan(manifest, packages, ignore)
}
