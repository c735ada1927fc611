//! Which Python packages go where: requirements read, interpreters asked, the lock read or made, wheels chosen.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Environment, Inputs, Lock, Problem, Settings};
use unwheel::Interpreter;

use super::Checked;
use crate::diagnostic::{Diagnostic, Span};
use crate::emit::Sources;
use crate::failure::Failure;
use crate::manifest::model::{Base, Resolution};
use crate::outside::{OnStage, Outside};
use crate::plan::{self, Facts, Packages, Target};
use crate::platform::Platform;
use crate::python::{self, Asked, Probed, Request};

/// Packages, and what is odd about them.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) packages: Packages,
    pub(super) warnings: Vec<Diagnostic>,
}

/// What has been found out of the interpreters so far.
#[derive(Default)]
pub(super) struct Seen {
    /// By base, `PATH` and `VIRTUAL_ENV`.
    probed: BTreeMap<(Base, String, String), usize>,
    pub(super) interpreters: Vec<Interpreter>,
    /// For each interpreter its lock, if it was made in this build.
    locks: Vec<Option<Lock>>,
}

impl Checked {
    /// The packages of `targets` and of the stages they need. Nothing is known of them where no stage can
    /// be asked.
    pub(super) async fn packages(
        &self,
        outside: &impl Outside,
        mut facts: Facts,
        sources: &Sources,
        targets: &[Target],
        platform: &Platform,
    ) -> Result<Found, Failure> {
        let asked = python::asked(&self.manifest);
        if asked.is_empty() {
            return Ok(Found::default());
        }
        let (inputs, files) = match python::read(outside, &asked).await? {
            Ok(read) => read,
            Err(problems) => return Err(self.wrong(&asked, &problems)),
        };
        let committed = self.committed_lock(outside, &asked, &inputs).await?;
        let mut found = Found {
            packages: Packages::default(),
            warnings: python::warnings(&asked, Span::default(), &inputs.warnings),
        };
        if committed.is_none() {
            found.warnings.push(unlocked(&asked));
        }
        let mut seen = Seen::default();
        let settings = self.indexes();
        for target in self.with_requirements(targets, &asked) {
            let name = named(&target);
            let plan = plan::plan(&self.manifest, &facts, self.ignore.clone());
            let at =
                OnStage { checked: self, plan: &plan, facts: &facts, sources, target: &target, platform };
            let view = match self.view_below(&target, &found.packages) {
                Some(view) => view,
                None => match self.interpreter(outside, at, &asked, &mut seen).await? {
                    Some(view) => view,
                    None => continue,
                },
            };
            if committed.is_none() && seen.locks[view].is_none() {
                let request = self.request(&asked, vec![python::environment(&seen.interpreters[view])]);
                let files = self.step_files(files.keys());
                let Some(answer) = outside.lock(at, &files, &request).await? else { continue };
                if !answer.problems.is_empty() {
                    return Err(self.wrong(&asked, &answer.problems));
                }
                let lock = Lock::read("pylock.toml", answer.lock.as_bytes())
                    .map_err(|problems| self.wrong(&asked, &problems))?;
                seen.locks[view] = Some(lock);
            }
            found.packages.of.insert(name, view);
            let building = found.packages.of.iter().filter(|(_, of)| **of == view);
            let building: BTreeSet<String> = building.map(|(name, _)| name.clone()).collect();
            let Some(lock) = committed.as_ref().or(seen.locks[view].as_ref()) else { continue };
            let interpreter = &seen.interpreters[view];
            let python = &self.manifest.python;
            let selected = python::view(&asked, &inputs, lock, interpreter, python, &settings, &building)
                .map_err(|problems| self.wrong(&asked, &problems))?;
            found.warnings.extend(python::warnings(&asked, Span::default(), &selected.warnings));
            match found.packages.views.get_mut(view) {
                Some(known) => *known = selected.view,
                None => found.packages.views.push(selected.view),
            }
            facts.packages = found.packages.clone();
        }
        found.warnings.sort_by_key(|warning| warning.span);
        found.warnings.dedup();
        Ok(found)
    }

    /// The lock that the manifest names; refused if its inputs have changed since it was made.
    async fn committed_lock(
        &self,
        outside: &impl Outside,
        asked: &Asked,
        inputs: &Inputs,
    ) -> Result<Option<Lock>, Failure> {
        let Some(path) = &self.manifest.python.lock else { return Ok(None) };
        let mut files = outside.read(&BTreeSet::from([path.value.clone()])).await?;
        let bytes = files.remove(&path.value).ok_or_else(|| {
            let diagnostic = Diagnostic::error(
                "missing-path",
                path.span,
                format!("no {:?} in the build context", path.value),
            )
            .hint("make it: docker buildx build --call=lock . > pylock.toml");
            Failure::at(&self.source, diagnostic)
        })?;
        let lock = Lock::read(&path.value, &bytes).map_err(|problems| self.wrong(asked, &problems))?;
        let stale: Vec<Problem> = lock
            .stale(inputs)
            .iter()
            .filter(|stale| stale.is_error())
            .map(layerset_lock::Stale::problem)
            .collect();
        if stale.is_empty() { Ok(Some(lock)) } else { Err(self.wrong(asked, &stale)) }
    }

    /// Those of `targets` and of their stages that require packages, each after the stages it is built on.
    pub(super) fn with_requirements(&self, targets: &[Target], asked: &Asked) -> Vec<Target> {
        let mut order: Vec<Target> = Vec::new();
        for target in targets {
            let stages = plan::stages_for(&self.manifest, target).into_iter().map(Target::Stage);
            for one in stages.chain([target.clone()]) {
                if asked.contains_key(&named(&one)) && !order.contains(&one) {
                    order.push(one);
                }
            }
        }
        order
    }

    /// The view of the nearest stage below a target that has packages: it is the same interpreter.
    pub(super) fn view_below(&self, target: &Target, packages: &Packages) -> Option<usize> {
        let mut base = match target {
            Target::Stage(name) => &self.manifest.stages.get(name)?.from.value,
            Target::Service(name) => &self.manifest.services.get(name)?.from.value,
        };
        while let Base::Stage(name) = base {
            if let Some(view) = packages.of.get(&format!("stage {name}")) {
                return Some(*view);
            }
            base = &self.manifest.stages.get(name)?.from.value;
        }
        None
    }

    /// The number of the interpreter of a target's base. `None`: it cannot be known here.
    pub(super) async fn interpreter(
        &self,
        outside: &impl Outside,
        at: OnStage<'_>,
        asked: &Asked,
        seen: &mut Seen,
    ) -> Result<Option<usize>, Failure> {
        let environment = at.environment();
        let value = |name: &str| environment.get(name).copied().unwrap_or_default().to_owned();
        let Some(chain) = at.plan.chain(at.target) else { return Ok(None) };
        // The packages of a stage's own are put onto what it is built on.
        let stage = matches!(at.target, Target::Stage(_)).then(|| Base::Stage(at.target.name().to_owned()));
        let key = (stage.unwrap_or_else(|| chain.base.clone()), value("PATH"), value("VIRTUAL_ENV"));
        if let Some(known) = seen.probed.get(&key) {
            return Ok(Some(*known));
        }
        let interpreter = match outside.interpreter(at).await? {
            None => return Ok(None),
            Some(Probed::Interpreter(interpreter)) => *interpreter,
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
            seen.locks.push(None);
            seen.interpreters.len() - 1
        });
        seen.probed.insert(key, number);
        Ok(Some(number))
    }

    /// The files that a resolver reads.
    pub(super) fn step_files<'a>(&self, requirements: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
        let certificates = self.manifest.python.certificates.iter().map(|file| file.value.clone());
        requirements.cloned().chain(certificates).collect()
    }

    /// What a resolver is asked.
    pub(super) fn request(&self, asked: &Asked, environments: Vec<Environment>) -> Request {
        let python = &self.manifest.python;
        let sets: BTreeSet<Vec<_>> =
            asked.values().map(|entries| entries.iter().map(|(id, _)| id.clone()).collect()).collect();
        Request {
            sets: sets.into_iter().collect(),
            environments,
            resolution: match python.resolution {
                Resolution::Together => layerset_lock::Resolution::Together,
                Resolution::Separate => layerset_lock::Resolution::Separate,
            },
            settings: self.indexes(),
            credentials: Vec::new(),
            certificates: python.certificates.as_ref().map(|file| file.value.clone()),
            lock: python.lock.as_ref().map_or_else(|| "pylock.toml".to_owned(), |lock| lock.value.clone()),
            previous: None,
        }
    }

    /// The indexes that the manifest names.
    fn indexes(&self) -> Settings {
        let python = &self.manifest.python;
        let mut settings = Settings { no_index: python.no_index, ..Settings::default() };
        for (number, index) in python.index.iter().enumerate() {
            // Its name is what its credentials go by.
            let named = match &index.secret {
                Some(_) => format!("index{number}={}", index.url.value),
                None => index.url.value.clone(),
            };
            if number == 0 {
                settings.index = Some(named);
            } else {
                settings.extra_indexes.push(named);
            }
        }
        settings.find_links.extend(python.wheels.iter().map(|wheels| wheels.value.clone()));
        settings
    }

    pub(super) fn wrong(&self, asked: &Asked, problems: &[Problem]) -> Failure {
        let otherwise = self.manifest.python.lock.as_ref().map(|lock| lock.span).unwrap_or_default();
        python::failure(&self.source, asked, otherwise, problems)
    }
}

/// A target as consumers are called: `stage base`, `service api`.
pub(super) fn named(target: &Target) -> String {
    match target {
        Target::Stage(name) => format!("stage {name}"),
        Target::Service(name) => format!("service {name}"),
    }
}

fn unlocked(asked: &Asked) -> Diagnostic {
    let first = asked.values().flatten().map(|(_, span)| *span).min().unwrap_or_default();
    let message = "the packages are not locked: what is installed depends on when it was first built";
    Diagnostic::warning("unlocked", first, message)
        .hint("lock them: docker buildx build --call=lock . > pylock.toml, and python: {lock: pylock.toml}")
}
