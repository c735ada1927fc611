//! What `check` finds: everything that can be said without building.

use super::Checked;
use crate::diagnostic::{Diagnostic, Severity};
use crate::failure::Failure;
use crate::outside::Outside;
use crate::plan::{self, Facts};
use crate::platform::Platform;

impl Checked {
    /// What is odd about the manifest, the paths it names, its budgets and its packages; all of it together with
    /// the warnings if any of it is wrong. Steps run on `worker`.
    pub async fn findings(
        &self,
        outside: &impl Outside,
        worker: &Platform,
        platform: &Platform,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let plan = plan::plan(&self.manifest, &Facts::default(), self.ignore.clone());
        let mut found = self.warnings.clone();
        let paths = self.kinds(outside, &plan, None, &self.everything()).await;
        found.extend(wrong(paths.map(|_| Vec::new()))?);
        found.extend(wrong(self.pins(outside).await.map(|_| Vec::new()))?);
        let budgets = self.check_budgets(outside, worker, platform).await;
        found.extend(wrong(budgets.map(|()| Vec::new()))?);
        found.extend(wrong(self.check_packages(outside, &plan, platform).await)?);
        // What is planned for budgets finds what is wrong with packages too.
        let mut once = Vec::new();
        for diagnostic in self.checks.of(found) {
            if !once.contains(&diagnostic) {
                once.push(diagnostic);
            }
        }
        if once.iter().all(|diagnostic| diagnostic.severity != Severity::Error) {
            return Ok(once);
        }
        once.sort_by_key(|diagnostic| (diagnostic.severity != Severity::Error, diagnostic.span));
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics: once })
    }
}

/// What is wrong with the manifest is found, like a warning; that something cannot be asked for is not.
fn wrong(found: Result<Vec<Diagnostic>, Failure>) -> Result<Vec<Diagnostic>, Failure> {
    match found {
        Err(Failure::Manifest { diagnostics, .. }) => Ok(diagnostics),
        other => other,
    }
}
