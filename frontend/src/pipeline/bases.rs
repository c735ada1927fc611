//! What base images and named contexts are.

use std::collections::BTreeMap;

use super::Checked;
use crate::diagnostic::{Diagnostic, Span};
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::outside::{Outside, Resolved};
use crate::plan::{self, Target};
use crate::platform::Platform;

/// In the text of containerd's and BuildKit's error for an index without the platform.
const NO_PLATFORM: &str = "no match for platform";

/// Whether an image is there for other platforms.
pub(super) fn is_elsewhere(failure: &Failure) -> bool {
    matches!(failure, Failure::Engine(status) if status.message().contains(NO_PLATFORM))
}

impl Checked {
    /// What the bases of `targets` are, and of whatever says where files go.
    pub(super) async fn resolve(
        &self,
        outside: &impl Outside,
        targets: &[Target],
        platform: &Platform,
    ) -> Result<Resolved, Failure> {
        let reached = plan::bases_of(&self.manifest, targets).bases;
        // What other targets are built on may say where their files go: that it cannot be had is for their
        // builds to say.
        let mut bases = plan::bases_of_working_dirs(&self.manifest);
        bases.extend(reached.clone());
        let pins = self.pins(outside).await?;
        let mut resolved = outside.resolve(&bases, platform, &pins).await?;
        self.accept(&reached, std::mem::take(&mut resolved.refused), platform)?;
        Ok(resolved)
    }

    /// Refuses those of `bases` that the engine does not give, each at the place that names it.
    pub(super) fn accept(
        &self,
        bases: &BTreeMap<Base, Span>,
        refused: BTreeMap<Base, Failure>,
        platform: &Platform,
    ) -> Result<(), Failure> {
        let mut diagnostics = Vec::new();
        for (base, failure) in refused {
            let Some(span) = bases.get(&base) else { continue };
            let Failure::Engine(status) = failure else { return Err(failure) };
            let message = status.message();
            let (message, hint) = if message.contains(NO_PLATFORM) {
                let platform = if let Base::Fixed { platform, .. } = &base { platform } else { platform };
                let hint = "choose another base or other platforms; a stage that is only copied from can be built \
                            for the builder: platform: build";
                (format!("this base is not there for {platform}: {message}"), hint)
            } else {
                let hint = "the engine looks for it in its own store and in the registry of its name";
                (format!("cannot use this base: {message}"), hint)
            };
            diagnostics.push(Diagnostic::error("unresolved-base", *span, message).hint(hint));
        }
        if diagnostics.is_empty() {
            return Ok(());
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }
}
