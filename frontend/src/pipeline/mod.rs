//! parse → check → plan: what a build, a call and the command line have in common.

mod bases;
mod budgets;
mod check_packages;
mod committed;
mod entitlements;
mod everywhere;
mod findings;
mod foreign;
mod heavy;
mod images;
mod kinds;
mod lock;
mod modes;
mod native;
mod packages;
mod previous;
mod request;
mod required;
mod targets;

pub use modes::inexact_modes;
pub use native::Native;

use heavy::heavy;
use packages::{UV, uv};

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::emit::{self, Emitted, Input, Sources};
use crate::failure::Failure;
use crate::manifest::model::Manifest;
use crate::manifest::{self, Checks, Inputs};
use crate::outside::Outside;
use crate::plan::{self, Facts, Figures, Plan, Sizes, Target};
use crate::platform::{Platform, Platforms};

/// A manifest that passed `check`.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its text.
    pub source: Source,
    /// What it says.
    pub manifest: Manifest,
    /// What is odd about it.
    pub warnings: Vec<Diagnostic>,
    /// What to make of warnings.
    checks: Checks,
    /// Exclusion patterns of the context.
    pub ignore: Vec<String>,
    /// What it was checked with.
    given: Given,
}

/// What a build gives to the manifest.
#[derive(Clone, Debug, Default)]
struct Given {
    context: String,
    args: BTreeMap<String, String>,
    contexts: BTreeSet<String>,
    platforms: Option<Platforms>,
    target: Option<String>,
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
    let ignore = file.ignore.map(|bytes| plan::ignore_patterns(&String::from_utf8_lossy(&bytes)));
    let given = Given {
        context: file.context,
        args: inputs.args.clone(),
        contexts: inputs.contexts.clone(),
        platforms: inputs.platforms.cloned(),
        target: inputs.target.map(str::to_owned),
    };
    load(&file.name, &file.bytes, ignore.unwrap_or_default(), given)
}

fn load(name: &str, bytes: &[u8], ignore: Vec<String>, given: Given) -> Result<Checked, Failure> {
    let contexts = contexts_on(&given.contexts, given.platforms.as_ref());
    let inputs = Inputs {
        args: &given.args,
        contexts: &contexts,
        platforms: given.platforms.as_ref(),
        target: given.target.as_deref(),
    };
    let loaded = manifest::load(name, bytes, &inputs);
    match loaded.manifest {
        Some(manifest) => {
            let (source, warnings, checks) = (loaded.source, loaded.diagnostics, loaded.checks);
            Ok(Checked { source, manifest, warnings, checks, ignore, given })
        }
        None => Err(Failure::Manifest { file: Box::new(loaded.source), diagnostics: loaded.diagnostics }),
    }
}

/// Names of the contexts that there are for a platform: those for all, `NAME`, and its own, `NAME::PLATFORM`.
fn contexts_on(keys: &BTreeSet<String>, platforms: Option<&Platforms>) -> BTreeSet<String> {
    let own = |platform: &str| platforms.is_some_and(|on| on.target.to_string() == platform);
    let name = |key: &String| match key.split_once("::") {
        None => Some(key.clone()),
        Some((name, platform)) => own(platform).then(|| name.to_owned()),
    };
    keys.iter().filter_map(name).collect()
}

impl Checked {
    /// Whether a named context stands for an image, however its name is spelled.
    fn is_context(&self, name: &str) -> bool {
        let contexts = contexts_on(&self.given.contexts, self.given.platforms.as_ref());
        contexts.contains(name) || contexts.contains(&manifest::familiar(name))
    }

    /// What is left of warnings found outside of the manifest; they are errors if it says so.
    pub fn left(&self, warnings: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Failure> {
        let diagnostics = self.checks.of(warnings);
        if diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error) {
            return Ok(diagnostics);
        }
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }

    /// The same manifest for images of a platform.
    pub fn on(&self, platform: &Platform) -> Result<Checked, Failure> {
        let mut given = self.given.clone();
        match &mut given.platforms {
            Some(platforms) if platforms.target != *platform => platforms.target = platform.clone(),
            _ => return Ok(self.clone()),
        }
        load(&self.source.name, self.source.text.as_bytes(), self.ignore.clone(), given)
    }

    /// Plans for one platform; `targets` are those whose bases must be known, and whose images must
    /// keep their limits. `native` is what [`Self::native`] found for them.
    pub async fn plan(
        &self,
        outside: &impl Outside,
        targets: &[Target],
        platform: &Platform,
        native: Option<&Native>,
    ) -> Result<Planned, Failure> {
        let mut planned = self.planned(outside, targets, platform, native, Listed::IfNeeded).await?;
        if planned.sizes.is_none() && self.has_budget_of_bytes(targets) {
            // For the bytes only: builds of other targets do not list, and must come to the same layers.
            let listing = outside.listing(&planned.plan.context).await?;
            planned.sizes = Some(plan::measure(&planned.plan, &listing));
        }
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
        native: Option<&Native>,
        listed: Listed,
    ) -> Result<Planned, Failure> {
        let reached = plan::bases_of(&self.manifest, targets);
        let known = native.filter(|native| native.platform == *platform);
        let (mut facts, mut sources) = if let Some(native) = known {
            (native.resolved.facts.clone(), native.resolved.sources.clone())
        } else {
            let resolved = self.resolve(outside, targets, platform).await?;
            (resolved.facts, resolved.sources)
        };
        let (mut warnings, mut notes) = (self.foreign_bases(&facts, targets, platform), Vec::new());
        if let Some(native) = native {
            let found = self.packages(outside, native, targets, platform).await?;
            facts.packages = found.packages;
            let built = |wheel: &&plan::Wheel| matches!(wheel.source, plan::WheelSource::Sdist { .. });
            let built = facts.packages.views.iter().flat_map(|view| &view.wheels).find(built);
            if let Some(wheel) = built.filter(|_| !sources.contains_key(UV)) {
                let uv = uv(outside, platform).await;
                sources.extend(uv.map_err(|error| no_uv(wheel, platform, error))?);
            }
            warnings.extend(found.warnings);
            notes = found.notes;
        }
        // What is needed without packages is needed with them.
        if listed == Listed::Always || known.is_some_and(|native| native.plan.needs_listing) {
            let context = plan::context_plan(&self.manifest, &facts.packages, self.ignore.clone());
            facts.listing = Some(outside.listing(&context).await?);
        }
        let mut plan = self.listed_plan(outside, &mut facts).await?;
        if facts.listing.is_none() {
            facts.weights = heavy(outside, &plan, targets, &reached.stages).await?;
            if !facts.weights.is_empty() {
                plan = self.listed_plan(outside, &mut facts).await?;
            }
        }
        let sizes = facts.listing.as_ref().map(|listing| plan::measure(&plan, listing));
        let warnings = self.left(warnings)?;
        Ok(Planned { plan, facts, sources, sizes, warnings, notes })
    }

    /// A plan with the context's listing, if one is needed.
    async fn listed_plan(&self, outside: &impl Outside, facts: &mut Facts) -> Result<Plan, Failure> {
        let plan = plan::plan(&self.manifest, facts, self.ignore.clone());
        if !plan.needs_listing {
            if plan.inside.is_empty() {
                return Ok(plan);
            }
            let links = outside.links(&plan.context, &plan.inside).await?;
            let none = links.is_empty();
            facts.links = Some(links);
            return Ok(if none { plan } else { plan::plan(&self.manifest, facts, self.ignore.clone()) });
        }
        facts.listing = Some(outside.listing(&plan.context).await?);
        Ok(plan::plan(&self.manifest, facts, self.ignore.clone()))
    }

    /// The graph of a target, or what keeps it from being one.
    pub fn emitted(&self, input: Input<'_>, target: &Target) -> Result<Emitted, Failure> {
        self.whole(emit::emit(input, target))
    }

    /// Refuses a graph that is not all it should be.
    pub fn whole(&self, emitted: Emitted) -> Result<Emitted, Failure> {
        if emitted.problems.is_empty() {
            return Ok(emitted);
        }
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics: emitted.problems })
    }

    /// The names of stages and services that require packages.
    pub fn with_packages(&self) -> impl Iterator<Item = &str> {
        let stages = self.manifest.stages.iter().filter(|(_, stage)| !stage.requirements.is_empty());
        let services = self.manifest.services.iter().filter(|(_, service)| !service.requirements.is_empty());
        stages.map(|(name, _)| name.as_str()).chain(services.map(|(name, _)| name.as_str()))
    }
}

/// What building from source needs is not there for a platform.
fn no_uv(wheel: &plan::Wheel, platform: &Platform, error: Failure) -> Failure {
    let Failure::Engine(status) = error else { return error };
    let (name, version, message) = (&wheel.name, &wheel.version, status.message());
    Failure::Request(format!(
        "{name} {version} has no wheel for {platform}, and uv to build it there cannot be had: {message}; choose a \
         version with a wheel, or name an image of uv: --build-context uv=docker-image://…"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_has_no_contexts_of_others() {
        let keys = ["base::linux/arm64".to_owned(), "a".to_owned()].into();
        let names = |architecture: &str| -> Vec<String> {
            let target = Platform::new("linux", architecture, "");
            let platforms = Platforms { build: target.clone(), target };
            contexts_on(&keys, Some(&platforms)).into_iter().collect()
        };
        assert_eq!(names("arm64"), ["a", "base"]);
        assert_eq!(names("amd64"), ["a"]);
    }
}
