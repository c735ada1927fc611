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
use crate::emit::{self, Input, Settings, Sources};
use crate::failure::Failure;
use crate::inside;
use crate::manifest::Inputs;
use crate::outside::Pins;
use crate::pipeline::{self, Listed};
use crate::plan::{Facts, Figures, Filter, Look, Looks};
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
    /// Print the JSON Schema of the manifest
    Schema,
    /// List what a directory holds: the frontend starts this in a container with the context
    #[command(hide = true)]
    List {
        /// What to list
        directory: PathBuf,
        /// Where to write the list
        file: PathBuf,
    },
    /// Say which modules the sources in a directory name: started as the one before
    #[command(hide = true)]
    Imports {
        /// Where to look
        directory: PathBuf,
        /// Where to write what was found
        file: PathBuf,
        /// The modules that matter, with commas between
        names: String,
    },
    /// Find the Python of a stage: the frontend starts this and the next two in containers
    #[command(hide = true)]
    Probe {
        /// Directory for the answer
        out: PathBuf,
        /// PATH of the stage
        path: String,
        /// `VIRTUAL_ENV` of the stage, or nothing
        virtual_env: String,
    },
    /// Resolve requirements
    #[command(hide = true)]
    Resolve {
        /// Directory for the answer
        out: PathBuf,
        /// What to resolve, as JSON
        request: String,
    },
    /// Install wheels
    #[command(hide = true)]
    Unwheel {
        /// Where an interpreter has its packages, as JSON
        scheme: String,
        /// An empty directory
        root: PathBuf,
        /// The wheels
        wheels: Vec<String>,
    },
    /// Build a wheel from a source distribution
    #[command(hide = true)]
    BuildWheel {
        /// Directory for the wheel
        out: PathBuf,
        /// The interpreter
        python: String,
        /// The source distribution
        sdist: PathBuf,
        /// Indexes, as JSON
        settings: String,
    },
    /// Compile the modules of a layer
    #[command(hide = true)]
    Compile {
        /// The interpreter
        python: String,
        /// The layer
        root: PathBuf,
        /// Directories in it
        directories: Vec<String>,
    },
    /// List what an image is made of
    #[command(hide = true)]
    Sbom {
        /// Directory for the list
        out: PathBuf,
        /// Name of its file
        file: String,
        /// What is known of the image, as JSON
        request: PathBuf,
        /// The image
        image: PathBuf,
    },
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
        Command::List { directory, file } => {
            return done(list(directory, file));
        }
        Command::Imports { directory, file, names } => return done(imports(directory, file, names)),
        Command::Probe { out, path, virtual_env } => return done(inside::probe(out, path, virtual_env)),
        Command::Resolve { out, request } => return done(inside::resolve(out, request)),
        Command::BuildWheel { out, python, sdist, settings } => {
            return done(inside::build_wheel(out, python, sdist, settings));
        }
        Command::Compile { python, root, directories } => {
            return done(inside::compile(python, root, directories));
        }
        Command::Sbom { out, file, request, image } => {
            return done(inside::sbom(out, file, request, image));
        }
        Command::Unwheel { scheme, root, wheels } => {
            return done(inside::install(scheme, root, wheels).map(|warnings| {
                for warning in warnings {
                    eprintln!("warning: {warning}");
                }
            }));
        }
        Command::Llb { common, target, dot } => (common, target.as_deref(), *dot),
        Command::Plan { common, .. }
        | Command::Lock { common, .. }
        | Command::Check(common)
        | Command::Bake(common) => (common, None, false),
    };
    match answer(&cli.command, common, target, dot).await {
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

fn done(outcome: Result<(), Failure>) -> ExitCode {
    outcome.map_or_else(failed, |()| ExitCode::SUCCESS)
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

fn list(directory: &Path, file: &Path) -> Result<(), Failure> {
    let listing = crate::disk::list(directory, Filter::default())?;
    std::fs::write(file, listing.to_bytes())
        .map_err(|error| Failure::Request(format!("cannot write {}: {error}", file.display())))
}

fn imports(directory: &Path, file: &Path, names: &str) -> Result<(), Failure> {
    let names = names.split(',').map(str::to_owned).collect();
    let found = crate::disk::imports(directory, Filter::default(), &names)?;
    std::fs::write(file, serde_json::to_vec(&found).unwrap_or_default())
        .map_err(|error| Failure::Request(format!("cannot write {}: {error}", file.display())))
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
    let platform =
        common.platform.clone().unwrap_or_else(|| Platform::new("linux", std::env::consts::ARCH, ""));
    let services = checked.services();
    match command {
        Command::Check(_) => {
            let plan = crate::plan::plan(&checked.manifest, &Facts::default(), checked.ignore.clone());
            checked.kinds(&disk, &plan, None, &checked.everything()).await?;
            checked.pins(&disk).await?;
            checked.check_budgets(&disk, &platform).await?;
            let mut warnings = checked.warnings.clone();
            warnings.extend(checked.check_packages(&disk, &plan, &platform).await?);
            Ok(Answer { status: 0, ..calls::check(&checked.source, &warnings) })
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
        Command::Lock { python, uv, write, .. } => {
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
        Command::Llb { .. } => {
            let target = checked.target(target)?;
            let planned = checked.planned(&disk, &services, &platform, Listed::IfNeeded).await?;
            let input = Input {
                plan: &planned.plan,
                sources: &Sources::new(),
                looks: &Looks::new(),
                context: &Look::new(),
                source: &checked.source,
                settings: &Settings::offline(platform),
            };
            let emitted = emit::emit(input, &target);
            if dot { calls::dot(&emitted.definition) } else { calls::llb(&emitted.definition) }
        }
        Command::Plan { diff, html, force, .. } => {
            let planned = checked.planned(&disk, &services, &platform, Listed::Always).await?;
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
        // Answered before.
        _ => Ok(calls::schema()),
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
