//! The command line. This room is the one place that prints, all of it through `out`: `call` has the calls on local files without an
//! engine, `report` counts images, `args`, `lock` and `file` are parts of these.

mod args;
mod call;
mod file;
mod lock;
mod out;
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
    let expected = if text.contains(',') { "one platform" } else { "a platform" };
    Platform::parse(text).ok_or_else(|| format!("found {text:?}, expected {expected} such as linux/arm64"))
}

/// Runs the command line of this process.
pub async fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help) => {
            let text = help.render().to_string();
            if help.use_stderr() {
                out::tell(&text);
                return ExitCode::from(MISTAKE);
            }
            return printed(&text, ExitCode::SUCCESS);
        }
    };
    match cli.command {
        Command::Call(call) => ended(call.answer().await, call.format()),
        Command::Report(report) => ended(report.answer().await, report.format),
        Command::Schema => printed(&calls::schema().text, ExitCode::SUCCESS),
        Command::Inside(step) => match step.run() {
            Ok(warnings) => {
                for warning in warnings {
                    out::tell(&format!("warning: {warning}\n"));
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
            let text = match format {
                Format::Json => format!("{:#}\n", answer.json),
                Format::Text => answer.text,
            };
            printed(&text, if answer.status == 0 { ExitCode::SUCCESS } else { ExitCode::from(MISTAKE) })
        }
        Err(failure) => failed(failure),
    }
}

/// Prints, and ends with `code` if that can be done.
fn printed(text: &str, code: ExitCode) -> ExitCode {
    out::print(text).map_or_else(failed, |()| code)
}

fn failed(failure: Failure) -> ExitCode {
    match failure {
        Failure::Manifest { file, diagnostics } => {
            out::tell(&render(&file, &diagnostics));
            ExitCode::from(MISTAKE)
        }
        failure => {
            out::tell(&format!("layerset: {failure}\n"));
            ExitCode::from(if matches!(failure, Failure::TryAgain(_)) { TRY_AGAIN } else { MISTAKE })
        }
    }
}
