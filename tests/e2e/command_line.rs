//! The binary as a command line: on local files, without an engine.

use std::path::Path;

use harness::place::workspace;
use harness::{Output, Project, frontend, run};
use serde_json::Value;

use crate::support::syntax;

/// Runs the command line in a directory.
pub(crate) fn layerset(args: &[&str], dir: &Path) -> Output {
    let binary = frontend::binary().unwrap();
    let mut command = run::command(binary.to_str().unwrap());
    command.args(args).current_dir(dir);
    let output = command.output().unwrap();
    Output {
        command: run::line_of(&command),
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn project(body: &str) -> Project {
    let project = Project::new("command-line").unwrap();
    project.write("layerset.yaml", syntax() + body).unwrap().write("src/app.txt", "app\n").unwrap();
    project
}

const GOOD: &str = "\
name: shop
services:
  api: {from: busybox:1.37, files: [src/], command: [cat, /src/app.txt]}
  web: {from: busybox:1.37, files: [src/]}
";

const COMMANDS: [&str; 5] = ["plan", "check", "bake", "llb", "schema"];

#[test]
fn every_command_ends_well_on_a_good_manifest() {
    let project = project(GOOD);
    for command in COMMANDS {
        let mut args = vec![command];
        args.extend((command == "llb").then_some("--target=api"));
        let output = layerset(&args, project.path()).checked().unwrap();
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        if command == "check" {
            assert_eq!(output.stdout, "check complete, nothing found\n");
            continue;
        }
        if command != "schema" {
            args.push("--format=json");
        }
        let output = layerset(&args, project.path()).checked().unwrap();
        let json: Value = serde_json::from_str(&output.stdout).unwrap();
        assert!(json.is_object(), "{json}");
    }
    let dot = layerset(&["llb", "--target=api", "--dot"], project.path()).checked().unwrap().stdout;
    assert!(dot.starts_with("digraph") && dot.trim_end().ends_with('}'), "{dot}");
}

#[test]
fn every_command_refuses_a_bad_manifest() {
    let project = project("services:\n  api: {form: busybox:1.37}\n");
    for command in ["plan", "check", "bake", "llb"] {
        let output = layerset(&[command], project.path());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(output.stdout, "", "nothing that a pipe could take for a result");
        assert!(output.stderr.starts_with("layerset.yaml:3:9: error: unknown key \"form\""), "{output:?}");
        assert!(output.stderr.contains("help: did you mean \"from\"?"), "{output:?}");
    }
}

#[test]
fn the_manifest_is_found_by_context_or_by_name() {
    let project = project(GOOD);
    project
        .write("below/here.txt", "")
        .unwrap()
        .write("other.yaml", "services: {one: {from: \"busybox:1\"}}\n")
        .unwrap();
    let below = project.path().join("below");
    let up = layerset(&["plan", ".."], &below).checked().unwrap();
    assert!(up.stdout.contains("web"), "{up:?}");
    let named = layerset(&["plan", "-f", "../other.yaml", ".."], &below).checked().unwrap();
    assert!(named.stdout.contains("one") && !named.stdout.contains("web"), "{named:?}");
    let bake = layerset(&["bake", "-f", "../other.yaml", ".."], &below).checked().unwrap();
    let bake: Value = serde_json::from_str(&bake.stdout).unwrap();
    assert_eq!(bake["target"]["one"]["context"], "..");
    assert_eq!(bake["target"]["one"]["dockerfile"], "other.yaml", "from the context, as bake reads it");

    let missing = layerset(&["check", "-f", "nowhere.yaml"], project.path());
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(missing.stderr, "layerset: no manifest \"nowhere.yaml\" was found, name it with -f\n");
}

#[test]
fn arguments_that_do_not_fit_are_told() {
    let project = project(GOOD);
    for (args, told) in [
        (&["bakee"][..], "a similar subcommand exists: 'bake'"),
        (&["plan", "--fromat=json"], "a similar argument exists: '--format'"),
        (&["plan", "--format=xml"], "[possible values: text, json]"),
        (&["plan", "--build-arg=X"], "found \"X\", expected NAME=VALUE"),
        (&["plan", "--platform=linux"], "found \"linux\", expected a platform such as linux/arm64"),
        (&["plan", "a", "b"], "unexpected argument 'b'"),
        (&[], "Usage: "),
    ] {
        let output = layerset(args, project.path());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stderr.contains(told) && output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn help_names_every_command_and_option() {
    let project = project(GOOD);
    let help = layerset(&["--help"], project.path()).checked().unwrap().stdout;
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        let help = layerset(&[command, "--help"], project.path()).checked().unwrap().stdout;
        let options = if command == "schema" {
            &[][..]
        } else {
            &["--file", "--build-arg", "--build-context", "[CONTEXT]"]
        };
        for option in options {
            assert!(help.contains(option), "{command}: {help}");
        }
    }
    let version = layerset(&["--version"], project.path()).checked().unwrap().stdout;
    assert!(version.starts_with("layerset "), "{version}");
}

#[test]
fn build_arguments_and_contexts_are_taken() {
    let project =
        project("args: {TAG:}\nservices:\n  api: {from: \"busybox:${TAG}\"}\n  web: {from: vendor}\n");
    let output = layerset(&["check"], project.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(
        output.stderr.contains("has no value") && output.stderr.contains("unknown stage \"vendor\""),
        "{output:?}"
    );
    let args = ["plan", "--build-arg=TAG=1.37", "--build-context=vendor=./somewhere"];
    let plan = layerset(&args, project.path()).checked().unwrap().stdout;
    assert!(plan.contains("busybox:1.37"), "{plan}");
}

/// The user's mistakes are 1. What may pass by itself is 75: a file system that gives an input/output error, as
/// `/proc/self/mem` does at its beginning, where nothing is mapped.
#[test]
fn a_file_system_that_fails_is_worth_another_try() {
    let project = Project::new("io").unwrap();
    let output = layerset(&["check", "-f", "/proc/self/mem"], project.path());
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    assert!(output.stderr.starts_with("layerset: cannot read /proc/self/mem: "), "{output:?}");
}

/// The repository's own example is without a warning.
#[test]
fn the_example_is_checked_without_an_engine() {
    let hello = workspace().join("examples/hello");
    let output = layerset(&["check"], &hello).checked().unwrap();
    assert_eq!(output.stdout, "check complete, nothing found\n");
}
