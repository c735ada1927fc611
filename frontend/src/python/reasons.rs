//! Why heavy packages are there: which line of which file brought each of them in, and through what.

use std::collections::BTreeMap;

use layerset_lock::{Closure, Closures, Input, Lock};

use crate::plan::Reason;

/// Reasons of the lock's packages: by package, and then by the same words for all stages and services that have them.
#[derive(Debug, Default)]
pub(super) struct Reasons(BTreeMap<usize, BTreeMap<Reason, Vec<String>>>);

impl Reasons {
    /// Adds why `consumer`, whose inputs need `closure`, has each of the packages `heavy`.
    pub(super) fn add(
        &mut self,
        consumer: &str,
        lock: &Lock,
        closures: &Closures<'_>,
        (inputs, closure): (&[&Input], &Closure),
        heavy: &[usize],
    ) {
        if heavy.is_empty() {
            return;
        }
        let links = closures.why(inputs, closure);
        for index in heavy {
            let Some(link) = links.get(index) else { continue };
            let name = |at: &usize| lock.packages.get(*at).map(|package| package.name.clone());
            let reason = Reason {
                file: link.place.file.clone(),
                line: link.place.line,
                requirement: link.requirement.clone(),
                // The requirement names the first itself.
                through: link.chain.iter().skip(1).filter_map(name).collect(),
                consumers: Vec::new(),
            };
            self.0.entry(*index).or_default().entry(reason).or_default().push(consumer.to_owned());
        }
    }

    /// Those of one package.
    pub(super) fn take(&mut self, package: usize) -> Vec<Reason> {
        let found = self.0.remove(&package).unwrap_or_default();
        found.into_iter().map(|(reason, consumers)| Reason { consumers, ..reason }).collect()
    }
}
