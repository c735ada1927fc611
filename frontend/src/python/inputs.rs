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

/// Reads what is asked for, with all that the files include. The files come back too, by path.
pub async fn read(
    outside: &impl Outside,
    asked: &Asked,
) -> Result<Result<(Inputs, BTreeMap<String, Vec<u8>>), Vec<Problem>>, Failure> {
    let ids: BTreeSet<&InputId> = asked.values().flatten().map(|(id, _)| id).collect();
    let ids: Vec<InputId> = ids.into_iter().cloned().collect();
    let mut known: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    let mut wanted: BTreeSet<String> = ids.iter().map(|id| id.path.clone()).collect();
    loop {
        let mut found = outside.read(&wanted).await?;
        for path in std::mem::take(&mut wanted) {
            let bytes = found.remove(&path);
            known.insert(path, bytes);
        }
        let read = Inputs::read(&ids, |path| {
            if !known.contains_key(path) {
                wanted.insert(path.to_owned());
            }
            Ok::<_, Infallible>(known.get(path).cloned().flatten())
        });
        // What a file includes is known only when it has been read.
        if !wanted.is_empty() {
            continue;
        }
        return Ok(match read {
            Ok(inputs) => {
                let files = known.into_iter().filter_map(|(path, bytes)| Some((path, bytes?)));
                Ok((inputs, files.collect()))
            }
            Err(Unread::Problems(problems)) => Err(problems),
            Err(Unread::Read(never)) => match never {},
        });
    }
}
