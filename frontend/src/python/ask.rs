//! What a step of ours is asked to resolve, and what it answers: JSON on its command line and in a file.

use std::collections::BTreeSet;

use layerset_lock::{Environment, InputId, Problem, Resolution, Settings};
use serde::{Deserialize, Serialize};
use unwheel::Interpreter;

use crate::plan::Directories;

/// What was found on a stage: its interpreter, or why there is none.
#[derive(Clone, Debug)]
pub enum Probed {
    /// Its facts.
    Interpreter(Box<Interpreter>),
    /// Facts that nobody was asked for: what a lock was made for.
    Assumed(Box<Interpreter>),
    /// For the user to read.
    Nothing(String),
}

/// What a step found on a stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// Its interpreter.
    pub interpreter: Option<Box<Interpreter>>,
    /// Why there is none: for the user to read.
    pub nothing: Option<String>,
    /// The directories that packages and files go to, as far as they are there.
    #[serde(default)]
    pub directories: Directories,
}

/// What is to be resolved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The requirements of each stage and service.
    pub sets: Vec<Vec<InputId>>,
    /// The machines that some of them are for alone, by `uname -m`'s names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<(InputId, BTreeSet<String>)>,
    /// For which interpreters.
    pub environments: Vec<Environment>,
    /// One resolution or several.
    pub resolution: Resolution,
    /// Indexes.
    pub settings: Settings,
    /// Credentials of indexes.
    pub credentials: Vec<Credential>,
    /// A PEM file among the files, with the certificates of indexes.
    pub certificates: Option<String>,
    /// Where the lock goes in the context.
    pub lock: String,
    /// Path of the lock there is, among the files.
    pub previous: Option<String>,
}

/// What the step that builds a source distribution is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Build {
    /// Where it finds what the build itself requires.
    #[serde(flatten)]
    pub settings: Settings,
    /// Credentials of indexes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Credential>,
}

/// Credentials of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The index's name in the settings, upper case.
    pub index: String,
    /// The file with its Authorization header.
    pub file: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The lock.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lock: String,
    /// What is wrong; then there is no lock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}
