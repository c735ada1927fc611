//! `platform` of a stage: what it means for the stages and services around it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, names};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::document;
use crate::manifest::model::{Base, Manifest, Mounted, Service, Stage};
use crate::manifest::node::quote;
use crate::manifest::read::Text;
use crate::manifest::rules;
use crate::platform::Platform;

/// What a stage says of its platform.
#[derive(Clone)]
pub(super) struct Said {
    span: Span,
    /// `None`: what it says is wrong, or the platforms of this build are not known.
    platform: Option<Platform>,
    /// Whether it is the builder's, whichever that is.
    build: bool,
}

impl Check<'_> {
    /// Keeps what a stage says of its platform.
    pub(super) fn platform(&mut self, name: &Text, stage: &document::Stage) {
        let Some(text) = &stage.platform else { return };
        let Some(value) = self.text(text) else { return };
        let (span, platforms) = (text.span, self.inputs.platforms);
        let said = match value.as_str() {
            "build" => Said { span, platform: platforms.map(|known| known.build.clone()), build: true },
            "target" => Said { span, platform: platforms.map(|known| known.target.clone()), build: false },
            _ => {
                let found = self.report(span, names::stage_platform(&value));
                Said { span, platform: found.and_then(|text| Platform::parse(&text)), build: false }
            }
        };
        self.platforms.insert(name.value.clone(), said);
    }

    /// Gives every stage the platform that it or the stage at the bottom of it says, and its images with it. What is
    /// of the images' own platform is left as it is: a native build knows of no platforms.
    pub(super) fn stage_platforms(&mut self, manifest: &mut Manifest) {
        for (name, said) in &self.platforms {
            let Some(Base::Stage(below)) = manifest.stages.get(name).map(|stage| &stage.from.value) else {
                continue;
            };
            let (name, below) = (quote(name), quote(below));
            let message = format!(
                "the stage {name} is built on the stage {below}, expected an image below a \"platform\""
            );
            self.problems.push(
                Diagnostic::error(rules::INVALID_VALUE, said.span, message)
                    .hint(format!("say \"platform\" at {below}, or begin {name} with an image")),
            );
        }
        self.platforms = inherited(std::mem::take(&mut self.platforms), manifest);
        let target = self.inputs.platforms.map(|platforms| &platforms.target);
        for (name, said) in &self.platforms {
            let platform = said.platform.as_ref().filter(|platform| Some(*platform) != target);
            if let (Some(stage), Some(platform)) = (manifest.stages.get_mut(name), platform) {
                fix(stage, platform);
            }
        }
    }

    /// Refuses a service whose programs would be of another platform than its image.
    pub(super) fn service_platform(&mut self, name: &str, service: &Service) {
        let Base::Stage(below) = &service.from.value else { return };
        let Some(said) = self.platforms.get(below) else { return };
        let target = self.inputs.platforms.map(|platforms| &platforms.target);
        let platform = match &said.platform {
            _ if said.build => "the builder's platform".to_owned(),
            Some(platform) if Some(platform) != target => platform.to_string(),
            _ => return,
        };
        let message =
            format!("the service {} is built on {}, which is for {platform}", quote(name), quote(below));
        self.problems.push(
            Diagnostic::error(rules::INVALID_VALUE, service.from.span, message)
                .label(said.span, "said here")
                .hint(
                    "build it on a stage of its own platform, and take files of the other one with \"copy\"",
                ),
        );
    }
}

/// What is said of every stage: by itself, else by the nearest stage below it that says something.
fn inherited(said: BTreeMap<String, Said>, manifest: &Manifest) -> BTreeMap<String, Said> {
    let mut all = said;
    if all.is_empty() {
        return all;
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in manifest.stages.keys() {
        let (mut path, mut name) = (Vec::new(), start);
        // Each is entered once, so that neither long chains nor cycles, which have been reported, take long.
        while !all.contains_key(name) && seen.insert(name) {
            path.push(name);
            match manifest.stages.get(name).map(|stage| &stage.from.value) {
                Some(Base::Stage(below)) => name = below,
                _ => break,
            }
        }
        if let Some(found) = all.get(name).cloned() {
            all.extend(path.into_iter().map(|name| (name.clone(), found.clone())));
        }
    }
    all
}

fn fix(stage: &mut Stage, platform: &Platform) {
    stage.platform = Some(platform.clone());
    let mounted =
        stage.run.iter_mut().flat_map(|run| &mut run.mounts).filter_map(|mount| match &mut mount.what {
            Mounted::From { copy, .. } => Some(copy),
            _ => None,
        });
    let from = stage.copy.iter_mut().chain(mounted).map(|copy| &mut copy.from);
    for base in from.chain([&mut stage.from]) {
        base.value = std::mem::replace(&mut base.value, Base::Scratch).fixed(platform);
    }
}
