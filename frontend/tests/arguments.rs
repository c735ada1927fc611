//! Arguments of the command line: which of them a command has, and what they lead to.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

mod project;

use std::process::Command;

use project::Project;
use serde_json::{Value, json};

const MANIFEST: &str = "\
args: {TAG: '1', no_proxy: ''}
services:
  api: {from: scratch, files: [lib/, logs/], labels: {tag: '${TAG}', proxy: '${no_proxy}'}}
";

fn shop(name: &str) -> Project {
    let files = [("layerset.yaml", MANIFEST), ("lib/a.py", "1"), ("logs/a.log", "1")];
    Project::new(name, &files)
}

/// What is said by a command that must end with the user's mistake.
fn error(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
    told
}

#[test]
fn several_platforms_are_for_lock_alone() {
    let project = shop("arguments-platforms");
    for command in ["plan", "check", "llb"] {
        let told = error(&project, &[command, "--platform", "linux/amd64,linux/arm64"]);
        assert!(told.contains("expected one platform such as linux/arm64"), "{told}");
    }
    // What a bake file is for, its targets and who bakes say.
    let told = error(&project, &["bake", "--platform", "linux/arm64"]);
    assert!(told.contains("unexpected argument '--platform'"), "{told}");
}

#[test]
fn a_graph_is_drawn_or_given_to_programs() {
    let project = shop("arguments-dot");
    assert!(error(&project, &["llb", "--dot", "--format", "json"]).contains("expected one of them"));
    assert!(project.ok(&["llb", "--dot"]).starts_with("digraph"));
}

#[test]
fn a_bake_file_has_the_arguments_that_others_need() {
    let project = shop("arguments-bake");
    let args = |names: &[&str]| -> Value {
        let pairs = names.iter().flat_map(|name| ["--build-arg".to_owned(), format!("{name}=x")]);
        let all: Vec<String> = ["bake".to_owned()].into_iter().chain(pairs).collect();
        let text = project.ok(&all.iter().map(String::as_str).collect::<Vec<_>>());
        serde_json::from_str::<Value>(&text).unwrap()["target"]["api"]["args"].clone()
    };
    let own = ["TAG", "HTTP_PROXY", "no_proxy", "SOURCE_DATE_EPOCH", "BUILDKIT_MULTI_PLATFORM"];
    assert_eq!(args(&own), json!({"TAG": "x", "no_proxy": "x"}));
    let syntax = ["BUILDKIT_SYNTAX"];
    assert_eq!(args(&syntax), json!({"BUILDKIT_SYNTAX": "x"}), "no line says it");
    project.write("layerset.yaml", &format!("# syntax=layerset/frontend:1\n{MANIFEST}"));
    assert_eq!(args(&syntax), Value::Null);
}

#[test]
fn what_is_not_sent_is_missing() {
    let project = shop("arguments-missing");
    project.write(".dockerignore", "logs\n");
    let place = "layerset.yaml:3:38: ";
    let told = error(&project, &["check"]);
    assert!(told.contains(&format!("{place}error: no \"logs\" in the build context")), "{told}");
    let plan = project.run(&["plan"]);
    let told = String::from_utf8(plan.stderr).unwrap();
    assert!(plan.status.success() && told.contains(&format!("{place}warning: no \"logs\"")), "{told}");
}

#[test]
fn commands_to_paste_are_for_this_directory() {
    let project = shop("arguments-hints");
    let manifest =
        "python: {lock: locks/pylock.toml}\nservices:\n  api: {from: 'python:3.13', requirements: [r.txt]}\n";
    project.write("layerset.yaml", manifest);
    project.write("r.txt", "one\n");
    let below = Command::new(env!("CARGO_BIN_EXE_layerset"))
        .args(["check", ".."])
        .current_dir(project.0.join("lib"))
        .output()
        .unwrap();
    let told = String::from_utf8(below.stdout).unwrap() + &String::from_utf8(below.stderr).unwrap();
    let command = "docker buildx build -f ../layerset.yaml --call=lock .. > ../locks/pylock.toml.new && mv";
    assert!(told.contains(command), "{told}");
    assert!(error(&project, &["check"]).contains("--call=lock . > locks/pylock.toml.new && mv"));
}

#[test]
fn a_file_that_is_there_is_told_before_anything_is_read() {
    let project = shop("arguments-present");
    project.write("page.html", "mine");
    let told = error(&project, &["report", "--html", "page.html", "./nowhere.tar"]);
    assert!(told.contains("--force") && !told.contains("nowhere.tar"), "{told}");
}

#[test]
fn a_name_that_no_file_can_have_is_a_mistake() {
    let project = shop("arguments-long");
    let long = "x".repeat(300);
    assert!(error(&project, &["check", "-f", &long]).contains("was found, name it with -f"));
    project.write("layerset.yaml", &MANIFEST.replace("logs/", &long));
    assert!(error(&project, &["check"]).contains("layerset.yaml:3:38: error: no \"xxx"));
}
