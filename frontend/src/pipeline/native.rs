//! Interpreters are asked, and requirements resolved, on the platform that steps run on: the same stages there have
//! the same Python, and images for other platforms need no emulation. Asked once, for all platforms of a build.

use std::collections::BTreeMap;

use layerset_lock::{Environment, Lock};
use unwheel::Interpreter;

use super::Checked;
use super::packages::{Seen, Selected, named, place, uv};
use super::required::Required;
use crate::failure::Failure;
use crate::outside::{OnStage, Outside, Resolved};
use crate::plan::{self, Facts, Plan, Target};
use crate::platform::Platform;
use crate::python;

/// The stages of a build on the platform that steps run on, with what was found out on them.
#[derive(Debug)]
pub struct Native {
    /// The manifest as it is for that platform.
    pub checked: Checked,
    /// The platform.
    pub platform: Platform,
    /// What its bases are.
    pub resolved: Resolved,
    /// The same with the packages of its stages.
    pub facts: Facts,
    /// Its plan.
    pub plan: Plan,
    pub(super) required: Required,
    pub(super) seen: Seen,
    /// The interpreter of each stage and service that requires packages, by its number.
    pub(super) of: BTreeMap<String, usize>,
    /// Whether nothing of the targets requires packages there.
    pub(super) nothing: bool,
}

impl Native {
    /// Where a step for a target runs.
    pub fn on<'a>(&'a self, target: &'a Target) -> OnStage<'a> {
        OnStage {
            checked: &self.checked,
            plan: &self.plan,
            facts: &self.facts,
            sources: &self.resolved.sources,
            target,
            platform: &self.platform,
        }
    }

    /// The facts of an interpreter where it runs on a machine, `uname -m`'s name of it.
    pub(super) fn interpreter(&self, number: usize, machine: &str) -> Option<Interpreter> {
        let known = self.seen.interpreters.get(number)?;
        if machine == self.platform.machine() {
            return Some(known.clone());
        }
        Some(python::interpreter_on(known, machine))
    }

    fn plan_again(&mut self) {
        self.plan = plan::plan(&self.checked.manifest, &self.facts, self.checked.ignore.clone());
    }

    /// Makes the locks that are not committed, each for all `machines`. Where nothing can be resolved there are none.
    async fn lock(&mut self, outside: &impl Outside, machines: &[&str]) -> Result<(), Failure> {
        if self.required.committed.is_some() {
            return Ok(());
        }
        for (number, interpreter) in self.seen.interpreters.iter().enumerate() {
            if self.seen.locks.contains_key(&number) {
                continue;
            }
            let mut environments: Vec<Environment> = vec![];
            for machine in machines {
                let environment = python::environment_on(interpreter, machine);
                if !environments.contains(&environment) {
                    environments.push(environment);
                }
            }
            let request = self.checked.request(&self.required.everywhere, environments);
            let at = self.on(&self.seen.first[number]);
            let Some(answer) = outside.lock(at, &self.required.files, &request).await? else { return Ok(()) };
            if !answer.problems.is_empty() {
                return Err(self.checked.wrong(&self.required.asked, &answer.problems));
            }
            let lock = Lock::read(super::packages::MADE, answer.lock.as_bytes())
                .map_err(|problems| self.checked.wrong(&self.required.asked, &problems))?;
            self.seen.locks.insert(number, lock);
        }
        Ok(())
    }
}

impl Checked {
    /// Asks for the interpreters of `targets` and of the stages they need, on `worker`, the platform that steps run
    /// on, and has what they require resolved for `platforms`. Nothing is asked where nothing requires packages.
    pub async fn native(
        &self,
        outside: &impl Outside,
        targets: &[Target],
        worker: &Platform,
        platforms: &[Platform],
    ) -> Result<Option<Native>, Failure> {
        let asked = python::asked(&self.manifest);
        if asked.is_empty() {
            return Ok(None);
        }
        // Where the targets require nothing, nothing is run.
        let nothing = self.with_requirements(targets, &asked).is_empty();
        let worker = platforms.first().filter(|_| nothing).unwrap_or(worker);
        let (checked, platform, resolved) =
            self.resolved_natively(outside, targets, worker, platforms).await?;
        let everywhere = checked.asked_everywhere(&platform, platforms)?;
        let required = checked.required(outside, everywhere).await?;
        let wanted = checked.with_requirements(targets, &required.asked);
        let plan = plan::plan(&checked.manifest, &resolved.facts, checked.ignore.clone());
        let facts = resolved.facts.clone();
        let (seen, of, nothing) = (Seen::default(), BTreeMap::new(), wanted.is_empty());
        let mut native = Native { checked, platform, resolved, facts, plan, required, seen, of, nothing };
        // A stage may have a platform of its own, and its packages have to be there where its steps run.
        let fixed = self.manifest.stages.values().filter_map(|stage| stage.platform.clone());
        let stages = wanted.iter().any(|target| matches!(target, Target::Stage(_)));
        let own = stages.then(|| native.platform.clone());
        let machines: Vec<Platform> = platforms.iter().cloned().chain(fixed).chain(own).collect();
        let machines: Vec<&str> = machines.iter().map(Platform::machine).collect();
        for target in &wanted {
            let place = place(native.on(target));
            let known = native.checked.view_below(target, &native.of).or_else(|| native.seen.known(&place));
            let number = if known.is_some() {
                known
            } else {
                // The steps of a stage on the way may need what it requires.
                if native.of.keys().any(|name| name.starts_with("stage ")) {
                    native.lock(outside, &machines).await?;
                    let own = native.platform.clone();
                    let Selected { packages, .. } =
                        native.checked.select(&native, &native.required, &native.of, &own)?;
                    native.facts.packages = packages;
                    native.plan_again();
                }
                let mut seen = std::mem::take(&mut native.seen);
                let at = native.on(target);
                let asked = &native.required.asked;
                let number = native.checked.interpreter(outside, at, place, asked, &mut seen).await?;
                native.seen = seen;
                number
            };
            native.of.extend(number.map(|number| (named(target), number)));
        }
        native.lock(outside, &machines).await?;
        if native.checked.manifest.python.bytecode && native.of.keys().any(|name| name.starts_with("stage "))
        {
            // Modules are compiled on these stages, for all platforms.
            let own = native.platform.clone();
            let selected = native.checked.select(&native, &native.required, &native.of, &own)?;
            native.facts.packages = selected.packages;
            native.plan_again();
        }
        Ok(Some(native))
    }

    /// The manifest for the worker's platform with its bases. Where these are not for it, those of the first image's.
    async fn resolved_natively(
        &self,
        outside: &impl Outside,
        targets: &[Target],
        worker: &Platform,
        platforms: &[Platform],
    ) -> Result<(Checked, Platform, Resolved), Failure> {
        let other = platforms.first().filter(|platform| *platform != worker);
        let checked = self.on(worker)?;
        let (checked, platform, mut resolved) = match (checked.resolve(outside, targets, worker).await, other)
        {
            (Ok(resolved), _) => (checked, worker, resolved),
            (Err(_), Some(other)) => {
                let checked = self.on(other)?;
                let resolved = checked.resolve(outside, targets, other).await?;
                (checked, other, resolved)
            }
            (Err(failure), None) => return Err(failure),
        };
        if checked.manifest.python.lock.is_none() {
            resolved.sources.extend(uv(outside, platform).await?);
        }
        Ok((checked, platform.clone(), resolved))
    }
}
