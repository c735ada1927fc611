//! Limits that services set for their images.

use super::{Checked, Listed};
use crate::failure::Failure;
use crate::outside::Outside;
use crate::plan::Target;
use crate::platform::Platform;

impl Checked {
    pub(super) fn has_budget_of_bytes(&self, targets: &[Target]) -> bool {
        let limited = |name: &String| {
            let service = self.manifest.services.get(name);
            service.and_then(|service| service.budget.as_ref()).is_some_and(|budget| budget.size.is_some())
        };
        targets.iter().any(|target| matches!(target, Target::Service(name) if limited(name)))
    }

    /// Refuses images of all services that are over their limits, as far as these can be known without
    /// a build. Where no service has a budget, nothing is asked for.
    pub async fn check_budgets(
        &self,
        outside: &impl Outside,
        worker: &Platform,
        platform: &Platform,
    ) -> Result<(), Failure> {
        let budgets: Vec<_> =
            self.manifest.services.values().filter_map(|service| service.budget.as_ref()).collect();
        if budgets.is_empty() {
            return Ok(());
        }
        let sized = budgets.iter().any(|budget| budget.size.is_some());
        let listed = if sized { Listed::Always } else { Listed::IfNeeded };
        let services = self.services();
        let platforms = std::slice::from_ref(platform);
        let native = self.native(outside, &services, worker, platforms).await?;
        let planned = self.planned(outside, &services, platform, native.as_ref(), listed).await?;
        let diagnostics = planned.over_budget(&self.manifest, &services);
        if diagnostics.is_empty() {
            return Ok(());
        }
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }
}
