//! What a step may do only if the user allows it, said at the step that wants it: the engine names no place.
//! Source: moby/buildkit `util/entitlements` (`Check`: the names and words).

use super::Checked;
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::manifest::model::{Network, Run, Security};
use crate::plan::{Target, bases_of};

impl Checked {
    /// `failure`, or what to do about it if it is that a step of `target` is not allowed something.
    pub fn entitlement(&self, target: &Target, failure: Failure) -> Failure {
        let Failure::Engine(status) = &failure else { return failure };
        let refused = |name: &str| status.message().contains(&format!("{name} is not allowed"));
        type Wants = fn(&Run) -> bool;
        let kinds: [(&str, &str, Wants); 2] = [
            ("security.insecure", "security: insecure", |run| run.security == Security::Insecure),
            ("network.host", "network: host", |run| run.network == Network::Host),
        ];
        let Some((name, written, wants)) = kinds.into_iter().find(|(name, ..)| refused(name)) else {
            return failure;
        };
        let stages = bases_of(&self.manifest, [target]).stages;
        let runs = stages.iter().filter_map(|stage| self.manifest.stages.get(stage)).flat_map(|s| &s.run);
        let diagnostics: Vec<Diagnostic> = runs
            .filter(|run| wants(run))
            .map(|run| {
                let message = format!("the command has {written:?}, which this build does not allow");
                let hint = format!(
                    "allow it with docker buildx build --allow {name}; the engine must allow it too, with \
                     \"{}\" in its entitlements",
                    name.replace('.', "-")
                );
                Diagnostic::error("not-allowed", run.span, message).hint(hint)
            })
            .collect();
        if diagnostics.is_empty() {
            return failure;
        }
        Failure::Manifest { file: Box::new(self.source.clone()), diagnostics }
    }
}
