//! The facts of a stage's interpreter.

use std::path::Path;

use unwheel::Search;

use super::resolve::write;
use crate::failure::Failure;
use crate::python::Probed;

/// Writes `interpreter.json`. That there is no interpreter is an answer too: it stays true while the stage is
/// the same.
pub(super) fn probe(out: &Path, path: &str, virtual_env: &str) -> Result<(), Failure> {
    let virtual_env = Some(virtual_env.to_owned()).filter(|path| !path.is_empty());
    let found = match unwheel::probe(&Search { path: path.to_owned(), virtual_env }) {
        Ok(interpreter) => Probed::Interpreter(Box::new(interpreter)),
        Err(error) => Probed::Nothing(error.to_string()),
    };
    write(&out.join("interpreter.json"), &serde_json::to_vec(&found).unwrap_or_default())
}
