//! Commands of stages, and what they may use.

use std::collections::BTreeMap;

use super::{CopyFrom, Selection};
use crate::diagnostic::Span;

/// A step of a stage.
#[derive(Clone, Debug)]
pub struct Run {
    /// Where it stands.
    pub span: Span,
    /// What is run.
    pub command: Command,
    /// Build arguments that a shell command names; they travel as environment, never as text.
    pub args: BTreeMap<String, String>,
    /// Secrets it may read.
    pub secrets: Vec<Secret>,
    /// SSH agents it may use.
    pub ssh: Vec<Ssh>,
    /// Cache mounts.
    pub cache: Vec<Cache>,
    /// Its network.
    pub network: Network,
    /// What it sees besides the stage.
    pub mounts: Vec<Mount>,
    /// Its privileges.
    pub security: Security,
}

/// Something that a step sees besides its stage, never part of a layer.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Where it stands.
    pub span: Span,
    /// Absolute, or relative to the working directory (clean).
    pub target: String,
    /// What it is.
    pub what: Mounted,
}

/// What is mounted.
#[derive(Clone, Debug)]
pub enum Mounted {
    /// A path of the build context.
    Context {
        /// The path; of the rest only the span is meant.
        selection: Selection,
        /// Whether the step can write to it, to no effect.
        writable: bool,
    },
    /// A path of a stage, an image or a named context.
    From {
        /// The path and whose it is.
        copy: CopyFrom,
        /// Whether the step can write to it, to no effect.
        writable: bool,
    },
    /// Memory; with 0 bytes as much as the engine gives.
    Tmpfs {
        /// Most bytes.
        size: u64,
    },
}

/// What a step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A text for the stage's shell.
    Shell(String),
    /// argv, not touched by any shell.
    Argv(Vec<String>),
}

/// A secret of a step, never part of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Where it stands.
    pub span: Span,
    /// Its id, as in `--secret id=…`.
    pub id: String,
    /// Absolute path of the file; `None` when only `environment` is set.
    pub target: Option<String>,
    /// Name of the variable that carries it.
    pub environment: Option<String>,
    /// Whether the build fails without it.
    pub required: bool,
    /// Permission bits of the file.
    pub mode: u32,
    /// Owner of the file.
    pub uid: u32,
    /// Group of the file.
    pub gid: u32,
}

/// An agent of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssh {
    /// Where it stands.
    pub span: Span,
    /// The client's name for it; `default` is the usual one.
    pub id: String,
    /// Absolute path of the socket; `None`: one of BuildKit's own.
    pub target: Option<String>,
    /// Whether the step fails without it.
    pub required: bool,
    /// Permission bits of the socket.
    pub mode: u32,
    /// Owner of the socket.
    pub uid: u32,
    /// Group of the socket.
    pub gid: u32,
}

/// A cache mount of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Where it stands.
    pub span: Span,
    /// Absolute path.
    pub target: String,
    /// Its id; `None`: the path.
    pub id: Option<String>,
    /// What happens when two steps want it.
    pub sharing: Sharing,
    /// What a new one is; `None`: root's, with mode 0755.
    pub owned: Option<Owned>,
}

/// Owner and permissions of a directory that is made for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// BuildKit's cache sharing modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Used by several at once.
    #[default]
    Shared,
    /// A fresh one for a second writer.
    Private,
    /// A second writer waits.
    Locked,
}

/// Network of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// The engine's sandbox network.
    #[default]
    Default,
    /// No network.
    None,
    /// The host's; needs the entitlement `network.host`.
    Host,
}

/// Privileges of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Those of a container.
    #[default]
    Sandbox,
    /// All; needs the entitlement `security.insecure`.
    Insecure,
}
