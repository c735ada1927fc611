//! What goes wrong with requirements, locks, indexes and wheels: each with the words that a user sees, the place in the
//! manifest and in the file it names, and nothing half-built.

use std::env::consts::ARCH;

use harness::{Index, Output, Wheel};

use crate::python_support::{Shelf, service};
use crate::support::{build, containerd, ok};

const REST: &str = "from: 'python:3.13-slim', requirements: [requirements.txt]";

/// With `lib` 1.0 and 2.0 on its index, and `requirements.txt` in its context.
fn shelf(requirements: &str) -> Shelf {
    let mut shelf = Shelf::new(containerd());
    shelf.add("lib", "1.0", 2000);
    shelf.add("lib", "2.0", 2000);
    shelf.project.write("requirements.txt", requirements).unwrap();
    shelf.manifest("", "", &[service("api", REST)]);
    shelf
}

/// The same with a lock.
fn locked(requirements: &str) -> Shelf {
    let mut shelf = shelf(requirements);
    shelf.manifest(", lock: pylock.toml", "", &[service("api", REST)]);
    shelf.lock();
    shelf
}

/// Fails, and says all of it; there is no image, and nothing that only the makers of the frontend understand.
fn told(shelf: &Shelf, words: &[&str]) -> Output {
    let tag = format!("python-mistake:{}", shelf.tag);
    let output = shelf.refused(&["--target=api", "--load", "--tag", &tag]);
    assert_eq!(output.status.code(), Some(1), "{}", output.stderr);
    let said = format!("{}{}", output.stdout, output.stderr);
    let missing: Vec<_> = words.iter().filter(|word| !said.contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:#?} is not in what was said:\n{said}");
    for word in ["panicked", "internal error", "RUST_BACKTRACE", "goroutine"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    let image = shelf.engine.docker(&["image", "inspect", &tag]).run().unwrap();
    assert!(!image.success(), "an image was made: {}", image.stdout);
    output
}

/// The excerpt of the manifest that the engine prints, with the line of a service marked.
fn marked(output: &Output) {
    let line = output.stderr.lines().find(|line| line.contains(" | >>>"));
    assert!(
        line.is_some_and(|line| line.contains("requirements: [")),
        "no service is marked: {}",
        output.stderr
    );
}

#[test]
fn a_requirement_file_that_is_not_there() {
    let mut shelf = shelf("");
    let rest = "from: 'python:3.13-slim', requirements: [requirements/web.txt]";
    shelf.manifest("", "", &[service("api", rest)]);
    let output = told(&shelf, &["layerset.yaml:4:", "requirements/web.txt", "in the build context"]);
    marked(&output);
    shelf.project.write("requirements/web.txt", "lib\n-r more.txt\n").unwrap();
    let output = told(&shelf, &["layerset.yaml:4:", "requirements/web.txt:2:", "requirements/more.txt"]);
    marked(&output);
}

#[test]
fn lines_that_cannot_be_read_are_all_told() {
    let shelf = shelf("lib ==\n# fine\nlib>=1\n--no-such-option\nlib; python_version >\n");
    let output = told(
        &shelf,
        &["requirements.txt:1:", "requirements.txt:4:", "--no-such-option", "requirements.txt:5:"],
    );
    assert!(!output.stderr.contains("requirements.txt:3:"), "{}", output.stderr);
    marked(&output);
}

#[test]
fn requirements_that_no_version_fulfils() {
    let mut shelf = shelf("# the first\nlib<2\n");
    shelf.project.write("other.txt", "lib>=2\n").unwrap();
    let other = "from: 'python:3.13-slim', requirements: [other.txt]";
    shelf.manifest("", "", &[service("api", REST), service("web", other)]);
    let output = told(
        &shelf,
        &[
            "layerset.yaml:",
            "no version of lib fulfils all of",
            "\"lib<2\" (requirements.txt:2:1)",
            "\"lib>=2\" (other.txt:1:1)",
            "separate",
        ],
    );
    marked(&output);
    // The advice is good.
    shelf.manifest(", resolution: separate", "", &[service("api", REST), service("web", other)]);
    shelf.push();
    let version = "import lib; print(lib.VERSION)";
    assert_eq!(
        (shelf.python("api", version), shelf.python("web", version)),
        ("1.0\n".into(), "2.0\n".into())
    );
}

#[test]
fn what_the_index_does_not_have() {
    let shelf = shelf("lib\nlibb\n");
    let output =
        told(&shelf, &["layerset.yaml:4:", "the index has nothing for \"libb\" (requirements.txt:2:1)"]);
    marked(&output);
}

#[test]
fn wheels_for_another_platform_only() {
    let shelf = shelf("foreign\n");
    for tag in ["cp313-cp313-win_amd64", "cp313-cp313-macosx_11_0_arm64"] {
        shelf.index.add(&Wheel::new("foreign", "1.0").tag(tag)).unwrap();
    }
    let output = told(
        &shelf,
        &["layerset.yaml:4:", "\"foreign\" (requirements.txt:1:1)", "Python 3.13", &format!(" on {ARCH}")],
    );
    marked(&output);

    // The same from a lock.
    let mut shelf = shelf;
    let foreign = Wheel::new("foreign", "1.0").tag("cp313-cp313-win_amd64");
    shelf.project.write("pylock.toml", shelf.index.lock(&[(&foreign, &[])])).unwrap();
    shelf.manifest(", lock: pylock.toml", "", &[service("api", REST)]);
    let output = told(
        &shelf,
        &[
            "layerset.yaml:",
            "pylock.toml:",
            "foreign 1.0 has no wheel for Python 3.13",
            "foreign-1.0-cp313-cp313-win_amd64.whl",
        ],
    );
    assert!(output.stderr.contains(" | >>>"), "{}", output.stderr);
}

#[test]
fn an_index_that_does_not_answer() {
    let shelf = shelf("lib\n");
    let (nowhere, _) = Index::nowhere(shelf.engine).unwrap();
    let manifest = std::fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    let away = manifest.replace(&shelf.index.simple(), &nowhere);
    shelf.project.write("layerset.yaml", away).unwrap();
    told(&shelf, &["the index cannot be reached", "try again"]);
    // What was found out about an index that was away is not kept.
    shelf.project.write("layerset.yaml", manifest).unwrap();
    ok(build(shelf.engine, &shelf.project));
}

#[test]
fn a_host_of_wheels_that_does_not_answer() {
    let shelf = locked("lib\n");
    let lock = std::fs::read_to_string(shelf.project.path().join("pylock.toml")).unwrap();
    let (nowhere, _) = Index::nowhere(shelf.engine).unwrap();
    let away = lock.replace(&shelf.index.url(""), &nowhere);
    assert_ne!(lock, away);
    shelf.project.write("pylock.toml", away).unwrap();
    let output = told(&shelf, &["lib-2.0-py3-none-any.whl", "connect"]);
    marked(&output);
    shelf.project.write("pylock.toml", lock).unwrap();
    ok(build(shelf.engine, &shelf.project));
}

#[test]
fn bytes_that_are_not_those_of_the_lock() {
    let shelf = locked("lib==1.0\n");
    let name = "lib-1.0-py3-none-any.whl";
    let sha256 = shelf.index.sha256(name).unwrap();
    shelf.index.corrupt(name);
    let output = told(&shelf, &[name, "digest mismatch", &sha256]);
    marked(&output);
}

#[test]
fn a_lock_older_than_its_inputs() {
    let shelf = locked("lib==1.0\n");
    ok(build(shelf.engine, &shelf.project));
    shelf.project.write("requirements.txt", "lib==2.0\n").unwrap();
    let output =
        told(&shelf, &["layerset.yaml:4:", "requirements.txt has changed since the lock was made", "lock"]);
    marked(&output);
    // A comment is no change.
    shelf.project.write("requirements.txt", "# for all\nlib==1.0  # the old one\n").unwrap();
    ok(build(shelf.engine, &shelf.project));
}

#[test]
fn a_lock_that_is_not_there_or_is_none() {
    let mut shelf = shelf("lib\n");
    shelf.manifest(", lock: pylock.toml", "", &[service("api", REST)]);
    told(&shelf, &["layerset.yaml:2:", "no \"pylock.toml\" in the build context", "--call=lock"]);
    shelf.project.write("pylock.toml", "lock-version = \"1.0\"\npackages = 3\n").unwrap();
    told(&shelf, &["layerset.yaml:", "pylock.toml:2:"]);
    shelf.project.write("pylock.toml", "lock-version = \"1.0\"\ncreated-by = \"tests\"\n").unwrap();
    told(&shelf, &["layerset.yaml:", "lib", "requirements.txt:1:1"]);
}

#[test]
fn a_stage_without_python() {
    let mut shelf = shelf("lib\n");
    let rest = "from: 'busybox:1.37', requirements: [requirements.txt]";
    shelf.manifest("", "", &[service("api", rest)]);
    let output = told(
        &shelf,
        &["layerset.yaml:4:", "service api cannot have packages: no python was found", "apt: [python3]"],
    );
    marked(&output);
    shelf.manifest("", "", &[service("api", &rest.replace("busybox:1.37", "scratch"))]);
    told(&shelf, &["layerset.yaml:4:"]);
}

#[test]
fn wheels_that_are_broken_or_mean_ill() {
    let shelf = shelf("lib\n");
    let long = "x".repeat(300);
    let outside = |name: &str, path: &str| Wheel::new(name, "1.0").file(path, "#!/bin/sh\n");
    for (wheel, words) in [
        (Wheel::new("liar", "1.0").broken(), &["liar/__init__.py", "RECORD"][..]),
        (outside("climber", "../../etc/cron.d/evil"), &["../../etc/cron.d/evil"]),
        (outside("absolute", "/etc/cron.d/evil"), &["/etc/cron.d/evil"]),
        (
            Wheel::new("bomb", "1.0").file("bomb/zeros.py", vec![0; 64 << 20]),
            &["unpacks to 67", "at most 100 times as many"],
        ),
        (outside("long", &format!("long/{long}.py")), &["xxx.py"]),
    ] {
        let name = wheel.filename();
        shelf.index.add(&wheel).unwrap();
        let package = name.split('-').next().unwrap();
        shelf.project.write("requirements.txt", format!("{package}\n")).unwrap();
        let mut all = vec![name.as_str()];
        all.extend(words);
        let output = told(&shelf, &all);
        marked(&output);
    }
}
