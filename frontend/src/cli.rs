//! The command line: the calls on local files, without an engine. This is the one place that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::calls::{self, Answer, BakeOptions};
use crate::diagnostic::render;
use crate::disk::Disk;
use crate::emit::{Input, Settings, Sources};
use crate::failure::Failure;
use crate::inside::{self, Inside};
use crate::manifest::Inputs;
use crate::outside::Pins;
use crate::pipeline::{self, Listed};
use crate::plan::{Figures, Look, Looks};
use crate::platform::{Platform, Platforms};

/// Exit code for the user's mistakes.
const MISTAKE: u8 = 1;
/// Exit code for what may work next time: `EX_TEMPFAIL` of sysexits.h.
const TRY_AGAIN: u8 = 75;

/// The images of all services of a monorepo from one manifest.
#[derive(Debug, Parser)]
#[command(name = "layerset", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Call(Call),
    /// Print the JSON Schema of the manifest
    Schema,
    #[command(flatten)]
    Inside(Inside),
}

/// What is asked of a manifest.
#[derive(Debug, Subcommand)]
enum Call {
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
        /// A version of Python to lock for, such as 3.13; by default those of the lock there is, or of the base images
        #[arg(long, value_name = "VERSION")]
        python: Vec<String>,
        /// The program uv
        #[arg(long, value_name = "PROGRAM", default_value = "uv")]
        uv: PathBuf,
        /// Write the lock to the file that the manifest names (lock), over what is there
        #[arg(long)]
        write: bool,
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
struct Common {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("found {text:?}, expected NAME=VALUE")),
    }
}

fn platform(text: &str) -> Result<Platform, String> {
    Platform::parse(text).ok_or_else(|| format!("found {text:?}, expected a platform such as linux/arm64"))
}

/// Runs the command line of this process.
pub async fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help) => {
            let failed = help.use_stderr();
            let _ = help.print();
            return if failed { ExitCode::from(MISTAKE) } else { ExitCode::SUCCESS };
        }
    };
    match cli.command {
        Command::Call(call) => called(&call).await,
        Command::Schema => {
            print!("{}", calls::schema().text);
            ExitCode::SUCCESS
        }
        Command::Inside(step) => match step.run() {
            Ok(warnings) => {
                for warning in warnings {
                    eprintln!("warning: {warning}");
                }
                ExitCode::SUCCESS
            }
            Err(failure) => failed(failure),
        },
    }
}

async fn called(call: &Call) -> ExitCode {
    let common = call.common();
    match answer(call, common).await {
        Ok(answer) => {
            match common.format {
                Format::Json => println!("{:#}", answer.json),
                Format::Text => print!("{}", answer.text),
            }
            if answer.status == 0 { ExitCode::SUCCESS } else { ExitCode::from(MISTAKE) }
        }
        Err(failure) => failed(failure),
    }
}

fn failed(failure: Failure) -> ExitCode {
    match failure {
        Failure::Manifest { file, diagnostics } => {
            eprint!("{}", render(&file, &diagnostics));
            ExitCode::from(MISTAKE)
        }
        failure => {
            eprintln!("layerset: {failure}");
            ExitCode::from(if matches!(failure, Failure::TryAgain(_)) { TRY_AGAIN } else { MISTAKE })
        }
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
        eprint!("{}", render(&checked.source, &checked.warnings));
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
        Call::Lock { python, uv, write, .. } => {
            let requested: Vec<Platform> = common.platform.iter().cloned().collect();
            let (images, missing) = checked.known_digests(&disk).await?;
            let packages = if checked.has_packages_to_lock() {
                let request = checked.lock_request(&disk, python, &platform, &requested).await?;
                let resolved = inside::resolve_here(&request, uv, &disk.context);
                Some(resolved.map_err(|problems| checked.unresolved(&problems))?)
            } else {
                None
            };
            if packages.is_none() && images.is_empty() && missing.is_empty() {
                return Err(checked.nothing_to_lock());
            }
            for line in about_images(&images, &missing) {
                eprintln!("layerset: {line}");
            }
            let text = checked.with_images(packages, images)?;
            if !write {
                return Ok(Answer { json: serde_json::json!({"lock": text}), text, status: 0 });
            }
            let Some(path) = checked.manifest.lock.as_ref().or(checked.manifest.python.lock.as_ref()) else {
                let text = "--write needs to know where: lock: pylock.toml, or python: {lock: pylock.toml}";
                return Err(Failure::Request(text.into()));
            };
            let path = disk.context.join(&path.value);
            std::fs::write(&path, &text)
                .map_err(|error| Failure::Request(format!("cannot write {}: {error}", path.display())))?;
            let text = format!("wrote {}\n", path.display());
            Ok(Answer { json: serde_json::json!({"wrote": path.display().to_string()}), text, status: 0 })
        }
        Call::Llb { target, dot, .. } => {
            let target = checked.target(target.as_deref())?;
            let native = checked.native(&disk, &services, &platform, std::slice::from_ref(&platform)).await?;
            let planned =
                checked.planned(&disk, &services, &platform, native.as_ref(), Listed::IfNeeded).await?;
            let input = Input {
                plan: &planned.plan,
                sources: &Sources::new(),
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
                eprint!("{}", render(&checked.source, &planned.warnings));
            }
            let figures = planned.figures();
            let mut answer = match diff {
                Some(old) => calls::plan_diff(&old_figures(old)?, &figures),
                None => calls::plan(&planned.plan, &figures, &planned.notes),
            };
            if let Some(file) = html {
                let title =
                    checked.manifest.name.clone().unwrap_or_else(|| disk.manifest.display().to_string());
                write_page(file, *force, &calls::page(&title, &figures))?;
                if diff.is_none() && common.format == Format::Text {
                    answer.text = format!("wrote {}\n", file.display());
                }
            }
            let problems = planned.over_budget(&checked.manifest, &services);
            if !problems.is_empty() {
                eprint!("{}", render(&checked.source, &problems));
                answer.status = 1;
            }
            Ok(answer)
        }
    }
}

/// What is said of images that only an engine knows.
fn about_images(kept: &Pins, missing: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    if !kept.is_empty() {
        let names: Vec<&str> = kept.keys().map(String::as_str).collect();
        lines.push(format!(
            "kept the digests that the lock has, without looking for newer ones: {}",
            names.join(", ")
        ));
    }
    if !missing.is_empty() {
        let how = "an engine does: docker buildx build --call=lock";
        lines.push(format!("found no digest of {}, only {how}", missing.join(", ")));
    }
    lines
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

/// Writes a page; over an existing file only if that is asked for.
fn write_page(file: &Path, force: bool, page: &str) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(force).create(force).create_new(!force);
    let written = options.open(file).and_then(|mut file| file.write_all(page.as_bytes()));
    written.map_err(|error| {
        let hint =
            if error.kind() == ErrorKind::AlreadyExists { ", use --force to write over it" } else { "" };
        Failure::Request(format!("cannot write {}: {error}{hint}", file.display()))
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
