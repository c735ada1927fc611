//! The command line: the calls on local files, without an engine. This is the one place that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::calls::{self, Answer, BakeOptions};
use crate::diagnostic::render;
use crate::disk::Disk;
use crate::emit::{self, Input, Look, Looks, Settings, Sources};
use crate::failure::Failure;
use crate::manifest::Inputs;
use crate::pipeline;
use crate::plan::{Facts, plan};
use crate::platform::Platform;

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
    /// Show the layers of every image and which images share them
    Plan(Common),
    /// Report every error and warning of the manifest
    Check(Common),
    /// Print a bake file that builds every service
    Bake(Common),
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
    /// Print the JSON Schema of the manifest
    Schema,
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
    let (common, target, dot) = match &cli.command {
        Command::Schema => {
            print!("{}", calls::schema().text);
            return ExitCode::SUCCESS;
        }
        Command::Llb { common, target, dot } => (common, target.as_deref(), *dot),
        Command::Plan(common) | Command::Check(common) | Command::Bake(common) => (common, None, false),
    };
    match answer(&cli.command, common, target, dot).await {
        Ok(answer) => {
            match common.format {
                Format::Json => println!("{:#}", answer.json),
                Format::Text => print!("{}", answer.text),
            }
            if answer.status == 0 { ExitCode::SUCCESS } else { ExitCode::from(MISTAKE) }
        }
        Err(Failure::Manifest { file, diagnostics }) => {
            eprint!("{}", render(&file, &diagnostics));
            ExitCode::from(MISTAKE)
        }
        Err(failure) => {
            eprintln!("layerset: {failure}");
            ExitCode::from(if matches!(failure, Failure::TryAgain(_)) { TRY_AGAIN } else { MISTAKE })
        }
    }
}

async fn answer(
    command: &Command,
    common: &Common,
    target: Option<&str>,
    dot: bool,
) -> Result<Answer, Failure> {
    let beside = if common.context.as_os_str() == "." { Path::new("") } else { &common.context };
    let manifest = common.file.clone().unwrap_or_else(|| beside.join("layerset.yaml"));
    let disk = Disk { manifest, context: common.context.clone() };
    let args: BTreeMap<String, String> = common.build_arg.iter().cloned().collect();
    let contexts: BTreeSet<String> = common.build_context.iter().map(|(name, _)| name.clone()).collect();
    let inputs = Inputs { args: &args, contexts: &contexts };
    let checked = pipeline::check(&disk, &inputs).await?;
    if !matches!(command, Command::Check(_)) && !checked.warnings.is_empty() {
        eprint!("{}", render(&checked.source, &checked.warnings));
    }
    let facts = Facts::default();
    let planned = plan(&checked.manifest, &facts, checked.ignore.clone());
    match command {
        Command::Check(_) => {
            checked.kinds(&disk, &planned, &checked.everything()).await?;
            Ok(Answer { status: 0, ..calls::check(&checked.source, &checked.warnings) })
        }
        Command::Bake(_) => {
            let options = BakeOptions {
                context: common.context.display().to_string(),
                manifest: from_context(&disk),
                args: args.clone(),
                contexts: common.build_context.iter().cloned().collect(),
            };
            Ok(calls::bake(&checked.manifest, &options))
        }
        Command::Llb { .. } => {
            let target = checked.target(target)?;
            let platform =
                common.platform.clone().unwrap_or_else(|| Platform::new("linux", std::env::consts::ARCH, ""));
            let input = Input {
                plan: &planned,
                sources: &Sources::new(),
                looks: &Looks::new(),
                context: &Look::new(),
                source: &checked.source,
                settings: &Settings::offline(platform),
            };
            let emitted = emit::emit(input, &target);
            if dot { calls::dot(&emitted.definition) } else { calls::llb(&emitted.definition) }
        }
        Command::Plan(_) | Command::Schema => Ok(calls::plan(&planned)),
    }
}

/// The manifest's path as bake wants it: from the context, or absolute.
fn from_context(disk: &Disk) -> String {
    let absolute = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let (manifest, context) = (absolute(&disk.manifest), absolute(&disk.context));
    manifest
        .strip_prefix(&context)
        .map_or_else(|_| manifest.display().to_string(), |path| path.display().to_string())
}
