//! The checked manifest: what `check` hands to `plan`. Every name is resolved, every template
//! applied, every value valid; spans are kept for whatever a later stage may have to report.

mod python;
mod run;

pub use python::{Index, Part, Python, Requirement, Resolution};
pub use run::{Cache, Command, Mount, Mounted, Network, Owned, Run, Secret, Security, Sharing, Ssh};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::diagnostic::{Span, Spanned};
use crate::platform::Platform;

/// What the image of a service without `image` is called, as compose does it: no engine takes capitals in a name.
pub fn unnamed_image(project: Option<&str>, service: &str) -> String {
    let project = project.map(|project| format!("{project}-")).unwrap_or_default();
    format!("{project}{service}").to_ascii_lowercase()
}

/// A whole manifest after `check`.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// The project's name, used for image names nobody gave.
    pub name: Option<String>,
    /// Build arguments with the values in force: `--build-arg` over the manifest's default.
    pub args: BTreeMap<String, String>,
    /// Names of the build arguments that it or one of its stages declares.
    pub declared: BTreeSet<String>,
    /// Build stages by name.
    pub stages: BTreeMap<String, Stage>,
    /// Services by name, templates already applied.
    pub services: BTreeMap<String, Service>,
    /// How Python packages are found. Its lock is that of everything, where it has none of its own.
    pub python: Python,
    /// Lock of images and packages, a file in the context.
    pub lock: Option<Spanned<String>>,
}

/// What an image or stage starts from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Base {
    /// The empty file system.
    Scratch,
    /// A stage of this manifest.
    Stage(String),
    /// An image reference as written, `python:3.12-slim` (not yet normalised), always with a tag or digest.
    Image(String),
    /// A named context (`--build-context NAME=…`), which may have the name of an image or of the stage it replaces.
    Context(String),
    /// A file of the web, the only one of what is copied from; nothing is built on it.
    Download(Download),
    /// An image or a named context for another platform than that of the images.
    Fixed {
        /// The reference, or the context's name.
        name: String,
        /// The platform.
        platform: Platform,
    },
}

impl Base {
    /// The same for another platform than that of the images, if it is one of those that are of a platform.
    #[must_use]
    pub fn fixed(self, platform: &Platform) -> Self {
        match self {
            Self::Image(name) | Self::Context(name) => Self::Fixed { name, platform: platform.clone() },
            other => other,
        }
    }
}

/// A file of the web.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Download {
    /// Its address, `http://` or `https://`, without credentials.
    pub url: String,
    /// Its digest, `sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// The path of a download in what is copied from.
pub const DOWNLOADED: &str = "/download";

impl fmt::Display for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scratch => formatter.write_str("scratch"),
            Self::Stage(name) | Self::Image(name) | Self::Context(name) => formatter.write_str(name),
            Self::Download(download) => formatter.write_str(&download.url),
            Self::Fixed { name, platform } => write!(formatter, "{name} for {platform}"),
        }
    }
}

/// A shared build stage: a chain that is built once. Its steps run in this order: `apt`, `files`, `copy`, `run`.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Where its name stands.
    pub span: Span,
    /// What it starts from.
    pub from: Spanned<Base>,
    /// The platform of its base and of its steps, if it is not that of the images. Stages on it have it too.
    pub platform: Option<Platform>,
    /// Debian packages to install.
    pub apt: Vec<Spanned<String>>,
    /// Environment, for its steps and for every image built on it.
    pub environment: BTreeMap<String, String>,
    /// Absolute working directory.
    pub working_dir: Option<Spanned<String>>,
    /// User of `run` steps and of images built on it.
    pub user: Option<Spanned<String>>,
    /// Shell for `run` strings, argv without the command; `None`: the base's, else `/bin/sh -c`.
    pub shell: Option<Vec<String>>,
    /// Selections of the build context.
    pub files: Vec<Selection>,
    /// Copies from other stages, images or named contexts.
    pub copy: Vec<CopyFrom>,
    /// Python requirements.
    pub requirements: Vec<Requirement>,
    /// Commands, in the order written.
    pub run: Vec<Run>,
}

impl Stage {
    /// All that its steps mount.
    pub fn mounts(&self) -> impl Iterator<Item = &Mount> {
        self.run.iter().flat_map(|run| &run.mounts)
    }

    /// What it needs of the build context: files to keep and files that its steps mount.
    pub fn selections(&self) -> impl Iterator<Item = &Selection> {
        let mounted = self.mounts().filter_map(|mount| match &mount.what {
            Mounted::Context { selection, .. } => Some(selection),
            _ => None,
        });
        self.files.iter().chain(mounted)
    }

    /// What it needs from elsewhere: files to keep and files that its steps mount.
    pub fn elsewhere(&self) -> impl Iterator<Item = &CopyFrom> {
        let mounted = self.mounts().filter_map(|mount| match &mount.what {
            Mounted::From { copy, .. } => Some(copy),
            _ => None,
        });
        self.copy.iter().chain(mounted)
    }

    /// A stage whose place the named context of its name has taken: it is that context and nothing else, as in a
    /// Dockerfile. `span` is where the stage's name stands.
    pub fn of_context(name: &str, span: Span) -> Self {
        Self {
            span,
            platform: None,
            from: Spanned { value: Base::Context(name.to_owned()), span },
            apt: Vec::new(),
            environment: BTreeMap::new(),
            working_dir: None,
            user: None,
            shell: None,
            files: Vec::new(),
            copy: Vec::new(),
            requirements: Vec::new(),
            run: Vec::new(),
        }
    }
}

/// A service: one build target, one image.
#[derive(Clone, Debug)]
pub struct Service {
    /// Where its name stands.
    pub span: Span,
    /// What its image is built on.
    pub from: Spanned<Base>,
    /// Selections of the build context.
    pub files: Vec<Selection>,
    /// Copies from stages, images or named contexts.
    pub copy: Vec<CopyFrom>,
    /// Python requirements.
    pub requirements: Vec<Requirement>,
    /// What the image configuration says over that of the base.
    pub config: Config,
    /// Names to tag in generated bake files.
    pub image: Vec<Spanned<String>>,
    /// Platforms for generated bake files, `linux/arm64`.
    pub platforms: Vec<Spanned<String>>,
    /// OCI annotations of the image manifest.
    pub annotations: BTreeMap<String, String>,
    /// Limits that the image must keep.
    pub budget: Option<Budget>,
}

/// Image configuration in compose's terms; `None` and empty mean "as the base says".
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// argv of `CMD`; `Some(vec![])` clears the base's.
    pub command: Option<Vec<String>>,
    /// argv of `ENTRYPOINT`; `Some(vec![])` clears the base's.
    pub entrypoint: Option<Vec<String>>,
    /// Variables over those of the base.
    pub environment: BTreeMap<String, String>,
    /// Ports as `8000/tcp`.
    pub expose: Vec<String>,
    /// Absolute paths of volumes.
    pub volumes: Vec<String>,
    /// User, `name`, `uid` or `uid:gid`.
    pub user: Option<String>,
    /// Absolute working directory.
    pub working_dir: Option<Spanned<String>>,
    /// Labels over those of the base.
    pub labels: BTreeMap<String, String>,
    /// Health check.
    pub healthcheck: Option<Healthcheck>,
    /// Signal to stop with, `SIGTERM` or a number.
    pub stop_signal: Option<String>,
    /// Shell recorded in the image configuration.
    pub shell: Option<Vec<String>>,
}

/// Docker's health check; durations in nanoseconds, 0 for the engine's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", "…"]`; empty: as the base says.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: u64,
    /// Time one check may take.
    pub timeout: u64,
    /// Time during which failures do not count.
    pub start_period: u64,
    /// Time between two checks during the start period.
    pub start_interval: u64,
    /// Failures in a row until unhealthy.
    pub retries: u32,
}

/// `budget:` of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Where it stands.
    pub span: Span,
    /// Most bytes of the image.
    pub size: Option<u64>,
    /// Most layers of the image, base included.
    pub layers: Option<u32>,
}

/// A selection of files of the build context.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Where its source stands.
    pub span: Span,
    /// Path below the context's root, clean, without leading or trailing slash; empty for the whole context.
    pub source: String,
    /// Absolute path, or one relative to the working directory (clean, may be `""` for the directory itself).
    pub target: String,
    /// Whether the target was written with a slash at its end: then the source has to be a directory.
    pub directory: bool,
    /// What of it, and how.
    pub filter: Filter,
}

/// A copy from a stage, an image or a named context.
#[derive(Clone, Debug)]
pub struct CopyFrom {
    /// Where it stands.
    pub span: Span,
    /// Whose files.
    pub from: Spanned<Base>,
    /// Clean absolute path in `from`.
    pub source: String,
    /// As in [`Selection`].
    pub target: String,
    /// What of it, and how.
    pub filter: Filter,
}

/// What both kinds of selections share.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Filter {
    /// Patterns below the source of what to take; empty: everything.
    pub include: Vec<String>,
    /// Patterns below the source of what to leave.
    pub exclude: Vec<String>,
    /// Owner of everything copied; `None`: root.
    pub owner: Option<Owner>,
    /// Permission bits of files; a directory gets `x` wherever it has `r`. `None`: as in the source.
    pub mode: Option<u32>,
}

/// `USER[:GROUP]`, each a number or a name of the image's `/etc/passwd` and `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Owner {
    /// The user.
    pub user: Id,
    /// The group; `None`: the user's number for a numeric user, else root's group.
    pub group: Option<Id>,
}

/// A user or group, by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Id {
    /// By number.
    Number(u32),
    /// By name, looked up in the image that is built on.
    Name(String),
}
