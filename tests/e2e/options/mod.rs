//! Options of builds, steps and images: each is given to a manifest and to a Dockerfile on the same engine, and what a
//! step or an image sees of it has to be the same. `docs/reference/options.md` has a row for each test.

mod anew;
mod checks;
mod configuration;
mod files;
mod network;
mod own_steps;
mod sandbox;
mod secrets;
mod table;

use std::fmt::Write as _;

use harness::project::unique;
use harness::{Docker, Output, Project};
use serde_json::{Value, json};

use crate::support::{containerd, inspect, ok, progress, syntax};

/// A step as a manifest and as a Dockerfile writes it, on busybox.
#[derive(Clone, Copy, Default)]
struct Step<'a> {
    /// Keys of the step beside its command, `network: none`.
    keys: &'a str,
    /// The same as flags of `RUN`.
    flags: &'a str,
    /// Text for the shell.
    command: &'a str,
    /// Names of build arguments.
    args: &'a [&'a str],
}

/// Both builds: what comes of the manifest, and of the Dockerfile.
struct Both<T> {
    ours: T,
    theirs: T,
}

impl<T: PartialEq + std::fmt::Debug> Both<T> {
    /// The one result that both have.
    fn same(self) -> T {
        assert_eq!(self.ours, self.theirs, "the manifest's build on the left, the Dockerfile's on the right");
        self.ours
    }
}

/// A project with a manifest and a Dockerfile of the same files.
fn project(manifest: &str, dockerfile: &str) -> Project {
    let project = Project::new("options").unwrap();
    project.write("layerset.yaml", syntax() + manifest).unwrap();
    project.write("Dockerfile", dockerfile).unwrap();
    project
}

/// A step in a stage `it`. Words that no other build has keep each frontend's step from finding the other's result.
fn of_step(step: Step<'_>) -> Project {
    let command = |word: &str| format!(": {word}; {}", step.command);
    let (mut args, mut lines) = (String::new(), String::new());
    for name in step.args {
        write!(args, "{name}: , ").unwrap();
        writeln!(lines, "ARG {name}").unwrap();
    }
    let keys = if step.keys.is_empty() { String::new() } else { format!(", {}", step.keys) };
    let ours = json!(command(&unique().unwrap()));
    let manifest = format!(
        "args: {{{args}}}\nstages:\n  tools: {{from: 'busybox:1.37', run: ['mkdir /made && echo tool > /made/tool']}}\n  \
         it:\n    from: busybox:1.37\n    run: [{{command: {ours}{keys}}}]\n"
    );
    let dockerfile = format!(
        "FROM busybox:1.37 AS tools\nRUN mkdir /made && echo tool > /made/tool\nFROM busybox:1.37 AS it\n{lines}RUN {} {}\n",
        step.flags,
        command(&unique().unwrap())
    );
    project(&manifest, &dockerfile)
}

/// A build of the project's manifest or Dockerfile.
fn command(project: &Project, file: &str, flags: &[&str]) -> Docker {
    let file = format!("--file={file}");
    containerd().docker(&["buildx", "build", &file, "."]).args(flags).current_dir(project.path()).traced()
}

fn both<T>(project: &Project, flags: &[&str], end: impl Fn(Docker) -> T) -> Both<T> {
    let ours = end(command(project, "layerset.yaml", flags));
    Both { ours, theirs: end(command(project, "Dockerfile", flags)) }
}

/// What the step prints, which is the same in both builds.
fn seen(step: Step<'_>, flags: &[&str]) -> String {
    seen_in(&of_step(step), flags)
}

/// What the stage `it` prints, which is the same in both builds.
fn seen_in(project: &Project, flags: &[&str]) -> String {
    both(project, flags, |docker| progress(docker.arg("--target=it")).log()).same()
}

/// Both builds fail, and what is told.
fn refused(project: &Project, flags: &[&str]) -> Both<String> {
    both(project, flags, |docker| {
        let output: Output = docker.env("BUILDKIT_PROGRESS", "plain").run().unwrap();
        assert!(!output.success(), "{} ended well", output.command);
        output.stderr
    })
}

/// The configuration of the images.
fn images(project: &Project, flags: &[&str]) -> Both<Value> {
    let engine = containerd();
    both(project, flags, |docker| {
        let tag = format!("options:{}", unique().unwrap());
        ok(docker.args(&["--load", "--tag", &tag]));
        let config = inspect(engine, &tag)["Config"].clone();
        ok(engine.docker(&["image", "rm", &tag]));
        config
    })
}

/// What a container of the images prints that runs `script`.
fn containers(project: &Project, flags: &[&str], script: &str) -> Both<String> {
    let engine = containerd();
    both(project, flags, |docker| {
        let tag = format!("options:{}", unique().unwrap());
        ok(docker.args(&["--load", "--tag", &tag]));
        let ran = ok(engine.docker(&["run", "--rm", &tag, "sh", "-c", script])).stdout;
        ok(engine.docker(&["image", "rm", &tag]));
        ran
    })
}
