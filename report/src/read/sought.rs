//! Asking registries and the engine what they have, before anything large is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{AT_ONCE, Found, Request};
use crate::digest::Digest;
use crate::place::Place;
use crate::platform::Platform;
use crate::problem::{Problem, Problems};
use crate::source::{Engine, Reference, Registries, Remote, Resolved};

/// What registries and the engine say they have.
#[derive(Default)]
pub(super) struct Sought {
    pub(super) registries: Option<Arc<Registries>>,
    pub(super) images: Found,
    pub(super) blobs: Vec<Remote>,
    pub(super) engine: Option<Engine>,
    pub(super) ids: BTreeMap<String, Digest>,
}

pub(super) async fn sought(places: &BTreeSet<&Place>, request: &Request) -> Result<Sought, Problems> {
    let mut sought = Sought::default();
    let mut problems = BTreeSet::new();
    let (mut references, mut names) = (Vec::new(), Vec::new());
    for place in places {
        match place {
            Place::Registry(reference) => references.push(reference.clone()),
            Place::Engine(name) => names.push(name.clone()),
            Place::Files(path) => problems.extend(missing(path)),
            Place::Input => {}
        }
    }
    if !references.is_empty() {
        let registries = Arc::new(Registries::new(&request.surroundings)?);
        for (reference, resolved) in resolved(&registries, references, &request.platform).await {
            match resolved {
                Ok(Resolved { image, blobs }) => {
                    sought.images.insert(Place::Registry(reference), vec![image]);
                    sought.blobs.extend(blobs);
                }
                Err(problem) => drop(problems.insert(problem.of(&reference.to_string()))),
            }
        }
        sought.registries = Some(registries);
    }
    if !names.is_empty() {
        let engine = Engine::of(&request.surroundings)?;
        for name in names {
            match engine.inspect(&name).await {
                Ok(inspected) => drop(sought.ids.insert(name, inspected.id)),
                // It is away for all of them.
                Err(problem) if problem.may_pass() => {
                    problems.insert(problem);
                    break;
                }
                Err(problem) => drop(problems.insert(problem)),
            }
        }
        sought.engine = Some(engine);
    }
    if problems.is_empty() { Ok(sought) } else { Err(Problems(problems.into_iter().collect())) }
}

/// Why there is nothing at a path.
fn missing(path: &Path) -> Option<Problem> {
    let text = match path.try_exists() {
        Ok(true) => return None,
        Ok(false) => "there is no such file or directory".to_owned(),
        Err(error) => format!("cannot read it: {error}"),
    };
    Some(Problem::mistake(text).of(&path.display().to_string()))
}

async fn resolved(
    registries: &Arc<Registries>,
    references: Vec<Reference>,
    platform: &Platform,
) -> Vec<(Reference, Result<Resolved, Problem>)> {
    let places = Arc::new(Semaphore::new(2 * AT_ONCE));
    let mut tasks = JoinSet::new();
    for reference in references {
        let (registries, places, platform) = (Arc::clone(registries), Arc::clone(&places), platform.clone());
        tasks.spawn(async move {
            let _place = places.acquire().await;
            let resolved = registries.resolve(&reference, &platform).await;
            (reference, resolved)
        });
    }
    tasks.join_all().await
}
