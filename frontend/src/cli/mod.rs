//! The command line. This room is the one place that prints: `call` has the calls on local files without an engine, `report`
//! counts images, `lock` and `file` are parts of these.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod call;
mod file;
mod lock;
mod report;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::calls::{self, Answer};
use crate::diagnostic::render;
use crate::failure::Failure;
use crate::inside::Inside;
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
    #[command(flatten)]
    Call(call::Call),
    Report(report::Report),
    /// Print the JSON Schema of the manifest
    Schema,
    #[command(flatten)]
    Inside(Inside),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
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
        Command::Call(call) => ended(call.answer().await, call.format()),
        Command::Report(report) => ended(report.answer().await, report.format),
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

fn ended(answer: Result<Answer, Failure>, format: Format) -> ExitCode {
    match answer {
        Ok(answer) => {
            match format {
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
