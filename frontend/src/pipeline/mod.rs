//! parse → check → plan: what a build, a call and the command line have in common.

mod check_packages;
mod kinds;
mod lock;
mod modes;
mod packages;

pub use modes::inexact_modes;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::emit::Sources;
use crate::failure::Failure;
use crate::manifest::model::Manifest;
use crate::manifest::{self, Inputs};
use crate::outside::{Outside, Refused, Resolved, Weights};
use crate::plan::{self, Facts, Figures, Listing, Plan, Sizes, Target, Targets, UnknownTarget};
use crate::platform::Platform;
use crate::python;

/// A manifest that passed `check`.
#[derive(Debug)]
pub struct Checked {
    /// Its text.
    pub source: Source,
    /// What it says.
    pub manifest: Manifest,
    /// What is odd about it.
    pub warnings: Vec<Diagnostic>,
    /// Exclusion patterns of the context.
    pub ignore: Vec<String>,
}

/// Whether a plan is made with the context's listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Only if selections overlap in a way that nothing else can split.
    IfNeeded,
    /// For its figures.
    Always,
}

/// A plan and what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What was known.
    pub facts: Facts,
    /// Where bases come from.
    pub sources: Sources,
    /// What the layers hold, if the context was listed.
    pub sizes: Option<Sizes>,
    /// What is odd about what was found outside.
    pub warnings: Vec<Diagnostic>,
    /// What is taken for granted, or not known here: sentences for who reads the plan.
    pub notes: Vec<String>,
}

impl Planned {
    /// What the plan comes to.
    pub fn figures(&self) -> Figures {
        plan::figures(&self.plan, &self.facts, self.sizes.as_ref().unwrap_or(&Sizes::default()))
    }

    /// Images of `targets` that are over their limits.
    pub fn over_budget(&self, manifest: &Manifest, targets: &[Target]) -> Vec<Diagnostic> {
        plan::over_budget(manifest, &self.plan, &self.facts, self.sizes.as_ref(), targets)
    }
}

/// Reads and checks the manifest.
pub async fn check(outside: &impl Outside, inputs: &Inputs<'_>) -> Result<Checked, Failure> {
    let file = outside.manifest().await?;
    let loaded = manifest::load(&file.name, &file.bytes, inputs);
    let ignore = file.ignore.map(|bytes| plan::ignore_patterns(&String::from_utf8_lossy(&bytes)));
    match loaded.manifest {
        Some(manifest) => Ok(Checked {
            source: loaded.source,
            manifest,
            warnings: loaded.diagnostics,
            ignore: ignore.unwrap_or_default(),
        }),
        None => Err(Failure::Manifest { file: Box::new(loaded.source), diagnostics: loaded.diagnostics }),
    }
}

impl Checked {
    /// The target to build; an error lists those there are.
    pub fn target(&self, requested: Option<&str>) -> Result<Target, Failure> {
        plan::choose(&self.manifest, requested).map_err(|unknown| self.unknown_target(&unknown))
    }

    /// Every service, as targets.
    pub fn services(&self) -> Vec<Target> {
        self.manifest.services.keys().cloned().map(Target::Service).collect()
    }

    /// Every service and stage, as targets.
    pub fn everything(&self) -> Vec<Target> {
        let stages = self.manifest.stages.keys().cloned().map(Target::Stage);
        self.services().into_iter().chain(stages).collect()
    }

    /// Plans for one platform; `targets` are those whose bases must be known, and whose images must
    /// keep their limits.
    pub async fn plan(
        &self,
        outside: &impl Outside,
        targets: &[Target],
        platform: &Platform,
    ) -> Result<Planned, Failure> {
        let planned = self.planned(outside, targets, platform, Listed::IfNeeded).await?;
        let diagnostics = planned.over_budget(&self.manifest, targets);
        if !diagnostics.is_empty() {
            return Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics });
        }
        Ok(planned)
    }

    /// As [`Self::plan`], with what the plan was made from, and whatever its images come to.
    pub async fn planned(
        &self,
        outside: &impl Outside,
        targets: &[Target],
        platform: &Platform,
        listed: Listed,
    ) -> Result<Planned, Failure> {
        let reached = plan::bases_of(&self.manifest, targets);
        let Resolved { mut facts, mut sources } =
            outside.resolve(&reached.bases, platform).await.map_err(|refused| self.refused(refused))?;
        for (base, span) in plan::bases_of_working_dirs(&self.manifest) {
            if !reached.bases.contains_key(&base) {
                // What other targets are built on: that it cannot be had is for their builds to say.
                let only = BTreeMap::from([(base, span)]);
                let other = outside.resolve(&only, platform).await.unwrap_or_default();
                facts.configs.extend(other.facts.configs);
            }
        }
        let (mut warnings, mut notes) = (Vec::new(), Vec::new());
        if !python::asked(&self.manifest).is_empty() {
            sources = self.uv(outside, platform, sources).await?;
            let found = self.packages(outside, facts.clone(), &sources, targets, platform).await?;
            facts.packages = found.packages;
            let built = |wheel: &plan::Wheel| matches!(wheel.source, plan::WheelSource::Sdist { .. });
            let views = &facts.packages.views;
            if !sources.contains_key("uv") && views.iter().flat_map(|view| &view.wheels).any(built) {
                sources.extend(outside.uv(platform).await?.map(|source| ("uv".to_owned(), source)));
            }
            (warnings, notes) = (found.warnings, found.notes);
        }
        if listed == Listed::Always {
            let context = plan::context_plan(&self.manifest, self.ignore.clone());
            facts.listing = Some(outside.listing(&context).await?);
        }
        let mut plan = plan::plan(&self.manifest, &facts, self.ignore.clone());
        if plan.needs_listing {
            facts.listing = Some(outside.listing(&plan.context).await?);
            plan = plan::plan(&self.manifest, &facts, self.ignore.clone());
        }
        facts.heavy = heavy(outside, &plan, facts.listing.as_ref()).await?;
        if !facts.heavy.is_empty() {
            plan = plan::plan(&self.manifest, &facts, self.ignore.clone());
        }
        let sizes = facts.listing.as_ref().map(|listing| plan::measure(&plan, listing));
        Ok(Planned { plan, facts, sources, sizes, warnings, notes })
    }

    /// The sources with the one that uv comes from, if anything is to be resolved.
    async fn uv(
        &self,
        outside: &impl Outside,
        platform: &Platform,
        mut sources: Sources,
    ) -> Result<Sources, Failure> {
        if self.manifest.python.lock.is_none() {
            let uv = outside.uv(platform).await?;
            sources.extend(uv.map(|source| ("uv".to_owned(), source)));
        }
        Ok(sources)
    }

    /// Refuses images of all services that are over their limits, as far as these can be known without
    /// a build. Where no service has a budget, nothing is asked for.
    pub async fn check_budgets(&self, outside: &impl Outside, platform: &Platform) -> Result<(), Failure> {
        let budgets: Vec<_> =
            self.manifest.services.values().filter_map(|service| service.budget.as_ref()).collect();
        if budgets.is_empty() {
            return Ok(());
        }
        let sized = budgets.iter().any(|budget| budget.size.is_some());
        let listed = if sized { Listed::Always } else { Listed::IfNeeded };
        let services = self.services();
        let planned = self.planned(outside, &services, platform, listed).await?;
        let diagnostics = planned.over_budget(&self.manifest, &services);
        if diagnostics.is_empty() {
            return Ok(());
        }
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }

    /// A base that the engine does not give, at the place that names it.
    fn refused(&self, refused: Refused) -> Failure {
        let message = match refused.failure {
            Failure::Engine(status) => status.message().to_owned(),
            other => return other,
        };
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            rule: "unresolved-base",
            message: format!("cannot use this base: {message}"),
            span: refused.span,
            labels: Vec::new(),
            hint: Some("the engine looks for it in its own store and in the registry of its name".into()),
        };
        Failure::at(&self.source, diagnostic)
    }

    /// Refuses names in `--no-cache-filter` that are neither a service nor a stage.
    pub fn known_names(&self, names: &BTreeSet<String>) -> Result<(), Failure> {
        let known = |name: &String| {
            self.manifest.services.contains_key(name) || self.manifest.stages.contains_key(name)
        };
        match names.iter().find(|name| !known(name)) {
            Some(name) => Err(self.unknown_target(&UnknownTarget::Name(name.clone()))),
            None => Ok(()),
        }
    }

    fn unknown_target(&self, unknown: &UnknownTarget) -> Failure {
        let targets = Targets::of(&self.manifest);
        let known = known(&targets);
        let (message, hint) = match unknown {
            UnknownTarget::Name(name) => {
                let all = targets.services.iter().chain(&targets.stages);
                let near = manifest::nearest(name, all.map(String::as_str));
                let hint =
                    near.map_or_else(|| known.clone(), |near| format!("did you mean {near:?}? {known}"));
                (format!("no target {name:?}, expected a service or a stage"), hint)
            }
            UnknownTarget::Several => (
                "no target was named and there are several services".to_owned(),
                format!("use --target NAME; {known}"),
            ),
            UnknownTarget::NoService => (
                "no target was named and there is no service".to_owned(),
                format!("use --target NAME; {known}"),
            ),
        };
        let span = manifest::section_span(&self.source, "services").unwrap_or_default();
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            rule: "unknown-target",
            message,
            span,
            labels: Vec::new(),
            hint: Some(hint),
        };
        Failure::at(&self.source, diagnostic)
    }
}

/// Which sources are too heavy to share a layer with others.
async fn heavy(
    outside: &impl Outside,
    plan: &Plan,
    listing: Option<&Listing>,
) -> Result<BTreeSet<String>, Failure> {
    let paths = plan::to_weigh(plan);
    let weights: Weights = match listing {
        Some(listing) => {
            paths.into_iter().map(|path| (listing.weigh(&path), path)).map(|(w, p)| (p, w)).collect()
        }
        None if paths.is_empty() => return Ok(BTreeSet::new()),
        None => outside.weights(&plan.context, &paths).await?,
    };
    Ok(weights.into_iter().filter(|(_, bytes)| *bytes >= plan::HEAVY).map(|(path, _)| path).collect())
}

/// `services: api, web; stages: base`, shortened where there are hundreds.
fn known(targets: &Targets) -> String {
    const SHOWN: usize = 30;
    let list = |what: &str, names: &[String]| {
        let more = names.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more, see --call=targets") } else { String::new() };
        let shown = &names[..names.len() - more];
        (!names.is_empty()).then(|| format!("{what}: {}{rest}", shown.join(", ")))
    };
    let parts = [list("services", &targets.services), list("stages", &targets.stages)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
