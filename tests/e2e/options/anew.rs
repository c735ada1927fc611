//! What is built although it is there: `--no-cache`, `--no-cache-filter`, `--pull`.

use harness::Project;
use harness::project::unique;

use super::{Both, both, project};
use crate::support::{containerd, ok, progress};

/// Two stages with a step each, and a service with a file; each step prints its stage's name.
fn two_stages() -> Project {
    let word = unique().unwrap();
    let step = |name: &str, side: &str| format!(": {side}{word}; echo {name} | tee /{name}");
    let (a, b) = (step("first", "o"), step("second", "o"));
    let manifest = format!(
        "stages:\n  one: {{from: 'busybox:1.37', run: ['{a}']}}\n  two: {{from: one, run: ['{b}']}}\nservices:\n  \
         api: {{from: two, files: [own.txt]}}\n"
    );
    let (a, b) = (step("first", "t"), step("second", "t"));
    let dockerfile = format!(
        "FROM busybox:1.37 AS one\nRUN {a}\nFROM one AS two\nRUN {b}\nFROM two AS api\nCOPY own.txt /own.txt\n"
    );
    let project = project(&manifest, &dockerfile);
    project.write("own.txt", word).unwrap();
    project
}

/// What steps print that really run.
fn printed(project: &Project, flags: &[&str]) -> Both<Vec<String>> {
    both(project, flags, |docker| {
        let mut lines: Vec<String> = progress(docker).log().lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    })
}

#[test]
fn all_steps_are_built_anew() {
    let project = two_stages();
    assert_eq!(printed(&project, &[]).same(), ["first", "second"]);
    assert!(printed(&project, &[]).same().is_empty());
    assert_eq!(printed(&project, &["--no-cache"]).same(), ["first", "second"]);
}

#[test]
fn one_stage_is_built_anew() {
    let project = two_stages();
    printed(&project, &[]);
    assert_eq!(printed(&project, &["--no-cache-filter=two"]).same(), ["second"]);
    // The second step is another one as soon as what it stands on is, unless that comes out as it was.
    assert!(printed(&project, &["--no-cache-filter=one"]).same().contains(&"first".to_owned()));
    assert!(printed(&project, &["--no-cache-filter=api"]).same().is_empty(), "it has only files");
}

#[test]
fn files_that_are_there_are_not_copied_anew() {
    let project = two_stages();
    printed(&project, &[]);
    let copies = both(&project, &["--no-cache"], |docker| {
        let progress = progress(docker);
        let steps = progress.steps();
        let copies = steps.iter().filter(|(name, _)| name.contains("COPY") || name.contains("copy"));
        copies.map(|(_, cached)| *cached).collect::<Vec<_>>()
    });
    assert_eq!(copies.ours, [true]);
    // A Dockerfile's copy stands on the step, which was made anew; files on nothing do not.
    assert_eq!(copies.theirs.len(), 1);
}

#[test]
fn a_filter_that_names_nothing_is_an_error() {
    let project = two_stages();
    let build = super::command(&project, "layerset.yaml", &["--no-cache-filter=tow"]);
    let told = build.env("BUILDKIT_PROGRESS", "plain").run().unwrap();
    assert!(!told.success());
    assert!(
        told.stderr.contains("no target \"tow\"") && told.stderr.contains("did you mean \"two\""),
        "{}",
        told.stderr
    );
    // A Dockerfile's build takes it for a stage that is not there.
    ok(super::command(&project, "Dockerfile", &["--no-cache-filter=tow"]));
}

#[test]
fn bases_are_pulled_again() {
    let engine = containerd();
    let name = format!("{}:1", engine.registry().name(&format!("options/base-{}", unique().unwrap())));
    let push = |version: &str, output: &str| {
        let made = project("", &format!("FROM busybox:1.37\nENV VERSION={version}\n"));
        let output = format!("--output=type=image,name={name},push=true,{output}");
        ok(super::command(&made, "Dockerfile", &["--provenance=false", &output]));
    };
    push("1", "store=true");
    // Newer in the registry alone.
    push("2", "store=false");
    let project = project(
        &format!("stages:\n  it: {{from: '{name}', run: ['echo version $VERSION']}}\n"),
        &format!("FROM {name} AS it\nRUN echo version $VERSION\n"),
    );
    let seen =
        |flags: &[&str]| both(&project, flags, |docker| progress(docker.arg("--no-cache")).log()).same();
    assert_eq!(seen(&["--target=it"]), "version 1\n");
    assert_eq!(seen(&["--target=it", "--pull"]), "version 2\n");
    ok(engine.docker(&["image", "rm", &name]));
}
