//! Where older engines can do less: messages of 4 MiB, one mode for files and directories.

use std::fmt::Write as _;

use harness::Project;

use crate::older::older;
use crate::python_support::{Shelf, service};
use crate::support::{build, call, containerd, inspect, ok, syntax};

/// More than gRPC takes in one message by default.
const LARGE: usize = 5 << 20;

#[test]
fn manifests_of_more_than_4_mib_are_built_and_shown() {
    let project = Project::new("large-manifest").unwrap();
    let mut padding = String::new();
    while padding.len() < LARGE {
        let _ = writeln!(padding, "  - {:0>90}", padding.len());
    }
    let manifest = |run: &str| {
        let stage = format!("stages:\n  made: {{from: 'busybox:1.37', files: [a.txt], run: ['{run}']}}\n");
        syntax()
            + "x-padding:\n"
            + &padding
            + &stage
            + "services:\n  api: {from: made, command: [cat, /made]}\n"
    };
    project.write("a.txt", "a\n").unwrap();
    for engine in older() {
        project.write("layerset.yaml", manifest("cp a.txt /made")).unwrap();
        ok(build(engine, &project).args(&["--load", "--tag=older/large"]));
        assert_eq!(ok(engine.docker(&["run", "--rm", "older/large"])).stdout, "a\n");
        ok(engine.docker(&["image", "rm", "older/large"]));
        for name in ["check", "plan", "bake"] {
            ok(call(engine, &project, name));
        }
        // The line is shown, though most of the text stays behind.
        project.write("layerset.yaml", manifest("exit 7")).unwrap();
        let output = build(engine, &project).env("BUILDKIT_PROGRESS", "plain").run().unwrap();
        assert!(!output.success() && output.stderr.contains(">>>   made: {from:"), "{}", output.stderr);
    }
}

#[test]
fn listings_of_more_than_4_mib_are_read() {
    let project = Project::new("large-listing").unwrap();
    let name = |file: usize| format!("src/d{:02}/{}-{file}.txt", file % 50, "x".repeat(180));
    for file in 0..LARGE / 180 {
        project.write(&name(file), "").unwrap();
    }
    // Patterns that overlap: only the listing tells who has which file.
    let manifest = syntax()
        + "services:\n  one: {from: 'busybox:1.37', files: [{source: src, include: ['**/*1.txt']}]}\n  \
           two: {from: 'busybox:1.37', files: [{source: src, include: ['**/*.txt'], exclude: ['**/*3.txt']}]}\n";
    project.write("layerset.yaml", manifest).unwrap();
    let expected = (0..LARGE / 180).filter(|file| file % 10 != 3).count();
    for engine in older() {
        ok(build(engine, &project).args(&["--target=two", "--load", "--tag=older/listing"]));
        let count = "find /src -name '*.txt' | wc -l";
        let found = ok(engine.docker(&["run", "--rm", "older/listing", "sh", "-c", count])).stdout;
        assert_eq!(found.trim(), expected.to_string());
        ok(engine.docker(&["image", "rm", "older/listing"]));
        let plan = ok(call(engine, &project, "plan")).stdout;
        assert!(plan.contains("all 2"), "{plan}");
    }
}

#[test]
fn locks_of_more_than_4_mib_are_read() {
    for engine in older() {
        let mut shelf = Shelf::new(engine);
        let [wanted, needed] = ["wanted", "needed"].map(|name| shelf.wheel(name, "1.0", 2000));
        for wheel in [&wanted, &needed] {
            shelf.index.add(wheel).unwrap();
        }
        // A lock that tells what packages need is one that not all of is installed from.
        let mut lock = shelf.index.lock(&[(&wanted, &["needed"]), (&needed, &[])]);
        for number in 0.. {
            let (url, hash) =
                (shelf.index.url(&format!("other{number}-1.0-py3-none-any.whl")), "0".repeat(64));
            let _ = write!(
                lock,
                "\n[[packages]]\nname = \"other{number}\"\nversion = \"1.0\"\n\n[[packages.wheels]]\n\
                 url = \"{url}\"\nhashes = {{sha256 = \"{hash}\"}}\n"
            );
            if lock.len() > LARGE {
                break;
            }
        }
        shelf.project.write("pylock.toml", lock).unwrap().write("requirements.txt", "wanted\n").unwrap();
        let rest = "from: 'python:3.13-slim', requirements: [requirements.txt]";
        shelf.manifest(", lock: pylock.toml", "", &[service("api", rest)]);
        shelf.push();
        assert_eq!(shelf.python("api", "import needed, wanted; print(wanted.VERSION)"), "1.0\n");
    }
}

#[test]
fn what_an_older_engine_cannot_say_of_modes_is_a_warning() {
    let project = Project::new("modes").unwrap();
    let manifest = syntax()
        + "services:\n  api:\n    from: busybox:1.37\n    files:\n      \
           - {source: conf, target: /etc/conf, mode: '0640'}\n      - {source: key, target: /etc/key, mode: '0600'}\n    \
           command: [stat, -c, '%a', /etc/conf/a, /etc/key]\n";
    project
        .write("layerset.yaml", manifest)
        .unwrap()
        .write("conf/a", "a")
        .unwrap()
        .write("key", "k")
        .unwrap();
    let warning = "this engine gives files and directories one mode: files get 0750, expected 0640";
    let run = |engine: &harness::Engine| {
        let build = build(engine, &project).args(&["--load", "--tag=older/modes"]);
        let told = ok(build.env("BUILDKIT_PROGRESS", "plain")).stderr;
        let found = ok(engine.docker(&["run", "--rm", "older/modes"])).stdout;
        assert_eq!(inspect(engine, "older/modes")["Config"]["Cmd"][0], "stat");
        ok(engine.docker(&["image", "rm", "older/modes"]));
        (told, found)
    };
    let (told, found) = run(containerd());
    assert_eq!(found, "640\n600\n");
    assert!(!told.contains("inexact-mode"), "{told}");
    for engine in older() {
        let (told, found) = run(engine);
        assert_eq!(found, "750\n600\n", "a file alone has its own mode");
        // An older buildx counts warnings and shows them with --debug.
        assert!(told.contains("1 warning"), "{told}");
        let (told, _) = run(&engine.with_todays_client().unwrap());
        assert!(told.contains(warning) && told.contains("layerset.yaml:"), "{told}");
    }
}
