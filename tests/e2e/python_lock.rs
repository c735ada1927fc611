//! Locks: the same from a build and from the command line, read by others, and the locks of others.

use harness::{Index, images};

use crate::command_line::layerset;
use crate::python_support::{Shelf, service};
use crate::support::{build, containerd, ok};

const REST: &str = "from: 'python:3.13-slim', requirements: [requirements.txt]";

fn shelf() -> Shelf {
    let mut shelf = Shelf::new(containerd());
    for (name, needs) in [("outer", Some("inner[more]>=1")), ("more", None)] {
        let wheel = shelf.wheel(name, "1.0", 2000);
        shelf.index.add(&needs.map_or(wheel.clone(), |needs| wheel.requires(needs))).unwrap();
    }
    let inner = shelf.wheel("inner", "1.0", 2000).extra("more").requires("more; extra == 'more'");
    shelf.index.add(&inner).unwrap();
    shelf.add("unrelated", "1.0", 2000);
    shelf.project.write("requirements.txt", "outer\n").unwrap();
    shelf.manifest("", "", &[service("api", REST)]);
    shelf
}

/// The command line asks the index from this machine, where it has another address.
fn command_line(shelf: &Shelf, index: &str) -> harness::Output {
    let uv = images::uv_program().unwrap();
    let manifest = std::fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    let there = manifest.replace(&shelf.index.simple(), index);
    shelf.project.write("here.yaml", there).unwrap();
    let uv = format!("--uv={}", uv.display());
    layerset(&["lock", "--file=here.yaml", &uv], shelf.project.path())
}

#[test]
fn a_build_and_the_command_line_make_the_same_lock() {
    let shelf = shelf();
    let built = ok(build(shelf.engine, &shelf.project).arg("--call=lock")).stdout;
    for name in ["outer", "inner", "more"] {
        assert!(built.contains(&format!("\"{name}-1.0-py3-none-any.whl\"")), "{built}");
    }
    assert!(!built.contains("unrelated"), "{built}");
    let local = command_line(&shelf, &shelf.index.local()).checked().unwrap().stdout;
    let root = |simple: String| simple.trim_end_matches("simple/").to_owned();
    let local = local.replace(&root(shelf.index.local()), &root(shelf.index.simple()));
    // The build knows which glibc and which patch of Python the base has; all the rest is the same.
    let packages = |text: &str| {
        let start = text.find("[[packages]]");
        start.map(|start| text[start..].to_owned())
    };
    assert_eq!(packages(&local), packages(&built));
}

/// A shell empties the file that a command's answer goes to before the command begins.
#[test]
fn the_command_that_a_refused_build_prints_keeps_what_is_locked() {
    let mut shelf = Shelf::new(containerd());
    shelf.add("lib", "1.0", 2000);
    shelf.project.write("requirements.txt", "lib\n").unwrap();
    shelf.manifest(", lock: pylock.toml", "", &[service("api", REST)]);
    let refused = shelf.refused(&[]).stderr;
    let command = refused.lines().find_map(|line| line.split_once("make it: ").map(|(_, command)| command));
    let make = || {
        let mut script = std::process::Command::new("sh");
        script
            .args(["-c", command.unwrap()])
            .current_dir(shelf.project.path())
            .envs(shelf.engine.environment());
        let output = script.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        std::fs::read_to_string(shelf.project.path().join("pylock.toml")).unwrap()
    };
    let first = make();
    assert!(first.contains("lib-1.0-"), "{first}");
    shelf.index.add(&shelf.wheel("lib", "2.0", 2000)).unwrap();
    shelf.index.add(&shelf.wheel("more", "1.0", 2000)).unwrap();
    // The same question would have the same answer without being asked again.
    shelf.project.write("requirements.txt", "lib\nmore\n").unwrap();
    let second = make();
    assert!(second.contains("lib-1.0-") && second.contains("more-1.0-"), "{second}");
    // As the page on packages says: without the lock, and asked again.
    std::fs::remove_file(shelf.project.path().join("pylock.toml")).unwrap();
    let newest = ok(build(shelf.engine, &shelf.project).args(&["--call=lock", "--no-cache"])).stdout;
    assert!(newest.contains("lib-2.0-"), "{newest}");
}

/// The status that scripts take for "try again": `EX_TEMPFAIL`.
#[test]
fn an_index_that_is_away_is_worth_another_try() {
    let shelf = shelf();
    let (_, nowhere) = Index::nowhere(shelf.engine).unwrap();
    let local = command_line(&shelf, &nowhere);
    assert_eq!(local.status.code(), Some(75), "{local:?}");
    assert!(local.stderr.contains("the index cannot be reached"), "{local:?}");
    assert_eq!(local.stdout, "");
    assert!(!shelf.project.path().join("pylock.toml").exists());
}

#[test]
fn locks_of_other_tools_are_used() {
    let mut shelf = shelf();
    let wheels = ["outer", "inner", "more", "unrelated"].map(|name| shelf.wheel(name, "1.0", 2000));
    let [outer, inner, more, unrelated] = &wheels;
    let lock = shelf.index.lock(&[(outer, &["inner", "more"]), (inner, &[]), (more, &[]), (unrelated, &[])]);
    shelf.project.write("pylock.toml", lock).unwrap();
    shelf.manifest(", lock: pylock.toml", "", &[service("api", REST)]);
    shelf.push();
    assert_eq!(shelf.python("api", "import outer, inner, more; print(inner.VERSION)"), "1.0\n");
    let found = shelf.python("api", "import importlib.util as u; print(u.find_spec('unrelated'))");
    assert_eq!(found, "None\n", "what is locked and not required is not installed");
    assert_eq!(shelf.index.log().len(), 3, "{:?}", shelf.index.log());
}
