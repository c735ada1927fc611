//! What users get wrong: the same words from a build, from `--check` and from the command line, all of them at once,
//! each with its place, and nothing of the user's directory changed.

use std::thread;

use harness::{Engine, Output, Project};

use crate::command_line::layerset;
use crate::mistakes_table::{Mistake, mistakes};
use crate::support::{containerd, syntax};

#[test]
fn mistakes_are_told_by_build_check_and_command_line() {
    let engine = containerd();
    let all = mistakes();
    // Most of the time is the engine's start of a container: four at once.
    let failed: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|part| {
                let mine = all.iter().skip(part).step_by(4);
                scope.spawn(move || {
                    let tried = mine.map(|mistake| {
                        (mistake.name, thread::scope(|one| one.spawn(|| told(engine, mistake)).join()))
                    });
                    tried.filter(|(_, result)| result.is_err()).map(|(name, _)| name).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "see above for {failed:?}");
}

fn told(engine: &Engine, mistake: &Mistake) {
    let project = Project::new(mistake.name).unwrap();
    project.write("layerset.yaml", &mistake.manifest).unwrap().write("src/app.txt", "app\n").unwrap();
    let before = state(&project);

    let args = ["buildx", "build", "--file=layerset.yaml", "."];
    let built = engine.docker(&args).current_dir(project.path()).run().unwrap();
    by_engine(mistake, &built);
    assert_marked(&built, mistake.told[0].0);
    if mistake.told.len() > 1 {
        let count = format!("{} errors in layerset.yaml", mistake.told.len());
        assert!(built.stderr.contains(&count), "{}", show(&built));
    }
    let checked = engine.docker(&args).arg("--check").current_dir(project.path()).run().unwrap();
    by_engine(mistake, &checked);

    let local = layerset(&["check"], project.path());
    assert_eq!(local.status.code(), Some(1), "{}", show(&local));
    assert_eq!(local.stdout, "", "mistakes go to stderr");
    for (at, message, hint) in mistake.told {
        let line = format!("layerset.yaml:{at}: error: {message}");
        assert!(
            local.stderr.contains(&line) && local.stderr.contains(hint_of(hint)),
            "{line}: {}",
            show(&local)
        );
    }
    assert_eq!(local.stderr.matches(": error: ").count(), mistake.told.len(), "{}", show(&local));
    assert_calm(&local);
    assert_eq!(state(&project), before, "{} changed the user's directory", mistake.name);
}

/// Both ways through the engine print the same lines.
fn by_engine(mistake: &Mistake, output: &Output) {
    assert_eq!(output.status.code(), Some(1), "{}: {}", mistake.name, show(output));
    let all = format!("{}{}", output.stdout, output.stderr);
    for (at, message, hint) in mistake.told {
        let beginning = format!("layerset.yaml:{at}: {message}");
        let line = all.lines().find(|line| line.contains(&beginning));
        assert!(
            line.is_some_and(|line| line.ends_with(hint)),
            "{}: no {beginning}: {}",
            mistake.name,
            show(output)
        );
    }
    // Every error once, and no others.
    let told = all
        .lines()
        .filter(|line| line.split_once("layerset.yaml:").is_some_and(|(_, rest)| place(rest)))
        .count();
    assert_eq!(told, mistake.told.len(), "{}: {}", mistake.name, show(output));
    assert_calm(output);
}

/// `3:15: …`, and not the `3` that BuildKit prints above its excerpt.
fn place(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
    number(parts.next()) && number(parts.next()) && parts.next().is_some()
}

/// What is added to a message is the help of the command line.
fn hint_of(hint: &str) -> &str {
    hint.rsplit_once("; save").map_or(hint, |_| "save the file as UTF-8")
}

/// BuildKit's excerpt of the file, with the line marked.
fn assert_marked(output: &Output, place: &str) {
    let line = place.split(':').next().unwrap();
    let marked = |text: &str| text.trim_start().starts_with(&format!("{line} | >>>"));
    assert!(output.stderr.lines().any(marked), "line {line} is not marked: {}", show(output));
}

/// Nothing that only the makers of the frontend would understand, and no more than a few screens of it.
fn assert_calm(output: &Output) {
    for word in ["exit code", "panicked", "internal error", "RUST_BACKTRACE", "rpc error", "goroutine"] {
        assert!(!output.stdout.contains(word) && !output.stderr.contains(word), "{word}: {}", show(output));
    }
    assert!(output.stderr.len() + output.stdout.len() < 20_000, "a flood: {}", show(output));
}

fn show(output: &Output) -> String {
    let all = format!("{}\n{}{}", output.command, output.stdout, output.stderr);
    all.chars().take(4000).collect()
}

/// Every file of a project with its content and time.
fn state(project: &Project) -> String {
    let mut list = harness::run::command("sh");
    list.args([
        "-c",
        "find . -printf '%p %y %m %s %T@ %l\\n' | sort && find . -type f -exec sha256sum {} + | sort",
    ]);
    harness::run::output(list.current_dir(project.path())).unwrap()
}

fn refused(project: &Project, args: &[&str]) -> Output {
    let build = containerd().docker(&["buildx", "build", "--file=layerset.yaml", "."]);
    let output = build.args(args).current_dir(project.path()).run().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", show(&output));
    output
}

fn written(name: &str, body: &str) -> Project {
    let project = Project::new(name).unwrap();
    project.write("layerset.yaml", syntax() + body).unwrap();
    project
}

const STEPS: &str = "\
stages:
  base:
    from: busybox:1.37
    run:
      - command: cat /run/secrets/token
        secrets: [token]
  broken:
    from: busybox:1.37
    run:
      - 'true'
      - echo told-by-the-step && exit 7
services:
  api: {from: base}
  web: {from: broken}
";

#[test]
fn a_missing_secret_is_told_at_its_step() {
    let project = written("secret", STEPS);
    let output = refused(&project, &["--target=api"]);
    assert!(output.stderr.contains("secret token: not found"), "{}", show(&output));
    assert_marked(&output, "6:9");
    assert_calm(&output);
}

#[test]
fn a_failing_step_is_told_at_its_line() {
    let project = written("step", STEPS);
    let output = refused(&project, &["--target=web"]);
    // The exit code is the step's own: here it belongs.
    assert!(output.stderr.contains("[broken] run echo told-by-the-step && exit 7"), "{}", show(&output));
    assert!(output.step_lines().contains(&"told-by-the-step"), "{}", show(&output));
    assert!(output.stderr.contains("did not complete successfully: exit code: 7"), "{}", show(&output));
    assert_marked(&output, "12:9");
}

#[test]
fn a_base_that_is_not_there_is_told_at_its_name() {
    let engine = containerd();
    let image = engine.registry().name("no/such:1");
    let project = written("base", &format!("services:\n  api:\n    from: {image}\n"));
    let output = refused(&project, &[]);
    let told =
        format!("layerset.yaml:4:11: cannot use this base: {image}: not found; the engine looks for it");
    assert!(output.stderr.contains(&told), "{}", show(&output));
    assert_marked(&output, "4:11");
    assert_calm(&output);
}

#[test]
fn an_unknown_target_lists_the_known() {
    let project = written(
        "target",
        "stages:\n  base: {from: busybox:1.37}\nservices:\n  api: {from: base}\n  web: {from: base}\n",
    );
    let near = refused(&project, &["--target=ap"]);
    let told = "layerset.yaml:4:1: no target \"ap\", expected a service or a stage; did you mean \"api\"? \
                services: api, web; stages: base";
    assert!(near.stderr.contains(told), "{}", show(&near));
    let none = refused(&project, &[]);
    let told = "no target was named and there are several services; use --target NAME; services: api, web; stages: base";
    assert!(none.stderr.contains(told), "{}", show(&none));
    let local = layerset(&["llb", "--target=ap"], project.path());
    assert_eq!(local.status.code(), Some(1));
    assert!(
        local.stderr.contains("did you mean \"api\"? services: api, web; stages: base"),
        "{}",
        show(&local)
    );
    for output in [near, none, local] {
        assert_calm(&output);
    }
}

/// Not on the first line, `# syntax=` is a comment: only who names the frontend in another way comes here.
#[test]
fn a_syntax_line_that_is_not_the_first_is_warned_of() {
    let project = Project::new("syntax").unwrap();
    let body =
        format!("# the images of all services\n{}services:\n  api: {{from: busybox:1.37}}\n", syntax());
    project.write("layerset.yaml", body).unwrap();
    let name = syntax();
    let name = format!("BUILDKIT_SYNTAX={}", name.trim().rsplit_once('=').unwrap().1);
    let build = containerd().docker(&[
        "buildx",
        "build",
        "--file=layerset.yaml",
        "--check",
        "--build-arg",
        &name,
        ".",
    ]);
    let output = build.current_dir(project.path()).run().unwrap();
    let told = "layerset.yaml:2:1: found \"# syntax=\" on line 2, where the engine does not look for it; \
                make it the very first line of the file";
    assert!(
        output.stdout.contains("WARNING: syntax-not-first") && output.stdout.contains(told),
        "{}",
        show(&output)
    );
    assert_eq!(output.status.code(), Some(1), "as for a Dockerfile with warnings");

    let local = layerset(&["check"], project.path());
    assert!(
        local.stdout.contains("layerset.yaml:2:1: warning: found \"# syntax=\" on line 2"),
        "{}",
        show(&local)
    );
    assert!(local.success(), "a warning is no error");
}

#[test]
fn an_empty_file_and_a_directory_are_no_manifest() {
    let project = Project::new("empty").unwrap();
    project.write("layerset.yaml", "").unwrap();
    // Without a first line nothing leads to the frontend; a build argument does.
    let name = syntax();
    let name = format!("--build-arg=BUILDKIT_SYNTAX={}", name.trim().rsplit_once('=').unwrap().1);
    let output = refused(&project, &[&name]);
    assert!(
        output.stderr.contains("layerset.yaml:1:1: the manifest is empty, expected services"),
        "{}",
        show(&output)
    );
    assert_calm(&output);
    let local = layerset(&["check"], project.path());
    assert!(local.stderr.contains("layerset.yaml:1:1: error: the manifest is empty"), "{}", show(&local));
    assert_eq!(local.status.code(), Some(1));

    let project = Project::new("directory").unwrap();
    project.write("layerset.yaml/file", "").unwrap();
    let local = layerset(&["check"], project.path());
    assert!(
        local.stderr.contains("layerset.yaml") && local.stderr.to_lowercase().contains("is a directory"),
        "{}",
        show(&local)
    );
    assert_eq!(local.status.code(), Some(1));
    assert_calm(&local);
}

#[test]
fn options_that_do_not_fit_are_told() {
    let project =
        written("options", "args: {MODE: a}\nservices:\n  api: {from: busybox:1.37, user: \"${MODE}\"}\n");
    let platform = refused(&project, &["--platform=nonsense"]);
    assert!(
        platform.stderr.contains("\"nonsense\": unknown operating system or architecture"),
        "{}",
        show(&platform)
    );
    let call = refused(&project, &["--call=pln"]);
    let told = "no call \"pln\", expected one of: outline, targets, lint, plan, bake, llb";
    assert!(call.stderr.contains(told), "{}", show(&call));
    let local = layerset(&["plan", "--platform=nonsense"], project.path());
    let told = "found \"nonsense\", expected a platform such as linux/arm64";
    assert!(local.stderr.contains(told), "{}", show(&local));
    assert_eq!(local.status.code(), Some(1));
    for output in [platform, call, local] {
        assert_calm(&output);
    }
    // A mistyped build argument builds, and is told.
    let build = containerd().docker(&["buildx", "build", "--file=layerset.yaml", "--build-arg=MODUS=b", "."]);
    let output = build.current_dir(project.path()).run().unwrap().checked().unwrap();
    assert!(output.stderr.contains("unused build argument \"MODUS\""), "{}", show(&output));
}
