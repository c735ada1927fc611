//! What is odd about the platform of a build: bases of another one, and programs that the builder cannot run.

use std::collections::BTreeSet;

use super::Checked;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::model::Base;
use crate::plan::{self, Facts, Plan, Target, WheelSource};
use crate::platform::Platform;

impl Checked {
    /// Bases whose configuration is for another platform than what is built on them: an image of one platform is taken
    /// for every platform that is asked for. The Dockerfile frontend warns of it too.
    pub(super) fn foreign_bases(
        &self,
        facts: &Facts,
        targets: &[Target],
        platform: &Platform,
    ) -> Vec<Diagnostic> {
        let bases = plan::bases_of(&self.manifest, targets).bases;
        let odd = bases.into_iter().filter_map(|(base, span)| {
            let expected = if let Base::Fixed { platform, .. } = &base { platform } else { platform };
            let config = facts.config(&base).filter(|config| !config.architecture.is_empty())?;
            let found =
                Platform::new(&config.os, &config.architecture, config.variant.as_deref().unwrap_or(""));
            let same = (&found.os, &found.architecture) == (&expected.os, &expected.architecture);
            let name = match &base {
                Base::Fixed { name, .. } => name.clone(),
                other => other.to_string(),
            };
            let message = format!("{name} is for {found}, expected an image for {expected}");
            let hint =
                "name an image of several platforms; for a stage that is only copied from, platform: build";
            (!same).then(|| Diagnostic::warning("base-platform", span, message).hint(hint))
        });
        odd.collect()
    }

    /// Programs of stages behind `target` that have to run on platforms other than those of the builder.
    pub fn foreign_steps(
        &self,
        plan: &Plan,
        target: &Target,
        platform: &Platform,
        builder: &[Platform],
    ) -> Vec<Diagnostic> {
        let runs = |platform: &Platform| builder.is_empty() || builder.contains(platform);
        let stages: BTreeSet<String> = plan::bases_of(&self.manifest, [target]).stages;
        let mut odd = Vec::new();
        for (name, stage) in stages.iter().filter_map(|name| Some((name, plan.stages.get(name)?))) {
            let own = stage.platform.as_ref().unwrap_or(platform);
            let span = if stage.apt.is_empty() {
                stage.steps.first().map(|run| run.span)
            } else {
                Some(stage.apt_span)
            };
            if let Some(span) = span.filter(|_| !runs(own)) {
                odd.push(foreign(span, &format!("the commands of the stage {name:?} are"), own));
            }
        }
        let chains =
            stages.iter().filter_map(|name| Some(&plan.stages.get(name)?.chain)).chain(plan.chain(target));
        let layers: BTreeSet<usize> = chains.flat_map(|chain| chain.layers.iter().copied()).collect();
        for layer in layers.into_iter().map(|id| &plan.layers[id]) {
            let wheels = layer.packages.iter().flat_map(|packages| &packages.wheels);
            for wheel in wheels.filter(|wheel| matches!(wheel.source, WheelSource::Sdist { .. })) {
                if !runs(platform) {
                    let span = layer.spans.first().copied().unwrap_or_default();
                    let what =
                        format!("{} {} has no wheel, and what builds it is", wheel.name, wheel.version);
                    odd.push(foreign(span, &what, platform));
                }
            }
        }
        odd
    }
}

fn foreign(span: Span, what: &str, platform: &Platform) -> Diagnostic {
    let message =
        format!("{what} for {platform}, which this builder does not run: expect \"exec format error\"");
    Diagnostic::warning("foreign-platform", span, message).hint(
        "use a builder of that platform or with emulation; what only makes files can have platform: build",
    )
}
