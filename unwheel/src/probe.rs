//! Asks the interpreter of a file system for its facts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::interpreter::Interpreter;

/// What is run; it prints one line of JSON.
const SCRIPT: &str = include_str!("probe.py");
/// How much of what a failed interpreter said is shown, in bytes from the end.
const SAID: usize = 2000;

/// Where to look, as the image's environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// `PATH`, folders with `:` between them.
    pub path: String,
    /// `VIRTUAL_ENV`, if it is set.
    pub virtual_env: Option<String>,
}

/// Why there are no facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ProbeError {
    #[error("no python was found, looked for {}; install one in the stage, or add its folder to PATH", looked.join(", "))]
    NotFound { looked: Vec<String> },
    #[error("{executable} is python {version}, expected 3.8 or later")]
    TooOld { executable: String, version: String },
    #[error("{executable} could not be run: {fault}")]
    NotRun { executable: String, fault: String },
    #[error("{executable} failed with {status} when it was asked for its facts: {said}")]
    Failed { executable: String, status: String, said: String },
    #[error("{executable} did not answer with its facts ({fault}), it said: {said}")]
    Answer { executable: String, fault: String, said: String },
}

/// The interpreter that a shell would start: that of the virtual environment, else the first `python3`
/// on `PATH`, else the first `python`.
pub fn find(search: &Search) -> Result<PathBuf, ProbeError> {
    let mut looked = Vec::new();
    if let Some(environment) = search.virtual_env.as_deref().filter(|path| !path.is_empty()) {
        let python = Path::new(environment).join("bin/python");
        if is_executable(&python) {
            return Ok(python);
        }
        looked.push(python.display().to_string());
    }
    for name in ["python3", "python"] {
        // A relative folder depends on where one stands.
        for folder in search.path.split(':').filter(|folder| folder.starts_with('/')) {
            let python = Path::new(folder).join(name);
            if is_executable(&python) {
                return Ok(python);
            }
            looked.push(python.display().to_string());
        }
    }
    if looked.is_empty() {
        looked.push(format!("python3 and python on an empty PATH ({:?})", search.path));
    }
    Err(ProbeError::NotFound { looked })
}

/// Finds the interpreter and asks it. It is run once, isolated from its user's settings, and writes
/// nothing.
pub fn probe(search: &Search) -> Result<Interpreter, ProbeError> {
    ask(&find(search)?)
}

/// What a Python says that cannot run the script.
#[derive(Deserialize)]
struct TooOld {
    too_old: String,
}

fn ask(python: &Path) -> Result<Interpreter, ProbeError> {
    let executable = python.display().to_string();
    let output = command(python)
        .output()
        .map_err(|error| ProbeError::NotRun { executable: executable.clone(), fault: error.to_string() })?;
    if !output.status.success() {
        let said = tail(&output.stderr);
        return Err(ProbeError::Failed { executable, status: output.status.to_string(), said });
    }
    let said = String::from_utf8_lossy(&output.stdout);
    // What a distributor's start-up code prints comes before.
    let line = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if let Ok(TooOld { too_old }) = serde_json::from_str(line) {
        return Err(ProbeError::TooOld { executable, version: too_old });
    }
    serde_json::from_str(line).map_err(|error| {
        let said = tail(&[&output.stdout[..], &output.stderr[..]].concat());
        ProbeError::Answer { executable, fault: error.to_string(), said }
    })
}

fn command(python: &Path) -> Command {
    let mut command = Command::new(python);
    // -I would stand for -E and -s, but Python 2 does not know it and could not say what it is.
    command.args(["-E", "-s", "-B", "-c", SCRIPT]).current_dir("/").stdin(Stdio::null());
    command
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn tail(said: &[u8]) -> String {
    let start = said.len().saturating_sub(SAID);
    String::from_utf8_lossy(&said[start..]).trim().to_owned()
}

#[cfg(test)]
mod tests;
