//! What a manifest asks for on platforms besides its own: a lock is for all of them, and a value such as `${TARGETARCH}` may name
//! other files and other images on each.

use std::collections::{BTreeMap, BTreeSet};

use super::Checked;
use crate::diagnostic::Span;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::python::{self, Asked};

/// Images by their names, with the places that name them.
pub(super) type Images = BTreeMap<String, BTreeSet<Span>>;

impl Checked {
    /// What is required on `platforms`, as far as it is something else than here.
    pub(super) fn asked_elsewhere(&self, platforms: &[Platform]) -> Result<Vec<Asked>, Failure> {
        let here = python::asked(&self.manifest);
        let mut elsewhere = BTreeSet::new();
        for platform in platforms {
            elsewhere.insert(python::asked(&self.on(platform)?.manifest));
        }
        elsewhere.remove(&here);
        Ok(elsewhere.into_iter().collect())
    }

    /// The images to be pinned here and on `platforms`.
    pub(super) fn images_on(&self, platforms: &[Platform]) -> Result<Images, Failure> {
        let mut images = self.images();
        for platform in platforms {
            for (name, spans) in self.on(platform)?.images() {
                images.entry(name).or_default().extend(spans);
            }
        }
        Ok(images)
    }
}

/// All that is asked for: each consumer with what it requires on any platform.
pub(super) fn together(all: &[Asked]) -> Asked {
    let mut together = Asked::new();
    for (name, entries) in all.iter().flatten() {
        let known = together.entry(name.clone()).or_default();
        for entry in entries {
            if !known.contains(entry) {
                known.push(entry.clone());
            }
        }
    }
    together
}
