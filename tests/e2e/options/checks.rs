//! Which warnings are shown, and whether they are errors: `check=` above the file, and the build argument.

use harness::Docker;

use super::{Both, both, project};

/// Each side has one warning of its own: an argument that nothing uses, and a stage name in capitals.
fn odd(ours: &str, theirs: &str) -> harness::Project {
    let manifest = format!("{ours}args: {{IDLE: '1'}}\nservices: {{api: {{from: 'busybox:1.37'}}}}\n");
    project(&manifest, &format!("{theirs}FROM busybox:1.37 AS API\n"))
}

/// What a build ends with, and what it tells.
fn told(project: &harness::Project, flags: &[&str]) -> Both<(bool, String)> {
    let run = |docker: Docker| {
        let output = docker.env("BUILDKIT_PROGRESS", "plain").run().unwrap();
        (output.success(), output.stdout.clone() + &output.stderr)
    };
    both(project, flags, run)
}

const OURS: &str = "nothing uses the build argument";
const THEIRS: &str = "StageNameCasing";

#[test]
fn warnings_are_left_out_by_rule() {
    let (plain, skip) = (odd("", ""), odd("# check=skip=unused-arg\n", "# check=skip=StageNameCasing\n"));
    let all = ["--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=unused-arg,StageNameCasing", "--check"];
    for (project, flags, fine) in
        [(&plain, &["--check"][..], false), (&skip, &["--check"], true), (&plain, &all, true)]
    {
        let told = told(project, flags);
        assert_eq!((told.ours.0, told.theirs.0), (fine, fine), "{} {}", told.ours.1, told.theirs.1);
        assert_eq!((told.ours.1.contains(OURS), told.theirs.1.contains(THEIRS)), (!fine, !fine));
    }
    // A build shows them, and does not either.
    assert!(told(&plain, &[]).ours.1.contains(OURS) && !told(&skip, &[]).ours.1.contains(OURS));
}

#[test]
fn warnings_are_errors_on_demand() {
    let comment = odd("# check=error=true\n", "# check=error=true\n");
    let argument = odd("", "");
    for (project, flags) in
        [(&comment, &[][..]), (&argument, &["--build-arg=BUILDKIT_DOCKERFILE_CHECK=error=true"])]
    {
        let told = told(project, flags);
        assert_eq!((told.ours.0, told.theirs.0), (false, false), "{} {}", told.ours.1, told.theirs.1);
        assert!(told.ours.1.contains(OURS), "{}", told.ours.1);
    }
    // The command line wins over the file.
    let won = told(&comment, &["--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=all"]);
    assert_eq!((won.ours.0, won.theirs.0), (true, true), "{} {}", won.ours.1, won.theirs.1);
}

#[test]
fn a_check_that_means_nothing_is_an_error() {
    let project = odd("# check=skip=unused-args\n", "# check=skip\n");
    let told = told(&project, &[]);
    assert_eq!((told.ours.0, told.theirs.0), (false, false));
    let place = "layerset.yaml:2:14: found the rule \"unused-args\", expected one that warns; did you mean \"unused-arg\"?";
    assert!(told.ours.1.contains(place), "{}", told.ours.1);
}
