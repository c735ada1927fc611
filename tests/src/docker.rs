//! Running `docker` against an engine.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use crate::engine::Client;
use crate::error::{Doing, Error, Result};
use crate::step::say;
use crate::{run, settings};

/// Variables of the user's that would lead a command elsewhere.
const LEADING_ASTRAY: &[&str] = &[
    "BUILDX_BUILDER",
    "BUILDX_CONFIG",
    "COMPOSE_FILE",
    "COMPOSE_PROFILES",
    "COMPOSE_PROJECT_NAME",
    "DOCKER_CERT_PATH",
    "DOCKER_CONTEXT",
    "DOCKER_DEFAULT_PLATFORM",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
];

/// A `docker` command to be run.
#[derive(Debug)]
pub struct Docker {
    command: Command,
    stdin: Vec<u8>,
}

/// What a command has done.
#[derive(Debug)]
pub struct Output {
    /// The command line, to be shown.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it told: buildx's progress is here.
    pub stderr: String,
}

impl Docker {
    pub(crate) fn new<S: AsRef<OsStr>>(client: Option<&Client>, args: &[S]) -> Self {
        let mut command = Command::new("docker");
        if let Some(client) = client {
            command = Command::new(client.bin.join("docker"));
            let path = format!("{}:{}", client.bin.display(), settings::search_path());
            command.env("DOCKER_HOST", &client.host).env("DOCKER_CONFIG", &client.config).env("PATH", path);
            for name in LEADING_ASTRAY {
                command.env_remove(name);
            }
        }
        // Progress is read by tests: no terminal's bars, no advertisements.
        command.env("BUILDKIT_PROGRESS", "plain").env("DOCKER_CLI_HINTS", "false").env("NO_COLOR", "1");
        command.args(args);
        Self { command, stdin: Vec::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: &[S]) -> Self {
        self.command.args(args);
        self
    }

    /// Runs it in this directory.
    #[must_use]
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives it something to read.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = input.into();
        self
    }

    /// Starts it, for tests that kill; the caller must wait for it.
    pub fn spawn(mut self) -> Result<Child> {
        let line = run::line_of(&self.command);
        let command = self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().doing(&format!("run `{line}`"))
    }

    /// Starts it with its input and output as pipes of the caller's, who must wait for it.
    pub(crate) fn piped(mut self) -> Result<Child> {
        let line = run::line_of(&self.command);
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().doing(&format!("run `{line}`"))
    }

    /// Runs it to its end, which may be an error: see [`Output::checked`]. Once more if the engine removed, for another
    /// build that ran beside, what it was unpacking on: no frontend can help that, see docs/how-to/bake.md.
    pub fn run(mut self) -> Result<Output> {
        let output = self.once()?;
        let told = &output.stderr;
        let unlucky = told.contains("parent snapshot ") && told.contains(" does not exist: not found");
        if output.success() || !unlucky {
            return Ok(output);
        }
        say(&format!("it removed the parent snapshot of another build; once more `{}`", output.command));
        self.once()
    }

    fn once(&mut self) -> Result<Output> {
        let line = run::line_of(&self.command);
        let doing = format!("run `{line}`");
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().doing(&doing)?;
        let stdin = child.stdin.take();
        let input = self.stdin.clone();
        // A thread of its own, because the command may fill its output before it reads on.
        let writer = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let output = child.wait_with_output().doing(&doing)?;
        // Who does not read its input to the end has its reasons, and an exit status.
        let _ = writer.join();
        Ok(Output {
            command: line,
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

impl Output {
    /// Whether it ended well.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Turns a bad end into an error that shows everything.
    pub fn checked(self) -> Result<Self> {
        if self.success() {
            return Ok(self);
        }
        let Self { command, status, stdout, stderr } = self;
        Err(Error::Failed { command, status: status.to_string(), output: format!("{stdout}{stderr}") })
    }

    /// What the step of a build printed with `--progress=plain`, one entry a line without step number and time.
    pub fn step_lines(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(step_line).collect()
    }

    /// The bytes that the build sent as context, over all transfers, as buildx rounds them.
    pub fn context_bytes(&self) -> u64 {
        let mut sent = std::collections::BTreeMap::new();
        for line in self.stderr.lines() {
            let Some((vertex, rest)) = line.split_once(' ') else { continue };
            if let Some((_, amount)) = rest.split_once("transferring context:") {
                // The last line of a transfer counts: it tells the sum so far.
                if let Some(bytes) = bytes(amount) {
                    sent.insert(vertex.to_owned(), bytes);
                }
            }
        }
        sent.values().sum()
    }
}

/// `#7 0.312 text` is a step's output; `#7 DONE`, `#7 [stage]` and the like are buildx's own.
fn step_line(line: &str) -> Option<&str> {
    let (number, rest) = line.strip_prefix('#')?.split_once(' ')?;
    let (time, text) = rest.split_once(' ')?;
    let is_step = number.parse::<u32>().is_ok() && time.parse::<f64>().is_ok();
    is_step.then_some(text)
}

/// `1.23kB 0.0s done` to 1230.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of contexts are small and positive"
)]
fn bytes(amount: &str) -> Option<u64> {
    let word = amount.split_whitespace().next()?;
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &word[digits.len()..] {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    Some((digits.parse::<f64>().ok()? * factor).round() as u64)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn progress_is_read() {
        let stderr = "\
#1 [internal] load build context
#1 transferring context: 1.00kB 0.0s
#1 transferring context: 2.50kB 0.1s done
#1 DONE 0.1s
#2 [ctx] load
#2 transferring context: 30B done
#3 [2/2] RUN hello
#3 0.312 Hello, world!
";
        let output = Output {
            command: String::new(),
            status: ExitStatus::from_raw(0),
            stdout: String::new(),
            stderr: stderr.to_owned(),
        };
        assert_eq!(output.context_bytes(), 2530);
        assert_eq!(output.step_lines(), ["Hello, world!"]);
    }
}
