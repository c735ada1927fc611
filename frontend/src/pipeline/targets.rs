//! What is built: names that a user gives, and those that there are.

use std::collections::BTreeSet;

use super::Checked;
use crate::diagnostic::{Diagnostic, Severity};
use crate::failure::Failure;
use crate::manifest;
use crate::plan::{self, Target, Targets, UnknownTarget};

impl Checked {
    /// The target to build; an error lists those there are.
    pub fn target(&self, requested: Option<&str>) -> Result<Target, Failure> {
        plan::choose(&self.manifest, requested).map_err(|unknown| self.unknown_target(&unknown))
    }

    /// Every service, as targets.
    pub fn services(&self) -> Vec<Target> {
        self.manifest.services.keys().cloned().map(Target::Service).collect()
    }

    /// Every service and stage, as targets.
    pub fn everything(&self) -> Vec<Target> {
        let stages = self.manifest.stages.keys().cloned().map(Target::Stage);
        self.services().into_iter().chain(stages).collect()
    }

    /// Refuses names in `--no-cache-filter` that are neither a service nor a stage.
    pub fn known_names(&self, names: &BTreeSet<String>) -> Result<(), Failure> {
        let known = |name: &String| {
            self.manifest.services.contains_key(name) || self.manifest.stages.contains_key(name)
        };
        match names.iter().find(|name| !known(name)) {
            Some(name) => Err(self.unknown_target(&UnknownTarget::Name(name.clone()))),
            None => Ok(()),
        }
    }

    pub(super) fn unknown_target(&self, unknown: &UnknownTarget) -> Failure {
        let targets = Targets::of(&self.manifest);
        let known = known(&targets);
        let (message, hint) = match unknown {
            UnknownTarget::Name(name) => {
                let all = targets.services.iter().chain(&targets.stages);
                let near = manifest::nearest(name, all.map(String::as_str));
                let hint =
                    near.map_or_else(|| known.clone(), |near| format!("did you mean {near:?}? {known}"));
                (format!("no target {name:?}, expected a service or a stage"), hint)
            }
            UnknownTarget::Several => (
                "no target was named and there are several services".to_owned(),
                format!("use --target NAME; {known}"),
            ),
            UnknownTarget::NoService => (
                "no target was named and there is no service".to_owned(),
                format!("use --target NAME; {known}"),
            ),
        };
        let span = manifest::section_span(&self.source, "services").unwrap_or_default();
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            rule: "unknown-target",
            message,
            span,
            labels: Vec::new(),
            hint: Some(hint),
        };
        Failure::at(&self.source, diagnostic)
    }
}

/// `services: api, web; stages: base`, shortened where there are hundreds.
fn known(targets: &Targets) -> String {
    const SHOWN: usize = 30;
    let list = |what: &str, names: &[String]| {
        let more = names.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more, see --call=targets") } else { String::new() };
        let shown = &names[..names.len() - more];
        (!names.is_empty()).then(|| format!("{what}: {}{rest}", shown.join(", ")))
    };
    let parts = [list("services", &targets.services), list("stages", &targets.stages)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
