//! Files that nobody should trust.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

mod inputs;
mod locks;

use std::collections::BTreeMap;
use std::convert::Infallible;

use layerset_lock::{Failure, InputId, Inputs};

type Files = BTreeMap<String, Vec<u8>>;

fn read(id: &str, files: &Files) -> Result<Inputs, Vec<String>> {
    let read = |path: &str| Ok::<_, Infallible>(files.get(path).cloned());
    Inputs::read(&[InputId::file(id)], read).map_err(|failure| match failure {
        Failure::Problems(problems) => problems.iter().map(ToString::to_string).collect(),
        Failure::Read(never) => match never {},
    })
}

fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Files {
    BTreeMap::from([(path.to_owned(), bytes.into())])
}
