//! What stages and images are built on, and their configuration on the way.

use std::collections::BTreeMap;

use serde::Serialize;

use super::config::{DEFAULT_PATH, ImageConfig};
use super::facts::Facts;
use super::layers::LayerId;
use super::root::Roots;
use crate::diagnostic::Span;
use crate::manifest::model::{Base, Command, Run, Stage};
use crate::platform::Platform;

/// A base with layers merged onto it.
#[derive(Debug, Serialize)]
pub struct Chain {
    /// What is built on.
    pub base: Base,
    /// Where the manifest says so.
    #[serde(skip)]
    pub base_span: Span,
    /// Layers on it, bottom first.
    #[serde(skip)]
    pub layers: Vec<LayerId>,
    /// The same by their ids.
    #[serde(rename = "layers")]
    pub layer_ids: Vec<String>,
    /// The selections that the layers hold.
    #[serde(skip)]
    pub roots: Roots,
}

/// A build stage: base, packages, layers, then its steps.
#[derive(Debug, Serialize)]
pub struct StageChain {
    /// Base and layers.
    #[serde(flatten)]
    pub chain: Chain,
    /// Debian packages, in the order written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apt: Vec<String>,
    /// Where the manifest lists them.
    #[serde(skip)]
    pub apt_span: Span,
    /// The steps as shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub run: Vec<String>,
    /// The steps.
    #[serde(skip)]
    pub steps: Vec<Run>,
    /// Its platform, if it is not that of the images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Configuration of the stage: environment, user, directory and shell of its steps, and the
    /// base of every image on it.
    pub config: ImageConfig,
}

impl Chain {
    pub(super) fn on(base: &Base, base_span: Span) -> Self {
        Self {
            base: base.clone(),
            base_span,
            layers: Vec::new(),
            layer_ids: Vec::new(),
            roots: Roots::default(),
        }
    }
}

/// The configuration that `base` gives to what is built on it.
pub(super) fn base_config(base: &Base, stages: &BTreeMap<String, StageChain>, facts: &Facts) -> ImageConfig {
    let config = match base {
        Base::Scratch | Base::Download(_) => None,
        Base::Stage(name) => return stages.get(name).map(|stage| stage.config.clone()).unwrap_or_default(),
        Base::Image(_) | Base::Context(_) | Base::Fixed { .. } => facts.config(base),
    };
    let mut config = config.cloned().unwrap_or_default();
    config.config.on_build.clear();
    // What tells of the base's own build, as older builders and inline caches write it.
    config.rest.retain(|key, _| {
        !key.starts_with("moby.buildkit.")
            && !["container", "container_config", "id", "parent"].contains(&key.as_str())
    });
    config
}

/// A stage without its layers.
pub(super) fn plan_stage(stage: &Stage, stages: &BTreeMap<String, StageChain>, facts: &Facts) -> StageChain {
    let mut config = base_config(&stage.from.value, stages, facts);
    if !config.config.env.iter().any(|entry| entry.starts_with("PATH=")) {
        config.set_env("PATH", DEFAULT_PATH);
    }
    for (name, value) in &stage.environment {
        config.set_env(name, value);
    }
    if let Some(directory) = &stage.working_dir {
        config.config.working_dir.clone_from(&directory.value);
    }
    if let Some(user) = &stage.user {
        config.config.user.clone_from(&user.value);
    }
    if let Some(shell) = &stage.shell {
        config.config.shell = Some(shell.clone());
    }
    StageChain {
        chain: Chain::on(&stage.from.value, stage.from.span),
        apt: stage.apt.iter().map(|package| package.value.clone()).collect(),
        apt_span: stage.apt.first().map(|package| package.span).unwrap_or_default(),
        run: stage.run.iter().map(|run| shown(&run.command)).collect(),
        steps: stage.run.clone(),
        platform: stage.platform.clone(),
        config,
    }
}

/// A command on one line.
fn shown(command: &Command) -> String {
    match command {
        Command::Shell(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Command::Argv(argv) => argv.join(" "),
    }
}
