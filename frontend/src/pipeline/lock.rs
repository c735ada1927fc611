//! Makes the lock of a manifest's packages: all requirements, for all interpreters and platforms it has.

use std::collections::BTreeSet;

use layerset_lock::{Environment, Lock};

use super::Checked;
use super::packages::{Seen, named};
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::outside::{OnStage, Outside, Resolved};
use crate::plan::{self, Packages};
use crate::platform::Platform;
use crate::python;

impl Checked {
    /// The text of a `pylock.toml`. Interpreters are asked on `worker`, which runs steps; on the other
    /// platforms that are asked for, or that services name, they are taken to be the same.
    pub async fn lock(
        &self,
        outside: &impl Outside,
        worker: &Platform,
        requested: &[Platform],
    ) -> Result<String, Failure> {
        let asked = python::asked(&self.manifest);
        let targets = self.with_requirements(&self.everything(), &asked);
        let Some(first) = targets.first() else { return Err(self.nothing_to_lock()) };
        let (inputs, mut files) = match python::read(outside, &asked).await? {
            Ok(read) => read,
            Err(problems) => return Err(self.wrong(&asked, &problems)),
        };
        drop(inputs);
        let bases = plan::bases_of(&self.manifest, &targets).bases;
        let Resolved { facts, mut sources } =
            outside.resolve(&bases, worker).await.map_err(|refused| self.refused(refused))?;
        sources.extend(outside.uv(worker).await?.map(|source| ("uv".to_owned(), source)));
        let plan = plan::plan(&self.manifest, &facts, self.ignore.clone());
        let at = |target| OnStage {
            checked: self,
            plan: &plan,
            facts: &facts,
            sources: &sources,
            target,
            platform: worker,
        };
        let mut seen = Seen::default();
        let mut packages = Packages::default();
        for target in &targets {
            let view = match self.view_below(target, &packages) {
                Some(view) => Some(view),
                None => self.interpreter(outside, at(target), &asked, &mut seen).await?,
            };
            packages.of.extend(view.map(|view| (named(target), view)));
        }
        let platforms = self.platforms(worker, requested);
        let mut environments: Vec<Environment> = Vec::new();
        for interpreter in &seen.interpreters {
            for platform in &platforms {
                let environment = python::environment_on(interpreter, platform.machine());
                if !environments.contains(&environment) {
                    environments.push(environment);
                }
            }
        }
        let mut request = self.request(&asked, environments);
        if let Some(path) = &self.manifest.python.lock {
            let known = outside.read(&BTreeSet::from([path.value.clone()])).await?;
            // Its versions stay where they can. One that cannot be read says nothing.
            if known.iter().any(|(path, bytes)| Lock::read(path, bytes).is_ok()) {
                request.previous = Some(path.value.clone());
                files.extend(known);
            }
        }
        let files = self.step_files(files.keys());
        let answer = outside.lock(at(first), &files, &request).await?.unwrap_or_default();
        if answer.problems.is_empty() { Ok(answer.lock) } else { Err(self.wrong(&asked, &answer.problems)) }
    }

    /// Those of the request and those that services name, by their processors; else the worker's.
    fn platforms(&self, worker: &Platform, requested: &[Platform]) -> Vec<Platform> {
        let named = self.manifest.services.values().flat_map(|service| &service.platforms);
        let named = named.filter_map(|platform| Platform::parse(&platform.value));
        let mut platforms: Vec<Platform> = requested.iter().cloned().chain(named).collect();
        if platforms.is_empty() {
            platforms.push(worker.clone());
        }
        let mut machines = BTreeSet::new();
        platforms.retain(|platform| machines.insert(platform.machine().to_owned()));
        platforms
    }

    fn nothing_to_lock(&self) -> Failure {
        let message = "nothing to lock: no stage and no service has \"requirements\"";
        let span = crate::manifest::section_span(&self.source, "services").unwrap_or_default();
        let diagnostic = Diagnostic::error("nothing-to-lock", span, message)
            .hint("write for example requirements: [requirements.txt]");
        Failure::at(&self.source, diagnostic)
    }
}
