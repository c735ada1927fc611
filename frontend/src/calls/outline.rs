//! `--call=outline`: arguments, secrets, agents and caches of a target. Format: moby/buildkit
//! `frontend/subrequests/outline`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;

use super::{Answer, location};
use crate::diagnostic::{Source, Span};
use crate::manifest::model::{Manifest, Run};
use crate::options::base64;
use crate::plan::{Target, bases_of};

/// What the build of `target` can be given.
pub fn outline(source: &Source, manifest: &Manifest, target: &Target) -> Answer {
    let needs = needs(manifest, target);
    let args: Vec<_> =
        manifest.args.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let secrets: Vec<_> = needs
        .secrets
        .iter()
        .map(|(id, (required, span))| json!({"name": id, "required": required, "location": location(source, *span)}))
        .collect();
    let ssh: Vec<_> = needs
        .ssh
        .iter()
        .map(|(id, (required, span))| json!({"name": id, "required": required, "location": location(source, *span)}))
        .collect();
    let cache: Vec<_> = needs.caches.iter().map(|id| json!({"ID": id})).collect();
    let kind = match target {
        Target::Service(_) => "service",
        Target::Stage(_) => "stage",
    };
    let json = json!({
        "name": target.name(),
        "description": kind,
        "args": args,
        "secrets": secrets,
        "ssh": ssh,
        "cache": cache,
        "sources": [base64(source.text.as_bytes())],
    });
    let mut text = format!("TARGET: {} ({kind})\n", target.name());
    for (name, value) in &manifest.args {
        let _ = writeln!(text, "build argument {name}={value}");
    }
    for (id, (required, _)) in &needs.secrets {
        let _ = writeln!(text, "secret {id}{}", if *required { ", required" } else { "" });
    }
    for (id, (required, _)) in &needs.ssh {
        let _ = writeln!(text, "ssh {id}{}", if *required { "" } else { ", not required" });
    }
    Answer { json, text, status: 0 }
}

/// What the steps behind a target ask the client for, those that install packages included.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) secrets: BTreeMap<String, (bool, Span)>,
    pub(super) ssh: BTreeMap<String, (bool, Span)>,
    pub(super) caches: BTreeSet<String>,
}

pub(super) fn needs(manifest: &Manifest, target: &Target) -> Needs {
    let mut needs = Needs::default();
    let reached = bases_of(manifest, [target]);
    let runs =
        reached.stages.iter().filter_map(|name| manifest.stages.get(name)).flat_map(|stage| &stage.run);
    for run in runs {
        add(&mut needs, run);
    }
    let service = manifest.services.get(target.name()).filter(|_| matches!(target, Target::Service(_)));
    let stages = reached.stages.iter().filter_map(|name| manifest.stages.get(name));
    let mut required = stages.map(|stage| &stage.requirements).chain(service.map(|s| &s.requirements));
    if required.any(|requirements| !requirements.is_empty()) {
        for index in &manifest.python.index {
            let secret = index.secret.iter().cloned().map(|id| (id, (true, index.url.span)));
            needs.secrets.extend(secret);
        }
    }
    needs
}

fn add(needs: &mut Needs, run: &Run) {
    for secret in &run.secrets {
        let known = needs.secrets.entry(secret.id.clone()).or_insert((false, secret.span));
        known.0 |= secret.required;
    }
    for ssh in &run.ssh {
        let known = needs.ssh.entry(ssh.id.clone()).or_insert((false, ssh.span));
        known.0 |= ssh.required;
    }
    needs
        .caches
        .extend(run.cache.iter().map(|cache| cache.id.clone().unwrap_or_else(|| cache.target.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Inputs, load};

    #[test]
    fn the_secret_of_an_index_is_for_who_requires_packages() {
        let text = "services:\n  api: {from: 'python:3.13', requirements: [a.txt]}\n  web: {from: scratch}\n\
                    python: {index: [{url: 'https://packages.example.com', secret: token}]}\n";
        let manifest = load("layerset.yaml", text.as_bytes(), &Inputs::default()).manifest.unwrap();
        let secrets =
            |name: &str| needs(&manifest, &Target::Service(name.into())).secrets.into_keys().collect();
        let (api, web): (Vec<String>, Vec<String>) = (secrets("api"), secrets("web"));
        assert_eq!((api, web), (vec!["token".to_owned()], vec![]));
    }
}
