//! Running programs of the machine.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Doing, Error, Result};
use crate::settings;

/// How many of a failed program's last lines an error shows.
const LAST_LINES: usize = 25;

/// A command with the administrator's directories in its `PATH` and messages in English.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", settings::search_path()).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// Runs a command to its end and returns what it printed.
pub fn output(command: &mut Command) -> Result<String> {
    bytes(command).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs a command to its end and returns what it printed, which need not be text.
pub fn bytes(command: &mut Command) -> Result<Vec<u8>> {
    let line = line_of(command);
    let output = command.output().doing(&format!("run `{line}`"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text + &String::from_utf8_lossy(&output.stderr);
    Err(Error::Failed { command: line, status: output.status.to_string(), output: tail(&said) })
}

/// Runs a command whose output goes to a log file, which an error quotes the end of.
pub fn logged(command: &mut Command, log: &Path) -> Result<()> {
    let line = line_of(command);
    if let Some(parent) = log.parent() {
        fs::create_dir_all(parent).doing_to("make", parent)?;
    }
    let file = File::create(log).doing_to("write", log)?;
    let copy = file.try_clone().doing_to("write", log)?;
    let status = command.stdout(file).stderr(copy).status().doing(&format!("run `{line}`"))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed { command: line, status: status.to_string(), output: tail_of(log) })
}

/// Whether a command can be run and ends well.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The last lines of a log file.
pub fn tail_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    format!("last lines of {}:\n{}", log.display(), tail(&String::from_utf8_lossy(&text)))
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

/// A command as a line to show: not quoted well enough to be run again.
pub fn line_of(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
