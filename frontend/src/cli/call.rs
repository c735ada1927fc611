//! The calls on local files, without an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::file::write_new;
use super::out::tell;
use super::{Format, lock, platform};
use crate::calls::{self, Answer, BakeOptions};
use crate::diagnostic::render;
use crate::disk::Disk;
use crate::emit::{Input, Settings};
use crate::failure::Failure;
use crate::manifest::Inputs;
use crate::pipeline::{self, Listed, Planned};
use crate::plan::{Figures, Look, Looks};
use crate::platform::{Platform, Platforms};

/// What is asked of a manifest.
#[derive(Debug, Subcommand)]
pub(super) enum Call {
    /// Show the layers of every image, what they hold and which images share them
    Plan {
        #[command(flatten)]
        common: Common,
        /// Compare with what `--format json` printed before: what an edit rebuilds and pushes
        #[arg(long, value_name = "OLD.json")]
        diff: Option<PathBuf>,
        /// Write the plan as a picture: one page for a browser
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Write over FILE
        #[arg(long, requires = "html")]
        force: bool,
    },
    /// Report every error and warning of the manifest
    Check(Common),
    /// Print a bake file that builds every service
    Bake(Common),
    /// Lock the Python packages of all services with the uv of this machine; digests of images stay as they are
    Lock {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: lock::Options,
    },
    /// Print the build graph of a target
    Llb {
        #[command(flatten)]
        common: Common,
        /// A service or stage; not needed if there is one service
        #[arg(long)]
        target: Option<String>,
        /// Draw the graph for graphviz
        #[arg(long)]
        dot: bool,
    },
}

impl Call {
    pub(super) async fn answer(&self) -> Result<Answer, Failure> {
        answer(self, self.common()).await
    }

    pub(super) fn format(&self) -> Format {
        self.common().format
    }

    fn common(&self) -> &Common {
        match self {
            Self::Plan { common, .. }
            | Self::Lock { common, .. }
            | Self::Llb { common, .. }
            | Self::Check(common)
            | Self::Bake(common) => common,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// The manifest; by default layerset.yaml in CONTEXT
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The build context
    #[arg(default_value = ".", value_name = "CONTEXT")]
    context: PathBuf,
    /// Set a build argument
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    build_arg: Vec<(String, String)>,
    /// Name a context that the build will be given
    #[arg(long, value_name = "NAME=SOURCE", value_parser = pair)]
    build_context: Vec<(String, String)>,
    /// Platform to plan for
    #[arg(long, value_name = "OS/ARCH", value_parser = platform)]
    platform: Option<Platform>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("found {text:?}, expected NAME=VALUE")),
    }
}

async fn answer(call: &Call, common: &Common) -> Result<Answer, Failure> {
    let beside = if common.context.as_os_str() == "." { Path::new("") } else { &common.context };
    let manifest = common.file.clone().unwrap_or_else(|| beside.join("layerset.yaml"));
    let disk = Disk { manifest, context: common.context.clone() };
    let args: BTreeMap<String, String> = common.build_arg.iter().cloned().collect();
    let contexts: BTreeSet<String> = common.build_context.iter().map(|(name, _)| name.clone()).collect();
    let build = Platform::new("linux", std::env::consts::ARCH, "");
    let platform = common.platform.clone().unwrap_or_else(|| build.clone());
    let platforms = Platforms { target: platform.clone(), build };
    let target = if let Call::Llb { target, .. } = call { target.as_deref() } else { None };
    let inputs = Inputs { args: &args, contexts: &contexts, platforms: Some(&platforms), target };
    let checked = pipeline::check(&disk, &inputs).await?;
    if !matches!(call, Call::Check(_)) && !checked.warnings.is_empty() {
        tell(&render(&checked.source, &checked.warnings));
    }
    let services = checked.services();
    match call {
        Call::Check(_) => {
            let warnings = checked.findings(&disk, &platform, &platform).await?;
            Ok(Answer { status: 0, ..calls::check(&checked.source, &warnings) })
        }
        Call::Bake(_) => {
            let options = BakeOptions {
                syntax: None,
                context: common.context.display().to_string(),
                manifest: from_context(&disk),
                args: args.clone(),
                contexts: common.build_context.iter().cloned().collect(),
            };
            Ok(calls::bake(&checked.manifest, &options))
        }
        Call::Lock { options, .. } => {
            let requested: Vec<Platform> = common.platform.iter().cloned().collect();
            options.answer(&checked, &disk, &requested, &platform).await
        }
        Call::Llb { target, dot, .. } => {
            let target = checked.target(target.as_deref())?;
            let native = checked.native(&disk, &services, &platform, std::slice::from_ref(&platform)).await?;
            let Planned { plan, mut sources, .. } =
                checked.planned(&disk, &services, &platform, native.as_ref(), Listed::IfNeeded).await?;
            // What a context is that takes an image's place is not known here.
            sources.retain(|name, _| !contexts.contains(name));
            let input = Input {
                plan: &plan,
                sources: &sources,
                looks: &Looks::new(),
                context: &Look::new(),
                source: &checked.source,
                settings: &Settings::offline(platform),
            };
            let emitted = checked.emitted(input, &target)?;
            if *dot { calls::dot(&emitted.definition) } else { calls::llb(&emitted.definition) }
        }
        Call::Plan { diff, html, force, .. } => {
            let native = checked.native(&disk, &services, &platform, std::slice::from_ref(&platform)).await?;
            let planned =
                checked.planned(&disk, &services, &platform, native.as_ref(), Listed::Always).await?;
            if !planned.warnings.is_empty() {
                tell(&render(&checked.source, &planned.warnings));
            }
            let figures = planned.figures();
            let mut answer = match diff {
                Some(old) => calls::plan_diff(&old_figures(old)?, &figures),
                None => calls::plan(&planned.plan, &figures, &planned.notes),
            };
            if let Some(file) = html {
                let title =
                    checked.manifest.name.clone().unwrap_or_else(|| disk.manifest.display().to_string());
                write_new(file, *force, &calls::plan_page(&title, &figures))?;
                if diff.is_none() && common.format == Format::Text {
                    answer.text = format!("wrote {}\n", file.display());
                }
            }
            let problems = planned.over_budget(&checked.manifest, &services);
            if !problems.is_empty() {
                tell(&render(&checked.source, &problems));
                answer.status = 1;
            }
            Ok(answer)
        }
    }
}

/// The figures of a plan that was printed before.
fn old_figures(file: &Path) -> Result<Figures, Failure> {
    let json = std::fs::read(file)
        .map_err(|error| Failure::Request(format!("cannot read {}: {error}", file.display())))?;
    calls::read_figures(&json).map_err(|found| {
        Failure::Request(format!(
            "{}: {found}, expected what \"layerset plan --format json\" prints",
            file.display()
        ))
    })
}

/// The manifest's path as bake wants it: from the context, or absolute.
fn from_context(disk: &Disk) -> String {
    let absolute = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let (manifest, context) = (absolute(&disk.manifest), absolute(&disk.context));
    manifest
        .strip_prefix(&context)
        .map_or_else(|_| manifest.display().to_string(), |path| path.display().to_string())
}
