//! What a merge makes is what plain COPY lines make: the same files, owners, modes, links and contents, for
//! trees and destinations that a merge gets wrong when nobody takes care. On engines with and without MergeOp.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use harness::tree::{self, differences};
use harness::{Engine, Project};

use crate::matrix_cases::{Case, DIRECTORIES, PATTERNS};
use crate::support::{build, containerd, ok, syntax};

const BASE: &str = "mkdir -p /app /data /home/app /srv /usr/merged && chown 1000:1000 /app /data && \
    mkdir -p /srv/theirs/empty /srv/theirs/api /srv/linked /srv/deep /srv/mode && chown -R 1000:1000 /srv/theirs && chmod 700 /srv/theirs/empty && \
    ln -s /app /srv/linked/sub2 && chmod 750 /app && chmod 700 /home/app && chown 1000:1000 /home/app && ln -s usr/merged /link && \
    echo old > /was-a-file && echo app:x:1000:1000::/home/app:/bin/sh >> /etc/passwd && echo app:x:1000: >> /etc/group";

/// An owner and a mode are those of what is copied: directories on the way to it are root's, where COPY gives them these too.
const UNLIKE: [&str; 2] = ["owned-inside: srv/deep/b: ", "mode-inside: srv/mode/b: "];

fn mode(path: &Path, bits: u32) {
    fs::set_permissions(path, Permissions::from_mode(bits)).unwrap();
}

fn project(kind: &str, cases: &[Case]) -> Project {
    let project = Project::new("matrix").unwrap();
    let root = project.path().to_owned();
    for (path, content) in [
        ("backend/main.py", "main"),
        ("backend/common/log.py", "log"),
        ("backend/common/db/pool.py", "pool"),
        ("backend/api/api.py", "api"),
        ("conf/a.yaml", "a"),
        ("conf/sub/b.yaml", "b"),
        ("root/etc/own", "own"),
        ("root/data/own", "own"),
        ("root/srv/theirs/api/own", "own"),
        ("other/a.yaml", "other a"),
        ("other/sub/b.yaml", "other b"),
        ("tool", "#!/bin/sh\n"),
        ("odd/with space", "1"),
        ("odd/[brackets]*?", "2"),
        ("odd/back\\slash", "3"),
        ("odd/ünïcödé-名前", "4"),
        ("odd/ leading and trailing ", "5"),
        ("odd/!not", "6"),
        ("odd/#comment", "7"),
    ] {
        project.write(path, content).unwrap();
    }
    fs::create_dir_all(root.join("backend/empty/nested")).unwrap();
    fs::create_dir_all(root.join("odd/[dir]/inner")).unwrap();
    fs::write(root.join("odd/large"), vec![7; 5 << 20]).unwrap();
    symlink("common/log.py", root.join("backend/link-to-file")).unwrap();
    symlink("common", root.join("backend/link-to-directory")).unwrap();
    symlink("/nowhere", root.join("backend/dangling")).unwrap();
    fs::hard_link(root.join("odd/large"), root.join("odd/large-again")).unwrap();
    for (path, bits) in [
        ("tool", 0o755),
        ("backend", 0o775),
        ("backend/common", 0o2770),
        ("backend/common/log.py", 0o600),
        ("backend/common/db", 0o750),
        ("backend/api", 0o700),
        ("backend/empty", 0o777),
        ("odd/!not", 0o4755),
        ("conf", 0o711),
        ("conf/sub", 0o1770),
    ] {
        mode(&root.join(path), bits);
    }
    // Two tests run on one engine: were their images the same, one would remove what the other's is being unpacked on.
    let base = format!("{BASE} && echo {kind} > /cases");
    let mut manifest = syntax()
        + "stages:\n  base: {from: 'busybox:1.37', working_dir: /app, run: [\""
        + &base
        + "\"]}\nservices:\n";
    let mut dockerfile = format!("FROM busybox:1.37 AS base\nRUN {base}\n");
    for case in cases {
        let _ = writeln!(manifest, "  {}: {{from: base, files: {}}}", case.name, case.files);
        let _ = writeln!(dockerfile, "FROM base AS {}", case.name);
        for copy in case.copies {
            let _ = writeln!(dockerfile, "COPY {copy}");
        }
    }
    project
        .write("layerset.yaml", manifest)
        .unwrap()
        .write("Dockerfile", dockerfile)
        .unwrap()
        // The build's own files are not part of what is compared.
        .write(".dockerignore", "layerset.yaml\nDockerfile\n.dockerignore\n")
        .unwrap();
    project
}

fn compare(engine: &Engine, kind: &str, cases: &[Case]) {
    let engine = engine.with_frontend().unwrap();
    let project = project(kind, cases);
    let copied = Project::new("copied").unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let tag = format!("matrix-{kind}-{}", case.name);
        let target = format!("--target={}", case.name);
        ok(build(engine, &project).args(&["--load", "--tag", &tag, &target]));
        let ours = engine.export(&tag).unwrap();
        ok(engine.docker(&["image", "rm", &tag]));
        // What lines of a Dockerfile copy needs no image to be seen.
        let archive = copied.path().join(case.name);
        let output = format!("--output=type=tar,dest={}", archive.display());
        ok(engine.docker(&["buildx", "build", &output, &target, "."]).current_dir(project.path()));
        let theirs = tree::read(&fs::read(&archive).unwrap()).unwrap();
        let theirs = tree::as_container(theirs, &ours);
        let lines = differences(&ours, &theirs).into_iter().map(|line| format!("{}: {line}", case.name));
        wrong.extend(lines.filter(|line| !UNLIKE.iter().any(|start| line.starts_with(start))));
    }
    assert!(wrong.is_empty(), "layerset beside COPY:\n{}", wrong.join("\n"));
}

#[test]
fn merged_layers_are_what_copies_make() {
    compare(containerd(), "directories", &DIRECTORIES);
}

#[test]
fn without_merge_op_too() {
    compare(Engine::graphdriver().unwrap(), "directories", &DIRECTORIES);
}

#[test]
fn layers_of_patterns_are_what_copies_make() {
    compare(containerd(), "patterns", &PATTERNS);
}

#[test]
fn patterns_without_merge_op_too() {
    compare(Engine::graphdriver().unwrap(), "patterns", &PATTERNS);
}
