//! Which Python packages go where: requirements read, interpreters asked, the lock read or made, wheels chosen.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Lock, Problem};
use unwheel::Interpreter;

use super::required::Required;
use super::{Checked, Native};
use crate::diagnostic::{Diagnostic, Span};
use crate::emit::Sources;
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::outside::{OnStage, Outside};
use crate::plan::{self, Packages, Target};
use crate::platform::Platform;
use crate::python::{self, Asked, Probed};

/// Packages, and what is odd about them.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) packages: Packages,
    pub(super) warnings: Vec<Diagnostic>,
    /// What is taken for granted, or not known here.
    pub(super) notes: Vec<String>,
}

/// What has been found out of the interpreters so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    probed: BTreeMap<Below, usize>,
    pub(super) interpreters: Vec<Interpreter>,
    /// For each interpreter the first target that has it.
    pub(super) first: Vec<Target>,
    /// For each interpreter its lock, if it was made in this build.
    pub(super) locks: BTreeMap<usize, Lock>,
    /// Interpreters that nobody was asked for.
    assumed: BTreeSet<String>,
}

/// Where an interpreter is looked for: a base, and its `PATH` and `VIRTUAL_ENV`.
pub(super) type Below = (Base, String, String);

impl Seen {
    pub(super) fn known(&self, place: &Below) -> Option<usize> {
        self.probed.get(place).copied()
    }
}

/// The name that uv's image goes by.
pub(super) const UV: &str = "uv";

/// Where uv comes from, under its name; nothing where that cannot be known.
pub(super) async fn uv(outside: &impl Outside, platform: &Platform) -> Result<Sources, Failure> {
    let source = outside.uv(platform).await?;
    Ok(source.map(|source| (UV.to_owned(), source)).into_iter().collect())
}

/// What a lock that was made in this build is called.
pub(super) const MADE: &str = "pylock.toml";

/// The packages of all interpreters, and what is probably not meant.
pub(super) struct Selected {
    pub(super) packages: Packages,
    warnings: Vec<Problem>,
}

impl Checked {
    /// The packages of `targets` and of the stages they need, for a platform. Nothing is known of them where no
    /// stage can be asked.
    pub(super) async fn packages(
        &self,
        outside: &impl Outside,
        native: &Native,
        targets: &[Target],
        platform: &Platform,
    ) -> Result<Found, Failure> {
        // What a service requires may depend on the platform.
        let own = if python::asked(&self.manifest) == native.required.asked {
            None
        } else {
            Some(self.required(outside, self.asked_everywhere(platform, &[])?).await?)
        };
        let required = own.as_ref().unwrap_or(&native.required);
        let asked = &required.asked;
        let wanted = self.with_requirements(targets, asked);
        let first = native.of.values().next().copied();
        let mut of: BTreeMap<String, usize> = BTreeMap::new();
        for target in &wanted {
            let name = named(target);
            if native.nothing {
                return Err(self.required_nowhere_else(target, native, asked));
            }
            // Stages of this platform alone have the Python of the others.
            let number = native.of.get(&name).copied().or(first);
            of.extend(number.map(|number| (name, number)));
        }
        let selected = self.select(native, required, &of, platform)?;
        let inputs = required.inputs_here();
        let mut warnings = python::warnings(asked, Span::default(), &inputs.elsewhere);
        warnings.extend(python::different_pins(asked, &inputs));
        if required.committed.is_none() {
            warnings.push(self.unlocked(asked));
        }
        warnings.extend(python::warnings(asked, Span::default(), &selected.warnings));
        warnings.sort_by_key(|warning| warning.span);
        let missing = of.is_empty() && !wanted.is_empty();
        let notes = notes(missing, native.seen.assumed.clone(), required.committed.is_some());
        Ok(Found { packages: selected.packages, warnings, notes })
    }

    /// The packages of all interpreters in `of`, for those that have them: on the images' platform, or on the one of
    /// a stage.
    pub(super) fn select(
        &self,
        native: &Native,
        required: &Required,
        of: &BTreeMap<String, usize>,
        platform: &Platform,
    ) -> Result<Selected, Failure> {
        let stage = |name: &str| self.manifest.stages.get(name.strip_prefix("stage ")?)?.platform.as_ref();
        let machine = |name: &str| stage(name).unwrap_or(platform).machine().to_owned();
        let mut building: BTreeMap<(usize, String), BTreeSet<String>> = BTreeMap::new();
        for (name, number) in of {
            building.entry((*number, machine(name))).or_default().insert(name.clone());
        }
        let (settings, python) = (self.indexes(), &self.manifest.python);
        let mut packages = Packages::default();
        let mut warnings = Vec::new();
        for ((number, machine), building) in building {
            let lock = required.committed.as_ref().or_else(|| native.seen.locks.get(&number));
            let (Some(lock), Some(interpreter)) = (lock, native.interpreter(number, &machine)) else {
                // Where nothing can be resolved, nothing is known of packages.
                return Ok(Selected { packages: Packages::default(), warnings: Vec::new() });
            };
            let (asked, inputs) = (&required.asked, &required.inputs);
            let selected = python::view(asked, inputs, lock, &interpreter, python, &settings, &building);
            let selected = selected.map_err(|problems| {
                let asked = asked.iter().filter(|(name, _)| building.contains(*name));
                let asked = asked.map(|(name, entries)| (name.clone(), entries.clone())).collect();
                self.wrong(&asked, &required.of_files(problems))
            })?;
            warnings.extend(required.of_files(selected.warnings));
            warnings.extend(python::unselected(&selected.trees, &self.manifest));
            let view = packages.views.len();
            packages.of.extend(building.into_iter().map(|name| (name, view)));
            packages.views.push(selected.view);
        }
        warnings.sort();
        warnings.dedup();
        Ok(Selected { packages, warnings })
    }

    fn required_nowhere_else(&self, target: &Target, native: &Native, asked: &Asked) -> Failure {
        let span = asked.get(&named(target)).and_then(|entries| entries.first()).map(|(_, span)| *span);
        let message = format!(
            "{} requires packages, but nothing of it does for {}, where its Python would be asked",
            named(target),
            native.platform
        );
        let diagnostic = Diagnostic::error("no-python", span.unwrap_or_default(), message)
            .hint("require packages on all platforms, or build on one of that platform");
        Failure::at(&self.source, diagnostic)
    }

    /// Those of `targets` and of their stages that require packages, each after the stages it is built on.
    pub(super) fn with_requirements(&self, targets: &[Target], asked: &Asked) -> Vec<Target> {
        let mut order: Vec<Target> = Vec::new();
        let mut entered = BTreeSet::new();
        for target in targets {
            let stages = plan::stages_for(&self.manifest, target).into_iter().map(Target::Stage);
            for one in stages.chain([target.clone()]) {
                let name = named(&one);
                if asked.contains_key(&name) && entered.insert(name) {
                    order.push(one);
                }
            }
        }
        order
    }

    /// The view of the nearest stage below a target that has packages: it is the same interpreter.
    pub(super) fn view_below(&self, target: &Target, of: &BTreeMap<String, usize>) -> Option<usize> {
        let mut base = match target {
            Target::Stage(name) => &self.manifest.stages.get(name)?.from.value,
            Target::Service(name) => &self.manifest.services.get(name)?.from.value,
        };
        while let Base::Stage(name) = base {
            if let Some(view) = of.get(&format!("stage {name}")) {
                return Some(*view);
            }
            base = &self.manifest.stages.get(name)?.from.value;
        }
        None
    }

    /// The number of the interpreter of a target's base, which is asked. `None`: it cannot be known here.
    pub(super) async fn interpreter(
        &self,
        outside: &impl Outside,
        at: OnStage<'_>,
        place: Below,
        asked: &Asked,
        seen: &mut Seen,
    ) -> Result<Option<usize>, Failure> {
        let interpreter = match outside.interpreter(at).await? {
            None => return Ok(None),
            Some(Probed::Interpreter(interpreter)) => *interpreter,
            Some(Probed::Assumed(interpreter)) => {
                seen.assumed.insert(python::describe(&interpreter));
                *interpreter
            }
            Some(Probed::Nothing(why)) => {
                let span = asked.get(&named(at.target)).and_then(|entries| entries.first());
                let span = span.map(|(_, span)| *span).unwrap_or_default();
                let message = format!("{} cannot have packages: {why}", named(at.target));
                let diagnostic = Diagnostic::error("no-python", span, message)
                    .hint("build it on an image with Python, or install one: apt: [python3]");
                return Err(Failure::at(&self.source, diagnostic));
            }
        };
        let number = seen.interpreters.iter().position(|known| *known == interpreter).unwrap_or_else(|| {
            seen.interpreters.push(interpreter);
            seen.first.push(at.target.clone());
            seen.interpreters.len() - 1
        });
        seen.probed.insert(place, number);
        Ok(Some(number))
    }

    /// Where a target says what it requires.
    pub fn requirements_span(&self, target: &Target) -> Span {
        let requirements = match target {
            Target::Stage(name) => self.manifest.stages.get(name).map(|stage| &stage.requirements),
            Target::Service(name) => self.manifest.services.get(name).map(|service| &service.requirements),
        };
        requirements.and_then(|all| all.first()).map(|first| first.span).unwrap_or_default()
    }

    pub(super) fn wrong(&self, asked: &Asked, problems: &[Problem]) -> Failure {
        let otherwise = self.manifest.python.lock.as_ref().map(|lock| lock.span).unwrap_or_default();
        python::failure(&self.source, asked, otherwise, problems)
    }
}

/// Where the interpreter of a target is looked for. The packages of a stage's own are put onto what it is built on.
pub(super) fn place(at: OnStage<'_>) -> Below {
    let environment = at.environment();
    let value = |name: &str| environment.get(name).copied().unwrap_or_default().to_owned();
    let base = match at.target {
        Target::Stage(name) => Base::Stage(name.clone()),
        Target::Service(_) => at.plan.chain(at.target).map_or(Base::Scratch, |chain| chain.base.clone()),
    };
    (base, value("PATH"), value("VIRTUAL_ENV"))
}

/// A target as consumers are called: `stage base`, `service api`.
pub(super) fn named(target: &Target) -> String {
    match target {
        Target::Stage(name) => format!("stage {name}"),
        Target::Service(name) => format!("service {name}"),
    }
}

/// What a reader of the plan must know who asked no engine.
fn notes(missing: bool, assumed: BTreeSet<String>, locked: bool) -> Vec<String> {
    if missing {
        let why = if locked {
            "the lock does not say for which Python it is: use one that layerset lock has made"
        } else {
            "they are not locked, and only an engine resolves them: lock them with layerset lock --write and \
             python: {lock: pylock.toml}"
        };
        return vec![format!("packages are not shown: {why}")];
    }
    let note = |interpreter: String| {
        format!("packages are those for {interpreter}, as the lock says; a build asks its stages")
    };
    assumed.into_iter().map(note).collect()
}
