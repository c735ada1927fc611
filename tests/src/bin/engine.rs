//! Starts and stops the engines of the end-to-end tests by hand: see `engine --help`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use harness::frontend::FRONTEND;
use harness::place::Place;
use harness::{Engine, Flavour, Release, Result, engine};

/// Engines for the end-to-end tests.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start an engine, set it up first where that is needed, and do nothing if it runs
    Up(Which),
    /// Print what a shell must export to use an engine, starting it first where that is needed
    Env(Which),
    /// Import a static binary as the frontend image `layerset/frontend:1`
    Frontend {
        /// The binary.
        binary: PathBuf,
        #[command(flatten)]
        which: Which,
    },
    /// Stop an engine, or all of them and the registry
    Down {
        /// Only the engine of this name.
        #[arg(long)]
        name: Option<String>,
    },
    /// Tell what runs
    Status,
}

#[derive(clap::Args)]
struct Which {
    /// Image store: containerd or graphdriver; or rootless.
    #[arg(long, default_value = "containerd")]
    flavour: Flavour,
    /// Which Docker: today or older.
    #[arg(long, default_value_t)]
    release: Release,
    /// A private engine of this name; without it, the engine that tests use for the flavour.
    #[arg(long)]
    name: Option<String>,
    /// Begin with an empty engine.
    #[arg(long, requires = "name")]
    fresh: bool,
}

impl Which {
    fn engine(&self) -> Result<Engine> {
        match (&self.name, self.flavour) {
            (Some(name), flavour) if self.fresh => Engine::fresh_of(name, self.release, flavour),
            (Some(name), flavour) => Engine::up_of(name, self.release, flavour),
            (None, Flavour::Rootless) => Engine::rootless().cloned(),
            (None, Flavour::Containerd) if self.release == Release::Older => {
                Engine::older_containerd().cloned()
            }
            (None, Flavour::Graphdriver) if self.release == Release::Older => Engine::older().cloned(),
            (None, Flavour::Containerd) => Engine::containerd().cloned(),
            (None, Flavour::Graphdriver) => Engine::graphdriver().cloned(),
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse().action) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("engine: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(action: &Action) -> Result<()> {
    match action {
        Action::Up(which) => {
            let engine = which.engine()?;
            println!("engine {} is up ({} store)", engine.name(), engine.flavour());
        }
        Action::Env(which) => {
            for (name, value) in which.engine()?.environment() {
                println!("export {name}='{}'", value.replace('\'', r"'\''"));
            }
        }
        Action::Frontend { binary, which } => {
            let engine = which.engine()?;
            engine.import_frontend(binary)?;
            println!("engine {} has {}", engine.name(), FRONTEND);
        }
        Action::Down { name: Some(name) } => engine::down(&Place::open()?, name)?,
        Action::Down { name: None } => engine::down_all(&Place::open()?)?,
        Action::Status => {
            for status in engine::status(&Place::open()?) {
                match status.pid {
                    Some(pid) => println!("{} runs (process {pid})", status.name),
                    None => println!("{} does not run", status.name),
                }
            }
        }
    }
    Ok(())
}
