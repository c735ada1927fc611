//! What a step may do only if the user allows it, said at the step that wants it: the engine names no place.
//! Source: moby/buildkit `util/entitlements` (`Check`: the names and words).

use super::Checked;
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::manifest::model::{Network, Run, Security};
use crate::plan::{Target, bases_of};

/// What may have to be allowed.
struct Kind {
    entitlement: &'static str,
    /// How a step asks for it.
    written: &'static str,
    /// Whether a step does.
    wants: fn(&Run) -> bool,
}

const KINDS: [Kind; 2] = [
    Kind {
        entitlement: "security.insecure",
        written: "security: insecure",
        wants: |run| matches!(run.security, Security::Insecure),
    },
    Kind {
        entitlement: "network.host",
        written: "network: host",
        wants: |run| matches!(run.network, Network::Host),
    },
];

impl Checked {
    /// Whether a step that `target` needs wants something that has to be allowed.
    pub fn needs_entitlement(&self, target: &Target) -> bool {
        self.runs(target).iter().any(|run| KINDS.iter().any(|kind| (kind.wants)(run)))
    }

    /// `failure`, or what to do about it if it is that a step of `target` is not allowed something.
    pub fn entitlement(&self, target: &Target, failure: Failure) -> Failure {
        let Failure::Engine(status) = &failure else { return failure };
        let refused = |name: &str| status.message().contains(&format!("{name} is not allowed"));
        let Some(Kind { entitlement: name, written, wants }) =
            KINDS.into_iter().find(|kind| refused(kind.entitlement))
        else {
            return failure;
        };
        let diagnostic = |run: &&Run| {
            let message = format!("the command has {written:?}, which this build does not allow");
            let hint = format!(
                "allow it with docker buildx build --allow {name}; the engine must allow it too, with \"{}\" in \
                 its entitlements",
                name.replace('.', "-")
            );
            Diagnostic::error("not-allowed", run.span, message).hint(hint)
        };
        let runs = self.runs(target);
        let diagnostics: Vec<Diagnostic> = runs.iter().filter(|run| wants(run)).map(diagnostic).collect();
        if diagnostics.is_empty() {
            return failure;
        }
        Failure::Manifest { file: Box::new(self.source.clone()), diagnostics }
    }

    /// The steps that `target` needs.
    fn runs(&self, target: &Target) -> Vec<&Run> {
        let stages = bases_of(&self.manifest, [target]).stages;
        stages.iter().filter_map(|stage| self.manifest.stages.get(stage)).flat_map(|s| &s.run).collect()
    }
}
