//! The lock of packages that the manifest names.

use std::collections::BTreeSet;

use layerset_lock::{Inputs, Lock, Problem};

use super::Checked;
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::python::Asked;

impl Checked {
    /// The lock that the manifest names; refused if its inputs have changed since it was made.
    pub(super) async fn committed_lock(
        &self,
        outside: &impl Outside,
        asked: &Asked,
        inputs: &Inputs,
    ) -> Result<Option<Lock>, Failure> {
        let Some(path) = &self.manifest.python.lock else { return Ok(None) };
        let mut files = outside.read(&BTreeSet::from([path.value.clone()])).await?;
        let bytes = files.remove(&path.value).ok_or_else(|| {
            let message = format!("no {:?} in the build context", path.value);
            let diagnostic = Diagnostic::error("missing-path", path.span, message)
                .hint("make it: docker buildx build --call=lock . > pylock.toml");
            Failure::at(&self.source, diagnostic)
        })?;
        let lock = Lock::read(&path.value, &bytes).map_err(|problems| self.wrong(asked, &problems))?;
        let stale: Vec<Problem> = lock
            .stale(inputs)
            .iter()
            .filter(|stale| stale.is_error())
            .map(layerset_lock::Stale::problem)
            .collect();
        if stale.is_empty() { Ok(Some(lock)) } else { Err(self.wrong(asked, &stale)) }
    }
}

/// A warning that there is none.
pub(super) fn unlocked(asked: &Asked) -> Diagnostic {
    let first = asked.values().flatten().map(|(_, span)| *span).min().unwrap_or_default();
    let message = "the packages are not locked: what is installed depends on when it was first built";
    Diagnostic::warning("unlocked", first, message)
        .hint("lock them: docker buildx build --call=lock . > pylock.toml, and python: {lock: pylock.toml}")
}
