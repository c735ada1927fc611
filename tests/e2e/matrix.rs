//! What a merge makes is what plain COPY lines make: the same files, owners, modes, links and contents, for
//! trees and destinations that a merge gets wrong when nobody takes care. On engines with and without MergeOp.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use harness::tree::differences;
use harness::{Engine, Project};

use crate::support::{build, containerd, ok, syntax};

/// One service, in both languages.
struct Case {
    name: &'static str,
    files: &'static str,
    copies: &'static [&'static str],
}

/// Every case selects from one context, so that the selections of all of them overlap.
const CASES: [Case; 14] = [
    Case { name: "whole", files: "[backend/]", copies: &["backend /app/backend"] },
    Case { name: "inner", files: "[backend/common]", copies: &["backend/common /app/backend/common"] },
    Case {
        name: "deeper",
        files: "[backend/common/db, backend/api]",
        copies: &["backend/common/db /app/backend/common/db", "backend/api /app/backend/api"],
    },
    Case {
        name: "both",
        files: "[backend/common, backend/]",
        copies: &["backend/common /app/backend/common", "backend /app/backend"],
    },
    Case { name: "everything", files: "[.]", copies: &[". /app"] },
    Case {
        name: "through-links",
        files: "[{source: tool, target: /bin/tool}, {source: conf, target: /link/conf}]",
        copies: &["tool /bin/tool", "conf /link/conf"],
    },
    Case {
        name: "owned",
        files: "[{source: conf, target: /data/conf}, {source: tool, target: /home/app/tool, owner: '1000:1000'}]",
        copies: &["conf /data/conf", "--chown=1000:1000 tool /home/app/tool"],
    },
    Case {
        name: "named-owner",
        files: "[{source: conf, target: /srv/conf, owner: 'app:app'}]",
        copies: &["--chown=app:app conf /srv/conf"],
    },
    Case {
        name: "onto-a-directory",
        files: "[{source: conf, target: /data}, {source: backend/common, target: /etc}]",
        copies: &["conf /data", "backend/common /etc"],
    },
    Case {
        name: "over-a-file",
        files: "[{source: tool, target: /was-a-file}]",
        copies: &["tool /was-a-file"],
    },
    Case { name: "sticky", files: "[{source: conf, target: /tmp/conf}]", copies: &["conf /tmp/conf"] },
    Case {
        name: "modes",
        files: "[{source: conf, target: /conf, mode: '0750'}]",
        copies: &["--chmod=0750 conf /conf"],
    },
    Case {
        name: "later-wins",
        files: "[conf, {source: backend/common, target: conf}, {source: tool, target: conf/a.yaml}]",
        copies: &["conf /app/conf", "backend/common /app/conf", "tool /app/conf/a.yaml"],
    },
    Case { name: "odd-names", files: "[odd]", copies: &["odd /app/odd"] },
];

const BASE: &str = "mkdir -p /app /data /home/app /srv /usr/merged && chown 1000:1000 /app /data && \
    chmod 750 /app && chmod 700 /home/app && chown 1000:1000 /home/app && ln -s usr/merged /link && \
    echo old > /was-a-file && echo app:x:1000:1000::/home/app:/bin/sh >> /etc/passwd && echo app:x:1000: >> /etc/group";

fn mode(path: &Path, bits: u32) {
    fs::set_permissions(path, Permissions::from_mode(bits)).unwrap();
}

fn project() -> Project {
    let project = Project::new("matrix").unwrap();
    let root = project.path().to_owned();
    for (path, content) in [
        ("backend/main.py", "main"),
        ("backend/common/log.py", "log"),
        ("backend/common/db/pool.py", "pool"),
        ("backend/api/api.py", "api"),
        ("conf/a.yaml", "a"),
        ("conf/sub/b.yaml", "b"),
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
        ("backend/api", 0o700),
        ("backend/empty", 0o777),
        ("odd/!not", 0o4755),
        ("conf", 0o711),
    ] {
        mode(&root.join(path), bits);
    }
    let mut manifest = syntax()
        + "stages:\n  base: {from: 'busybox:1.37', working_dir: /app, run: [\""
        + BASE
        + "\"]}\nservices:\n";
    let mut dockerfile = format!("FROM busybox:1.37 AS base\nRUN {BASE}\n");
    for case in &CASES {
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

fn compare(engine: &Engine) {
    let engine = engine.with_frontend().unwrap();
    let project = project();
    let mut wrong = Vec::new();
    for case in &CASES {
        let tags = [format!("matrix-{}", case.name), format!("matrix-{}-copy", case.name)];
        ok(build(engine, &project)
            .args(&["--load", "--tag", &tags[0]])
            .arg(format!("--target={}", case.name)));
        ok(engine
            .docker(&["buildx", "build", "--load", "--tag", &tags[1], "--target", case.name, "."])
            .current_dir(project.path()));
        let [ours, theirs] = [&tags[0], &tags[1]].map(|tag| engine.export(tag).unwrap());
        wrong.extend(differences(&ours, &theirs).into_iter().map(|line| format!("{}: {line}", case.name)));
        ok(engine.docker(&["image", "rm"]).args(&tags));
    }
    assert!(wrong.is_empty(), "layerset beside COPY:\n{}", wrong.join("\n"));
}

#[test]
fn merged_layers_are_what_copies_make() {
    compare(containerd());
}

#[test]
fn without_merge_op_too() {
    compare(Engine::graphdriver().unwrap());
}

#[test]
fn a_file_replaces_no_directory_of_the_base() {
    let engine = containerd();
    let project = Project::new("onto-a-directory").unwrap();
    project.write("top.txt", "top").unwrap();
    for (target, line) in [
        (
            "/etc",
            "layerset.yaml:3:48: found the directory \"/etc\" in the base, where the file \"top.txt\" is to go; write where the file itself goes: /etc/top.txt",
        ),
        (
            "/new/",
            "layerset.yaml:3:48: found the file \"top.txt\", expected a directory, because its target ends in \"/\"; write where the file itself goes: /new/top.txt",
        ),
    ] {
        let service = format!(
            "services:\n  api: {{from: 'busybox:1.37', files: [{{source: top.txt, target: {target}}}]}}\n"
        );
        project.write("layerset.yaml", syntax() + &service).unwrap();
        let refused = build(engine, &project).run().unwrap();
        assert!(!refused.success());
        assert!(refused.stderr.contains(line), "{}", refused.stderr);
    }
    // What a stage holds is not known before it is built: there it is as with COPY.
    let stage = "stages:\n  made: {from: 'busybox:1.37', run: [echo made > /made]}\n\
                 services:\n  api: {from: 'busybox:1.37', copy: [{from: made, source: /made, target: /etc}]}\n";
    project.write("layerset.yaml", syntax() + stage).unwrap();
    ok(build(engine, &project).args(&["--load", "--tag", "onto-a-directory", "--target=api"]));
    let tree = engine.export("onto-a-directory").unwrap();
    assert_eq!(tree["etc/made"].content, b"made\n");
    assert!(tree.contains_key("etc/passwd"));
    ok(engine.docker(&["image", "rm", "onto-a-directory"]));
}
