//! What is resolved together.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::command::Runner;
use super::graph::Graph;
use super::{Environment, Request, Resolution};
use crate::input::{Input, InputId};
use crate::lock::{Lock, Package};
use crate::problem::Problem;

/// Inputs of one resolution, and the groups whose closures are asked for.
pub(super) struct Unit<'a> {
    /// Names its files.
    name: String,
    pub(super) inputs: Vec<&'a Input>,
    groups: Vec<UnitGroup<'a>>,
}

/// A group of a unit.
#[derive(Clone)]
pub(super) struct UnitGroup<'a> {
    pub(super) name: String,
    pub(super) inputs: Vec<&'a Input>,
}

/// What was found for a unit in an environment.
pub(super) struct Resolved<'a> {
    pub(super) inputs: Vec<&'a Input>,
    pub(super) packages: Vec<Package>,
    pub(super) groups: Vec<(UnitGroup<'a>, Graph)>,
}

/// The units of a request: one, or one for each set.
pub(super) fn units<'a>(request: &Request<'a>) -> Vec<Unit<'a>> {
    let inputs = &request.inputs.inputs;
    if request.resolution == Resolution::Together {
        let group = |input: &'a Input| UnitGroup { name: input.group.clone(), inputs: vec![input] };
        let groups = inputs.iter().map(group).collect();
        return vec![Unit { name: "all".to_owned(), inputs: inputs.iter().collect(), groups }];
    }
    let mut sets: BTreeSet<BTreeSet<&InputId>> =
        request.sets.iter().map(|set| set.iter().collect()).collect();
    let named: BTreeSet<&InputId> = sets.iter().flatten().copied().collect();
    let alone =
        inputs.iter().filter(|input| !named.contains(&input.id)).map(|input| BTreeSet::from([&input.id]));
    sets.extend(alone.collect::<Vec<_>>());
    // A set of one has its input's name; that of a larger one is made of its inputs'.
    let mut taken: BTreeSet<String> = inputs.iter().map(|input| input.group.clone()).collect();
    let mut units = Vec::new();
    for set in sets {
        let inputs: Vec<&Input> = inputs.iter().filter(|input| set.contains(&input.id)).collect();
        let name = match &inputs[..] {
            [] => continue,
            [only] => only.group.clone(),
            several => {
                let groups: Vec<&str> = several.iter().map(|input| input.group.as_str()).collect();
                crate::name::group(&groups.join("-"), &mut taken)
            }
        };
        let groups = vec![UnitGroup { name: name.clone(), inputs: inputs.clone() }];
        units.push(Unit { name, inputs, groups });
    }
    units
}

impl<'a> Unit<'a> {
    /// Resolves the unit for an environment; `preferred` are versions to take where that is possible.
    pub(super) fn resolve(
        &self,
        runner: &Runner<'_>,
        number: usize,
        environment: &Environment,
        preferred: Option<&str>,
    ) -> Result<Resolved<'a>, Vec<Problem>> {
        let machines = |input: &Input| runner.request.machines.get(&input.id);
        let is_for =
            |input: &&&'a Input| machines(input).is_none_or(|all| all.contains(environment.machine()));
        let there =
            |inputs: &[&'a Input]| -> Vec<&'a Input> { inputs.iter().filter(is_for).copied().collect() };
        let inputs = there(&self.inputs);
        let mut resolved = Resolved { inputs, packages: Vec::new(), groups: Vec::new() };
        if resolved.inputs.iter().all(|input| input.requirements.is_empty()) {
            resolved.groups.extend(self.groups.iter().map(|group| (group.clone(), Graph::default())));
            return Ok(resolved);
        }
        let place = format!("{}.{number}", self.name);
        let lock: Lock = runner.versions(&place, &resolved.inputs, environment, preferred)?;
        let pins = super::pins::constraints(&lock, &runner.context);
        resolved.packages = lock.packages;
        // Each of these is a process of its own.
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..runner.uv.jobs.clamp(1, self.groups.len().max(1)) {
                scope.spawn(|| {
                    while let Some((at, group)) = {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        self.groups.get(at).map(|group| (at, group))
                    } {
                        let place = format!("{}.{number}.{at}", self.name);
                        let graph = runner.graph(&place, &there(&group.inputs), environment, &pins);
                        if let Ok(mut found) = found.lock() {
                            found.push((at, group.clone(), graph));
                        }
                    }
                });
            }
        });
        let mut found = found.into_inner().unwrap_or_default();
        found.sort_by_key(|(at, ..)| *at);
        let mut problems = Vec::new();
        for (_, group, graph) in found {
            match graph {
                Ok(graph) => resolved.groups.push((group, graph)),
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() { Ok(resolved) } else { Err(problems) }
    }
}
