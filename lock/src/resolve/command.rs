//! Runs uv.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::graph::{self, Graph};
use super::{Environment, Request, Uv, conflict, failure, pins};
use crate::input::{Input, Origin, Requirement, Settings};
use crate::lock::{Lock, Policy};
use crate::problem::{Kind, Problem};

/// What all runs have in common.
pub(super) struct Runner<'a> {
    pub(super) request: &'a Request<'a>,
    /// Of the caller and the files together.
    pub(super) settings: Settings,
    pub(super) uv: &'a Uv,
    /// Absolute.
    pub(super) context: String,
    /// Absolute.
    pub(super) scratch: String,
}

impl Runner<'_> {
    /// Resolves inputs together: the packages with their files. `preferred` is a `pylock.toml` with versions.
    pub(super) fn versions(
        &self,
        place: &str,
        inputs: &[&Input],
        environment: &Environment,
        preferred: Option<&str>,
    ) -> Result<Lock, Vec<Problem>> {
        let directory = self.directory(place)?;
        let mut command = self.command(&directory, inputs, environment, None)?;
        let output = format!("{directory}/pylock.toml");
        if let Some(preferred) = preferred {
            write(&output, preferred)?;
        }
        command.args(["--format", "pylock.toml", "--output-file", "pylock.toml"]);
        self.run(&mut command, inputs, environment)?;
        let unreadable = |error| vec![Problem::new(Kind::Resolver, format!("uv wrote no lock: {error}"))];
        let bytes = std::fs::read(&output).map_err(unreadable)?;
        let policy = Policy::Clean { context: self.context.clone(), directory };
        Lock::read_with(&self.request.lock_path, &bytes, &policy).map_err(|problems| {
            // Its places are in a file that nobody sees.
            let clean = |problem: Problem| Problem { place: None, kind: Kind::Resolver, ..problem };
            problems.into_iter().map(clean).collect()
        })
    }

    /// Resolves inputs with all versions given: what they need, and through what.
    pub(super) fn graph(
        &self,
        place: &str,
        inputs: &[&Input],
        environment: &Environment,
        pins: &str,
    ) -> Result<Graph, Vec<Problem>> {
        if inputs.iter().all(|input| input.requirements.is_empty()) {
            return Ok(Graph::default());
        }
        let directory = self.directory(place)?;
        let run = |offline: bool| {
            let mut command = self.command(&directory, inputs, environment, Some(pins))?;
            command.args(["--annotation-style", "split", "--no-strip-extras"]);
            if offline {
                command.arg("--offline");
            }
            self.run(&mut command, inputs, environment)
        };
        // All that these versions say is in uv's cache, unless there is none. Asking the index again whether
        // its pages are still the same takes longer than the rest.
        let text = run(true).or_else(|_| run(false))?;
        graph::parse(&text).map_err(|line| {
            let message = format!("uv said \"{line}\" where a package was expected");
            vec![
                Problem::new(Kind::Resolver, message)
                    .hint("use the version of uv that layerset was tested with"),
            ]
        })
    }

    fn directory(&self, place: &str) -> Result<String, Vec<Problem>> {
        let directory = format!("{}/{place}", self.scratch);
        let failed =
            |error| vec![Problem::new(Kind::Machine, format!("cannot write to {directory}: {error}"))];
        std::fs::create_dir_all(Path::new(&directory)).map_err(failed)?;
        Ok(directory)
    }

    /// The command with all that does not depend on what is to be written.
    fn command(
        &self,
        directory: &str,
        inputs: &[&Input],
        environment: &Environment,
        pins: Option<&str>,
    ) -> Result<Command, Vec<Problem>> {
        let mut command = Command::new(&self.uv.program);
        // No download of interpreters: an index is all that resolving may need of the network.
        command.args([
            "pip",
            "compile",
            "--quiet",
            "--no-header",
            "--color",
            "never",
            "--no-python-downloads",
        ]);
        match &self.uv.config {
            Some(config) => command.arg("--config-file").arg(config),
            None => command.arg("--no-config"),
        };
        if let Some(python) = &self.uv.python {
            command.arg("--python").arg(python);
        }
        command.args(["--python-version", &environment.python, "--python-platform", &environment.platform]);
        self.indexes(&mut command);
        let mut constraints = String::from(pins.unwrap_or_default());
        for input in inputs {
            write(&format!("{directory}/{}.in", input.group), &self.lines(&input.requirements))?;
            command.arg(format!("{}.in", input.group));
            constraints.push_str(&self.lines(&input.constraints));
        }
        if !constraints.is_empty() {
            write(&format!("{directory}/constraints.txt"), &constraints)?;
            command.args(["--constraints", "constraints.txt"]);
        }
        command.current_dir(directory).envs(&self.uv.variables).stdin(Stdio::null());
        Ok(command)
    }

    fn indexes(&self, command: &mut Command) {
        let settings = &self.settings;
        command.args(settings.index_arguments());
        for links in &settings.find_links {
            let path = || format!("{}/{links}", self.context);
            command.arg("--find-links").arg(if links.contains("://") { links.clone() } else { path() });
        }
        for (flag, names) in [
            ("--only-binary", &settings.only_binary),
            ("--no-binary", &settings.no_binary),
            ("--allow-insecure-host", &settings.trusted_hosts),
        ] {
            for name in names {
                // As one word: a value cannot be taken for an option.
                command.arg(format!("{flag}={name}"));
            }
        }
        if settings.no_index {
            command.arg("--no-index");
        }
        if settings.pre {
            command.args(["--prerelease", "allow"]);
        }
        if let Some(date) = &self.request.exclude_newer {
            command.args(["--exclude-newer", date]);
        }
        if let Some(strategy) = &self.request.index_strategy {
            command.args(["--index-strategy", strategy]);
        }
    }

    /// Requirements as a file for uv, with absolute paths.
    fn lines(&self, requirements: &[Requirement]) -> String {
        let mut out = String::new();
        for requirement in requirements {
            let mut requirement = requirement.clone();
            if let Origin::Path(path) = &requirement.origin {
                requirement.origin = Origin::Url(pins::file_address(&self.context, path));
            }
            let _ = writeln!(out, "{requirement}");
        }
        out
    }

    fn run(
        &self,
        command: &mut Command,
        inputs: &[&Input],
        environment: &Environment,
    ) -> Result<String, Vec<Problem>> {
        let output: Output = command.output().map_err(|error| {
            let message = format!("uv cannot be run as {}: {error}", self.uv.program.display());
            vec![Problem::new(Kind::Resolver, message).hint("install uv, or say where it is")]
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = failure::Said::of(&String::from_utf8_lossy(&output.stderr));
        Err(vec![conflict::problem(said, inputs, environment, self.request.resolution)])
    }
}

fn write(path: &str, text: &str) -> Result<(), Vec<Problem>> {
    let failed = |error| vec![Problem::new(Kind::Machine, format!("cannot write {path}: {error}"))];
    std::fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_is_no_mistake() {
        let problems = write("/dev/full", "text").unwrap_err();
        assert_eq!(problems[0].kind, Kind::Machine);
        assert!(problems[0].message.starts_with("cannot write /dev/full: "), "{problems:?}");
    }
}
