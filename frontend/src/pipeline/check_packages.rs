//! What `check` says of packages: problems that a build would end with, and what is odd, without asking any stage.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Inputs, Lock};

use super::Checked;
use super::packages::named;
use crate::diagnostic::{Diagnostic, Span};
use crate::failure::Failure;
use crate::manifest::model::{Base, Command, CopyFrom};
use crate::outside::Outside;
use crate::plan::{self, Chain, Entry, EntryKind, Listing, Plan, Reason, Target, View};
use crate::platform::Platform;
use crate::python::{self, Asked, Imports, Uses};

/// Heavy packages that a requirement brings in for nothing: where the manifest names its file, who does, and the
/// numbers of the packages in the view.
type Idle = BTreeMap<Reason, (BTreeSet<Span>, BTreeSet<String>, BTreeSet<usize>)>;

/// Modules that the sources of each stage and service name. Whose sources are not all in the context is missing.
type Named = BTreeMap<String, BTreeSet<String>>;

impl Checked {
    /// Warnings about the packages of all stages and services. `plan` is one without packages.
    pub async fn check_packages(
        &self,
        outside: &impl Outside,
        plan: &Plan,
        platform: &Platform,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let asked = python::asked(&self.manifest);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let (read, lock) = self.read_packages(outside, &asked).await?;
        let inputs = read.inputs;
        let mut warnings = python::warnings(&asked, Span::default(), &inputs.elsewhere);
        warnings.extend(python::different_pins(&asked, &inputs));
        let beside = outside.texts(&python::directories(&asked)).await?;
        warnings.extend(python::unused_requirements(&asked, &inputs, &beside));
        match lock {
            Some(lock) => {
                warnings.extend(self.idle_packages(outside, (&asked, &inputs, &lock), plan, platform).await?);
            }
            None => warnings.push(self.unlocked(&asked)),
        }
        warnings.sort_by(|a, b| (a.span, a.rule, &a.message).cmp(&(b.span, b.rule, &b.message)));
        Ok(warnings)
    }

    /// Heavy packages that no source of those who have them needs.
    async fn idle_packages(
        &self,
        outside: &impl Outside,
        (asked, inputs, lock): (&Asked, &Inputs, &Lock),
        plan: &Plan,
        platform: &Platform,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let Some(interpreter) = python::assumed(lock, platform.machine()) else { return Ok(Vec::new()) };
        let (python, none) = (&self.manifest.python, BTreeSet::new());
        let selected = python::view(asked, inputs, lock, &interpreter, python, &self.indexes(), &none);
        // Whether the lock is right for the stages, their builds say.
        let Ok(view) = selected.map(|selected| selected.view) else { return Ok(Vec::new()) };
        let uses = Uses::of(lock);
        let names = uses.names(&view);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let Some(imports) = outside.imports(&plan.context, &names).await? else { return Ok(Vec::new()) };
        let modules_of = self.named_modules(plan, &imports);
        let mut idle = Idle::new();
        for (consumer, modules) in &modules_of {
            for number in uses.unused(&view, consumer, modules) {
                let mut reasons = view.reasons.get(&number).into_iter().flatten();
                let Some(reason) = reasons.find(|reason| reason.consumers.contains(consumer)) else {
                    continue;
                };
                let key = Reason { through: Vec::new(), consumers: Vec::new(), ..reason.clone() };
                let span = python::entry_of(asked, inputs, consumer, &reason.file);
                let (spans, who, what) = idle.entry(key).or_default();
                spans.insert(span);
                who.insert(consumer.clone());
                what.insert(number);
            }
        }
        Ok(idle
            .into_iter()
            .map(|(reason, (spans, who, what))| {
                let span = spans.into_iter().next().unwrap_or_default();
                warning(span, &reason, who, &what, &view)
            })
            .collect())
    }

    /// What the sources of each service name, with those of the stages it needs; and for a stage, what is named by
    /// all that is built with it.
    fn named_modules(&self, plan: &Plan, imports: &Imports) -> Named {
        let entry = |path: &String| Entry { path: path.clone(), kind: EntryKind::File, size: 0, mode: 0o644 };
        let listing = Listing::new(imports.keys().map(entry).collect());
        let files: Vec<Vec<&str>> = plan.layers.iter().map(|layer| plan::selected(layer, &listing)).collect();
        let mut modules_of = Named::new();
        let mut unknown: BTreeSet<String> = BTreeSet::new();
        for target in self.services() {
            let stages = plan::stages_for(&self.manifest, &target).into_iter().map(Target::Stage);
            let parts: Vec<Target> = stages.chain([target.clone()]).collect();
            let chains = parts.iter().filter_map(|part| plan.chain(part));
            let own: BTreeSet<&str> =
                chains.flat_map(|chain: &Chain| &chain.layers).flat_map(|id| &files[*id]).copied().collect();
            let mut modules: BTreeSet<String> =
                own.iter().filter_map(|path| imports.get(*path)).flatten().cloned().collect();
            modules.extend(
                parts
                    .iter()
                    .flat_map(|part| self.words(part))
                    .flat_map(|text| python::words(&text).collect::<Vec<_>>()),
            );
            let complete = own.iter().any(|path| python::is_python(path))
                && !parts.iter().any(|part| self.has_foreign(part));
            for part in &parts {
                if complete {
                    modules_of.entry(named(part)).or_default().extend(modules.iter().cloned());
                } else {
                    unknown.insert(named(part));
                }
            }
        }
        modules_of.retain(|consumer, _| !unknown.contains(consumer));
        modules_of
    }

    /// Texts of a stage or service that may name programs and modules: commands and variables.
    fn words(&self, target: &Target) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        match target {
            Target::Service(name) => {
                let Some(service) = self.manifest.services.get(name) else { return words };
                let config = &service.config;
                words.extend(config.command.iter().chain(&config.entrypoint).flatten().cloned());
                words.extend(config.healthcheck.iter().flat_map(|check| &check.test).cloned());
                words.extend(config.environment.values().cloned());
            }
            Target::Stage(name) => {
                let Some(stage) = self.manifest.stages.get(name) else { return words };
                for run in &stage.run {
                    match &run.command {
                        Command::Shell(text) => words.push(text.clone()),
                        Command::Argv(argv) => words.extend(argv.iter().cloned()),
                    }
                }
                words.extend(stage.environment.values().cloned());
            }
        }
        words
    }

    /// Whether it has files of a named context, whose sources are not seen.
    fn has_foreign(&self, target: &Target) -> bool {
        let copies: &[CopyFrom] = match target {
            Target::Service(name) => self.manifest.services.get(name).map_or(&[], |service| &service.copy),
            Target::Stage(name) => self.manifest.stages.get(name).map_or(&[], |stage| &stage.copy),
        };
        copies.iter().any(|copy| matches!(copy.from.value, Base::Context(_) | Base::Fixed { .. }))
    }
}

fn warning(
    span: Span,
    reason: &Reason,
    who: BTreeSet<String>,
    what: &BTreeSet<usize>,
    view: &View,
) -> Diagnostic {
    const SHOWN: usize = 3;
    let mut wheels: Vec<_> = what.iter().map(|number| &view.wheels[*number]).collect();
    wheels.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.cmp(b)));
    let bytes: u64 = wheels.iter().filter_map(|wheel| wheel.size).sum();
    let few = |mut names: Vec<String>| {
        let more = names.len().saturating_sub(SHOWN);
        names.truncate(SHOWN);
        if more > 0 {
            names.push(format!("+{more}"));
        }
        names.join(", ")
    };
    let sized = |wheel: &&plan::Wheel| {
        format!("{} {} ({})", wheel.name, wheel.version, plan::human(wheel.size.unwrap_or_default()))
    };
    let message = format!(
        "{:?} at {} brings {} into {}, whose sources use nothing of it: {}",
        reason.requirement,
        reason.place(),
        plan::human(bytes),
        plan::who(&who.into_iter().collect::<Vec<_>>()),
        few(wheels.iter().map(sized).collect()),
    );
    Diagnostic::warning("unused-heavy-package", span, message).hint(
        "move the line to a file of those who need it; if it is loaded by its name, have that name as a string in \
         the sources or in \"environment\"",
    )
}
