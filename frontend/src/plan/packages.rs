//! Python packages as plain data: which wheels there are for an interpreter, and who needs which.

use std::collections::BTreeMap;

use serde::Serialize;
use unwheel::{Runtime, Scheme};

use crate::diagnostic::Span;

use super::reason::Reason;

/// A wheel for one interpreter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Wheel {
    /// The package, normalised.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its bytes as downloaded, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Where it comes from.
    pub source: WheelSource,
}

/// Where a wheel comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WheelSource {
    /// An address.
    Url {
        /// File name of the wheel.
        filename: String,
        /// Its address, without credentials.
        url: String,
        /// 64 hex digits.
        sha256: String,
        /// Id of the secret with the Authorization header.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
    /// A file of the context.
    Context {
        /// File name of the wheel.
        filename: String,
        /// Its path in the context.
        path: String,
        /// 64 hex digits.
        sha256: String,
    },
    /// Built from a source distribution, on the stage or image named.
    Sdist {
        /// The source distribution.
        sdist: Box<WheelSource>,
    },
}

impl WheelSource {
    /// The hash of the file, 64 hex digits; that of the source distribution where one is built.
    pub fn sha256(&self) -> &str {
        match self {
            Self::Url { sha256, .. } | Self::Context { sha256, .. } => sha256,
            Self::Sdist { sdist } => sdist.sha256(),
        }
    }
}

/// The packages of all services for one interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Where the interpreter has its packages.
    pub scheme: Scheme,
    /// Its version as people say it, `3.12`.
    pub python: String,
    /// All wheels that anybody needs.
    pub wheels: Vec<Wheel>,
    /// Which of them each stage and service needs (`service api`, `stage base`), as if all had this interpreter.
    pub needs: BTreeMap<String, Vec<usize>>,
    /// Where each stage and service says what it requires.
    pub places: BTreeMap<String, Span>,
    /// Why the heavy ones are needed, as far as it is known.
    pub reasons: BTreeMap<usize, Vec<Reason>>,
    /// Whether modules are compiled after they are installed.
    pub bytecode: bool,
    /// What compiles them, where the interpreter was asked.
    pub runtime: Option<Runtime>,
    /// Where what building a wheel requires comes from.
    pub requirements: BuildRequirements,
}

/// Where the build requirements of source distributions come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildRequirements {
    /// Indexes, as the step that builds reads them.
    pub indexes: String,
    /// A directory of wheels in the context.
    pub wheels: Option<String>,
    /// The certificates of indexes, in the context.
    pub certificates: Option<String>,
    /// Credentials of indexes: the id of each secret, and the file that the step reads it from.
    pub secrets: Vec<(String, String)>,
}

/// What is known of packages.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// One for each distinct interpreter.
    pub views: Vec<View>,
    /// Which of them each stage and service has. Who needs packages and is not here is not built now.
    pub of: BTreeMap<String, usize>,
}

/// The packages of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// Where they go.
    pub scheme: Scheme,
    /// The wheels, by name.
    pub wheels: Vec<Wheel>,
    /// Whether modules are compiled.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bytecode: bool,
    /// What compiles them, which changes nothing of what comes out.
    #[serde(skip)]
    pub runtime: Option<Runtime>,
    /// Where what building a wheel requires comes from.
    #[serde(skip)]
    pub requirements: BuildRequirements,
}

impl Wheel {
    /// File name, as far as it is known before anything is built.
    pub fn filename(&self) -> Option<&str> {
        match &self.source {
            WheelSource::Url { filename, .. } | WheelSource::Context { filename, .. } => Some(filename),
            WheelSource::Sdist { .. } => None,
        }
    }

    /// About the bytes that it has in a layer, as far as they are known: modules that are compiled too are twice as large,
    /// when they are compressed.
    pub(super) fn weight(&self, bytecode: bool) -> u64 {
        let pure = self.filename().is_some_and(|name| name.ends_with("-any.whl"));
        self.size.unwrap_or_default().saturating_mul(if pure && bytecode { 2 } else { 1 })
    }

    /// Its path in the context, if it or what it is built from is there.
    pub(super) fn context_path(&self) -> Option<&str> {
        let mut source = &self.source;
        loop {
            match source {
                WheelSource::Context { path, .. } => return Some(path),
                WheelSource::Sdist { sdist } => source = sdist,
                WheelSource::Url { .. } => return None,
            }
        }
    }
}

impl Installed {
    /// Bytes of the wheels, as far as they are known.
    pub fn bytes(&self) -> u64 {
        self.wheels.iter().filter_map(|wheel| wheel.size).sum()
    }

    /// The directories that wheels are installed to, each once.
    pub fn targets(&self) -> Vec<&str> {
        let Scheme { purelib, platlib, scripts, data, headers, .. } = &self.scheme;
        let mut targets = vec![purelib.as_str(), platlib, scripts, data, headers];
        targets.sort_unstable();
        targets.dedup();
        targets
    }
}
