//! The calls on local files, without an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::args::{Common, On};
use super::file::{refuse_present, write_new};
use super::out::tell;
use super::{Format, lock};
use crate::calls::{self, Answer, BakeOptions};
use crate::diagnostic::render;
use crate::disk::Disk;
use crate::emit::{Input, Settings};
use crate::failure::Failure;
use crate::manifest::{Inputs, syntax};
use crate::options::args_for_others;
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
        #[command(flatten)]
        on: On,
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
    Check {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        on: On,
    },
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
        #[command(flatten)]
        on: On,
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
            | Self::Check { common, .. }
            | Self::Bake(common) => common,
        }
    }

    /// The platforms that are asked for.
    fn platforms(&self) -> &[Platform] {
        match self {
            Self::Plan { on, .. } | Self::Check { on, .. } | Self::Llb { on, .. } => on.platform.as_slice(),
            Self::Lock { options, .. } => &options.platform,
            // A bake file builds for what its targets and who bakes say.
            Self::Bake(_) => &[],
        }
    }
}

async fn answer(call: &Call, common: &Common) -> Result<Answer, Failure> {
    refuse(call)?;
    let beside = if common.context.as_os_str() == "." { Path::new("") } else { &common.context };
    let manifest = common.file.clone().unwrap_or_else(|| beside.join("layerset.yaml"));
    let disk = Disk { manifest, context: common.context.clone() };
    let args: BTreeMap<String, String> = common.build_arg.iter().cloned().collect();
    let contexts: BTreeSet<String> = common.build_context.iter().map(|(name, _)| name.clone()).collect();
    let build = Platform::new("linux", std::env::consts::ARCH, "");
    let requested = call.platforms();
    let platform = requested.first().unwrap_or(&build).clone();
    let platforms = Platforms { target: platform.clone(), build };
    let target = if let Call::Llb { target, .. } = call { target.as_deref() } else { None };
    let inputs = Inputs { args: &args, contexts: &contexts, platforms: Some(&platforms), target };
    let checked = pipeline::check(&disk, &inputs).await?;
    if !matches!(call, Call::Check { .. }) && !checked.warnings.is_empty() {
        tell(&render(&checked.source, &checked.warnings));
    }
    let services = checked.services();
    match call {
        Call::Check { .. } => {
            let warnings = checked.findings(&disk, &platform, &platform).await?;
            Ok(Answer { status: 0, ..calls::check(&checked.source, &warnings) })
        }
        Call::Bake(_) => {
            let options = BakeOptions {
                syntax: args.get(calls::SYNTAX).filter(|_| syntax(&checked.source).is_none()).cloned(),
                context: common.context.display().to_string(),
                manifest: from_context(&disk),
                args: args_for_others(&args, &checked.manifest.declared),
                contexts: common.build_context.iter().cloned().collect(),
            };
            Ok(calls::bake(&checked.manifest, &options))
        }
        Call::Lock { options, .. } => options.answer(&checked, &disk, &platform).await,
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
            let odd = checked.odd_kinds(&disk, &planned, &services).await?;
            if !odd.is_empty() {
                tell(&render(&checked.source, &odd));
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

/// What need not be begun, since it cannot be ended.
fn refuse(call: &Call) -> Result<(), Failure> {
    match call {
        Call::Plan { html: Some(file), force, .. } => refuse_present(file, *force),
        Call::Llb { dot: true, common, .. } if common.format == Format::Json => {
            Err(Failure::Request("found --dot and --format json, expected one of them".into()))
        }
        _ => Ok(()),
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
