//! What stages and services require, as their files say it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use layerset_lock::{Inputs, Lock, Place, Problem};

use super::Checked;
use super::everywhere::{Everywhere, together};
use super::packages::MADE;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::python::{self, Asked};

/// What is asked for, and what there is to answer it with.
#[derive(Debug, Default)]
pub(super) struct Required {
    pub(super) asked: Asked,
    /// The same on each platform of the build.
    pub(super) everywhere: Everywhere,
    /// All of it.
    pub(super) inputs: Inputs,
    /// The files that a resolver reads.
    pub(super) files: BTreeSet<String>,
    pub(super) committed: Option<Lock>,
}

impl Checked {
    /// What stages and services require, with the files that say so.
    pub(super) async fn required(
        &self,
        outside: &impl Outside,
        everywhere: Everywhere,
    ) -> Result<Required, Failure> {
        let asked = python::asked(&self.manifest);
        let (read, committed) = self.read_packages(outside, &together(&everywhere)).await?;
        let files = self.step_files(read.files.keys());
        Ok(Required { asked, everywhere, inputs: read.inputs, files, committed })
    }
}

impl Required {
    /// What is required here alone, for what is to be said of it.
    pub(super) fn inputs_here(&self) -> Cow<'_, Inputs> {
        if self.everywhere.len() == 1 {
            return Cow::Borrowed(&self.inputs);
        }
        let mut inputs = self.inputs.clone();
        let here: BTreeSet<_> = self.asked.values().flatten().map(|(id, _)| id).collect();
        inputs.inputs.retain(|input| here.contains(&input.id));
        let files: BTreeSet<_> = inputs.inputs.iter().flat_map(|input| &input.files).collect();
        let is_here =
            |problem: &Problem| problem.place.as_ref().is_none_or(|place| files.contains(&place.file));
        inputs.elsewhere.retain(is_here);
        Cow::Owned(inputs)
    }

    /// Problems without places in a lock that is no file.
    pub(super) fn of_files(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        if self.committed.is_none() {
            let unwritten = |place: &Place| place.file == MADE;
            for problem in &mut problems {
                problem.place.take_if(|place| unwritten(place));
                problem.also.retain(|(place, _)| !unwritten(place));
            }
        }
        problems
    }
}
