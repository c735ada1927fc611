//! Who may know whom, as docs and design say it, held against the sources' own words.
//!
//! A room is a file or folder of `frontend/src/`. Only code outside of test modules counts: a test
//! may look anywhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms that each room may know, and the crates of the outside world that are at all restricted.
const ROOMS: &[(&str, &[&str])] = &[
    ("diagnostic", &["buildkit_llb"]),
    ("platform", &[]),
    ("printable", &[]),
    ("panic", &["tokio"]),
    ("annotations", &[]),
    ("epoch", &[]),
    ("sbom", &[]),
    ("options", &["platform"]),
    ("remote", &[]),
    ("manifest", &["diagnostic", "epoch", "platform", "printable"]),
    ("plan", &["diagnostic", "manifest", "platform"]),
    (
        "emit",
        &[
            "diagnostic",
            "manifest",
            "options",
            "plan",
            "platform",
            "remote",
            "buildkit_llb",
            "buildkit_proto",
        ],
    ),
    ("gateway", &["options", "buildkit_proto", "prost", "tonic", "tokio", "hyper_util", "tower"]),
    ("failure", &["diagnostic", "gateway", "options", "buildkit_llb", "buildkit_proto", "tonic"]),
    ("outside", &["diagnostic", "emit", "failure", "manifest", "pipeline", "plan", "platform", "python"]),
    ("disk", &["diagnostic", "emit", "failure", "manifest", "outside", "plan", "platform", "python"]),
    ("python", &["diagnostic", "failure", "manifest", "outside", "plan"]),
    ("inside", &["disk", "failure", "plan", "python", "sbom"]),
    ("page", &[]),
    ("table", &["printable"]),
    ("report", &["page", "plan", "printable", "table"]),
    (
        "calls",
        &[
            "diagnostic",
            "failure",
            "manifest",
            "options",
            "page",
            "plan",
            "table",
            "buildkit_llb",
            "buildkit_proto",
        ],
    ),
    ("pipeline", &["diagnostic", "emit", "failure", "manifest", "outside", "plan", "platform", "python"]),
    (
        "engine",
        &[
            "diagnostic",
            "emit",
            "epoch",
            "failure",
            "gateway",
            "manifest",
            "options",
            "outside",
            "pipeline",
            "plan",
            "platform",
            "python",
            "remote",
            "sbom",
            "buildkit_llb",
            "buildkit_proto",
            "tokio",
        ],
    ),
];

/// The command line, the gateway's entry and the start of both know all.
const KNOW_ALL: [&str; 4] = ["cli", "frontend", "lib", "main"];

/// Crates of the wire and of waiting: whoever uses one says so above.
const RESTRICTED: [&str; 8] =
    ["buildkit_llb", "buildkit_proto", "prost", "prost_types", "tokio", "tonic", "hyper_util", "tower"];

/// A source file with the room it is in, without comments and test modules.
struct File {
    path: PathBuf,
    room: String,
    code: String,
}

fn sources(folder: &Path) -> Vec<File> {
    let mut pending = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(folder).unwrap();
            let room = below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            files.push(File { room, code: code(&text), path });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Without comments, and without the test module that every file of ours ends with.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The name after each `start` that begins a path: `crate::plan` is `plan` for `crate::`.
fn names_after<'a>(code: &'a str, start: &str) -> BTreeSet<&'a str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = |at: &usize| !code[..*at].ends_with(is_name) && !code[..*at].ends_with("::");
    let places = code.match_indices(start).map(|(at, _)| at).filter(begins);
    places.map(|at| code[at + start.len()..].split(|c| !is_name(c)).next().unwrap_or_default()).collect()
}

fn frontend() -> Vec<File> {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

#[test]
fn rooms_know_only_whom_they_may() {
    let rooms: BTreeMap<&str, BTreeSet<&str>> =
        ROOMS.iter().map(|(room, known)| (*room, known.iter().copied().collect())).collect();
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut wrong = Vec::new();
    let files = frontend();
    for file in files.iter().filter(|file| !KNOW_ALL.contains(&file.room.as_str())) {
        let Some((room, allowed)) = rooms.get_key_value(file.room.as_str()) else {
            wrong
                .push(format!("{}: a new room, which is not in the table of this test", file.path.display()));
            continue;
        };
        assert!(!file.code.contains("use crate::{"), "{}: one use line a room", file.path.display());
        let restricted =
            RESTRICTED.into_iter().filter(|name| !names_after(&file.code, &format!("{name}::")).is_empty());
        for known in names_after(&file.code, "crate::").into_iter().chain(restricted) {
            if known == *room {
                continue;
            }
            match allowed.get(known) {
                Some(known) => drop(used.insert((room, known))),
                None => wrong.push(format!("{}: {room} must not know {known}", file.path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What nobody makes use of need not be allowed.
    let allowed = rooms.iter().flat_map(|(room, known)| known.iter().map(|known| (*room, *known)));
    let idle: Vec<_> = allowed.filter(|pair| !used.contains(pair)).collect();
    assert!(idle.is_empty(), "allowed but not needed: {idle:?}");
}

#[test]
fn the_flow_goes_one_way() {
    let rank =
        |room: &str| ["diagnostic", "manifest", "plan", "emit", "pipeline"].iter().position(|r| *r == room);
    for (room, known) in ROOMS {
        for below in known.iter().filter_map(|known| rank(known)) {
            assert!(rank(room).is_none_or(|own| below < own), "{room} knows what comes after it");
        }
    }
}

#[test]
fn only_one_file_reads_the_environment() {
    for file in frontend().iter().filter(|file| file.room != "options") {
        for call in names_after(&file.code, "env::").into_iter().chain(names_after(&file.code, "std::env::"))
        {
            assert_eq!(call, "consts", "{}: env::{call}", file.path.display());
        }
    }
}

#[test]
fn only_the_command_line_prints() {
    for file in frontend().iter().filter(|file| file.room != "cli") {
        for print in ["print!", "println!", "eprint!", "eprintln!", "io::stderr", "stdout().write"] {
            assert!(!file.code.contains(print), "{}: {print}", file.path.display());
        }
    }
}

#[test]
fn the_graph_knows_nothing_of_manifests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (folder, known) in
        [("llb/src", &["buildkit_proto", "prost"][..]), ("proto/src", &["prost", "prost_types", "tonic"])]
    {
        let files = sources(&root.join(folder));
        assert!(!files.is_empty());
        for file in files {
            for name in RESTRICTED.into_iter().chain(["layerset", "serde_yaml", "saphyr_parser"]) {
                let uses = !names_after(&file.code, &format!("{name}::")).is_empty();
                assert!(!uses || known.contains(&name), "{}: {name}", file.path.display());
            }
        }
    }
}

#[test]
fn the_reader_of_this_test_sees_what_it_should() {
    let text = "use crate::plan::Plan; // crate::emit::x\nlet a = my_crate::b;\n#[cfg(test)]\nmod tests {\nuse crate::cli;\n}";
    assert_eq!(names_after(&code(text), "crate::"), BTreeSet::from(["plan"]));
}

#[test]
fn reports_know_nothing_of_builds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = sources(&root.join("report/src"));
    assert!(!files.is_empty());
    for file in files {
        for name in ["layerset", "buildkit_llb", "buildkit_proto", "layerset_lock", "unwheel", "tonic"] {
            assert!(
                names_after(&file.code, &format!("{name}::")).is_empty(),
                "{}: {name}",
                file.path.display()
            );
        }
        for print in ["print!", "println!", "eprint!", "eprintln!", "env::var", "SystemTime"] {
            assert!(!file.code.contains(print), "{}: {print}", file.path.display());
        }
    }
}
