//! What stages and services require, as their files say it.

use std::collections::BTreeSet;

use layerset_lock::{Inputs, Lock, Place, Problem};

use super::Checked;
use super::everywhere::together;
use super::packages::MADE;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::python::{self, Asked};

/// What is asked for, and what there is to answer it with.
#[derive(Debug, Default)]
pub(super) struct Required {
    pub(super) asked: Asked,
    /// What is on other platforms of the same build, where it is something else.
    pub(super) elsewhere: Vec<Asked>,
    /// All of it.
    pub(super) inputs: Inputs,
    /// The files that a resolver reads.
    pub(super) files: BTreeSet<String>,
    pub(super) committed: Option<Lock>,
}

impl Checked {
    /// What stages and services require here and `elsewhere`, with the files that say so.
    pub(super) async fn required(
        &self,
        outside: &impl Outside,
        elsewhere: Vec<Asked>,
    ) -> Result<Required, Failure> {
        let mut required =
            Required { asked: python::asked(&self.manifest), elsewhere, ..Required::default() };
        let (read, committed) = self.read_packages(outside, &together(&required.everywhere())).await?;
        required.files = self.step_files(read.files.keys());
        Ok(Required { inputs: read.inputs, committed, ..required })
    }
}

impl Required {
    /// What is asked for on each platform.
    pub(super) fn everywhere(&self) -> Vec<Asked> {
        std::iter::once(&self.asked).chain(&self.elsewhere).cloned().collect()
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
