//! Requirements whose distributions nothing here makes a wheel of: they are refused where they are written, before uv looks at them.

use super::{Environment, Request};
use crate::Selection;
use crate::input::{Origin, Requirement};
use crate::lock::{INSTEAD, in_archive, in_git, subdirectory};
use crate::problem::Problem;

/// A problem for each that is for one of the environments.
pub(super) fn problems(request: &Request<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for input in &request.inputs.inputs {
        let machines = request.machines.get(&input.id);
        let here = |environment: &&Environment| {
            machines.is_none_or(|machines| machines.contains(environment.machine()))
        };
        let environments: Vec<_> =
            request.environments.iter().filter(here).map(Environment::markers).collect();
        let applies = |requirement: &&Requirement| {
            let marker = requirement.marker.as_ref();
            environments.iter().any(|at| marker.is_none_or(|marker| marker.holds(at, &Selection::default())))
        };
        for requirement in input.requirements.iter().filter(applies) {
            let message = match &requirement.origin {
                Origin::Vcs(address) => Some(in_git(&requirement.name, address)),
                Origin::Url(address) => {
                    subdirectory(address).map(|directory| in_archive(&requirement.name, directory))
                }
                Origin::Index | Origin::Path(_) => None,
            };
            let problem = |message| Problem::at(requirement.place.clone(), message).hint(INSTEAD);
            problems.extend(message.map(problem));
        }
    }
    problems
}
