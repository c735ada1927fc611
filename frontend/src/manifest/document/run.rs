//! `run` as written: commands and what they may use.

use schemars::JsonSchema;

use super::super::keys::keys;
use super::super::node::{Node, Value};
use super::super::read::{List, Merge, Read, Reader, Text};

keys! {
    /// A command with what it may use.
    pub struct RunMapping {
        /// The command: text for the stage's shell, or a list that no shell touches.
        command: RunCommand = "[npm, ci]",
        /// Secrets it may read; they are never part of a layer.
        secrets: List<Secret> = "[npm_token]",
        /// SSH agents it may use.
        ssh: List<Ssh> = "[default]",
        /// Directories that stay from one build to the next.
        cache: List<Cache> = "[/root/.npm]",
        /// Its network: default, none or host.
        network: Text = "none",
        /// What it sees besides its stage: files of the context, of stages and images, and memory.
        mounts: List<Mount> = "[{from: tools, target: /tools}, {type: tmpfs, target: /scratch}]",
        /// Whether it runs as a process of the sandbox or with all privileges: sandbox or insecure.
        security: Text = "insecure",
    }
}

keys! {
    /// Something that a command sees besides its stage; nothing of it is part of the stage.
    pub struct Mount {
        /// bind (files, if absent) or tmpfs (memory).
        r#type: Text = "bind",
        /// A stage, an image with tag or digest, or a named context; the build context if absent.
        from: Text = "tools",
        /// Path there; all of it if absent.
        source: Text = "config/",
        /// Where the command sees it: absolute, or below the working directory.
        target: Text = "/tools",
        /// Whether it cannot be written; true if absent. What is written is thrown away.
        read_only: Text = "false",
        /// How much memory.
        tmpfs: Tmpfs = "{size: 64MB}",
    }
}

keys! {
    /// Memory as a directory.
    pub struct Tmpfs {
        /// Most bytes.
        size: Text = "64MB",
    }
}

keys! {
    /// A secret and where the command finds it.
    pub struct SecretMapping {
        /// Its id, as in `--secret id=npm_token`.
        id: Text = "npm_token",
        /// Absolute path of the file; /run/secrets/ID if neither target nor environment is given.
        target: Text = "/root/.npmrc",
        /// Variable that carries it.
        environment: Text = "NPM_TOKEN",
        /// Whether the build fails without it; true if absent.
        required: Text = "false",
        /// Permission bits of the file, in octal.
        mode: Text = "\"0400\"",
        /// User that owns the file.
        uid: Text = "1000",
        /// Group that owns the file.
        gid: Text = "1000",
    }
}

keys! {
    /// An SSH agent and where the command finds its socket.
    pub struct SshMapping {
        /// Its id, as in `--ssh default`.
        id: Text = "default",
        /// Absolute path of the socket.
        target: Text = "/run/agent.sock",
        /// Whether the build fails without it; true if absent.
        required: Text = "false",
        /// Permission bits of the socket, in octal.
        mode: Text = "\"0600\"",
        /// User that owns the socket.
        uid: Text = "1000",
        /// Group that owns the socket.
        gid: Text = "1000",
    }
}

keys! {
    /// A directory that stays from one build to the next.
    pub struct CacheMapping {
        /// Absolute path.
        target: Text = "/root/.npm",
        /// Its id; the path if absent.
        id: Text = "npm",
        /// What happens when two commands want it: shared, private or locked.
        sharing: Text = "locked",
        /// Permission bits of the directory when it is new, in octal.
        mode: Text = "\"0700\"",
        /// User that owns it when it is new.
        uid: Text = "1000",
        /// Group that owns it when it is new.
        gid: Text = "1000",
    }
}

either! {
    /// An entry of `secrets`.
    pub enum Secret {
        /// An id.
        Id,
        /// In full.
        Full(Box<SecretMapping>) = "an id or a mapping", Value::Map(_)
    }
}

either! {
    /// An entry of `ssh`.
    pub enum Ssh {
        /// An id.
        Id,
        /// In full.
        Full(Box<SshMapping>) = "an id or a mapping", Value::Map(_)
    }
}

either! {
    /// An entry of `cache`.
    pub enum Cache {
        /// An absolute path.
        Path,
        /// In full.
        Full(Box<CacheMapping>) = "a path or a mapping", Value::Map(_)
    }
}

either! {
    /// The command of a step.
    pub enum RunCommand {
        /// For the stage's shell.
        Shell,
        /// For no shell.
        Argv(List<Text>) = "text or a list of texts", Value::List(_)
    }
}

impl Merge for RunCommand {
    fn merge(&mut self, _: &Self) {}
}

/// An entry of `run`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(untagged)]
pub enum Run {
    /// A command alone.
    Command(RunCommand),
    /// With what it may use.
    Full(Box<RunMapping>),
}

impl Read for Run {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::Null => {
                reader.wrong_type(node, "a command");
                None
            }
            Value::Map(_) => Read::read(node, reader).map(Self::Full),
            Value::Scalar(_) | Value::List(_) => RunCommand::read(node, reader).map(Self::Command),
        }
    }
}
