//! The requirement files of a manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use layerset_lock::{Failure as Unread, InputId, Inputs, Part, Problem};

use crate::diagnostic::Span;
use crate::failure::Failure;
use crate::manifest::model::{self, Manifest, Requirement};
use crate::outside::Outside;

/// What each stage and service requires (`stage base`, `service api`), and where it says so.
pub type Asked = BTreeMap<String, Vec<(InputId, Span)>>;

/// What a manifest asks for. Who requires nothing is not in it.
pub fn asked(manifest: &Manifest) -> Asked {
    let stages = manifest.stages.iter().map(|(name, stage)| (format!("stage {name}"), &stage.requirements));
    let services =
        manifest.services.iter().map(|(name, service)| (format!("service {name}"), &service.requirements));
    let entry = |requirement: &Requirement| (id(requirement), requirement.span);
    stages
        .chain(services)
        .filter(|(_, requirements)| !requirements.is_empty())
        .map(|(name, requirements)| (name, requirements.iter().map(entry).collect()))
        .collect()
}

fn id(requirement: &Requirement) -> InputId {
    let part = match &requirement.part {
        model::Part::All => Part::All,
        model::Part::Extra(extra) => Part::Extra(extra.clone()),
        model::Part::Group(group) => Part::Group(group.clone()),
    };
    InputId { path: requirement.path.clone(), part }
}

/// What was read.
#[derive(Debug)]
pub struct Read {
    /// What is asked for, with all that the files include.
    pub inputs: Inputs,
    /// The files that say so, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The lock, if it is there.
    pub lock: Option<Vec<u8>>,
}

/// Reads what is asked for, and the file `lock` with the first of it: all that is read at once costs one transfer and one
/// look.
pub async fn read(
    outside: &impl Outside,
    asked: &Asked,
    lock: Option<&str>,
) -> Result<Result<Read, Vec<Problem>>, Failure> {
    let ids: BTreeSet<&InputId> = asked.values().flatten().map(|(id, _)| id).collect();
    let ids: Vec<InputId> = ids.into_iter().cloned().collect();
    let mut known: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    let mut wanted: BTreeSet<String> = ids.iter().map(|id| id.path.clone()).collect();
    let (mut beside, mut locked) = (lock, None);
    loop {
        let together = wanted.iter().cloned().chain(beside.map(str::to_owned)).collect();
        let mut found = outside.read(&together).await?;
        if let Some(path) = beside.take() {
            locked = found.get(path).cloned();
        }
        for path in std::mem::take(&mut wanted) {
            let bytes = found.remove(&path);
            known.insert(path, bytes);
        }
        let inputs = Inputs::read(&ids, |path| {
            if !known.contains_key(path) {
                wanted.insert(path.to_owned());
            }
            Ok::<_, Infallible>(known.get(path).cloned().flatten())
        });
        // What a file includes is known only when it has been read.
        if !wanted.is_empty() {
            continue;
        }
        return Ok(match inputs {
            Ok(inputs) => {
                let files = known.into_iter().filter_map(|(path, bytes)| Some((path, bytes?)));
                Ok(Read { inputs, files: files.collect(), lock: locked })
            }
            Err(Unread::Problems(problems)) => Err(problems),
            Err(Unread::Read(never)) => match never {},
        });
    }
}
