//! Build contexts that are no directory of the client.

use buildkit_llb::{Graph, Http, Metadata};
use buildkit_proto::pb;
use buildkit_proto::pb::file_action::Action;
use buildkit_proto::pb::op::Op;

use crate::fake::{Call, Files, Script, ops};
use crate::request::{Build, build};

const MANIFEST: &str = "services: {api: {from: scratch, files: [src/]}}\n";
const GIT: &str = "context=https://me:secret@git.test/r.git?tag=v1";

/// An engine that fetches these files, whatever is asked for, and a client without any.
fn script(files: &[(&str, &str)]) -> Script {
    let answers: Files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).into())).collect();
    Script { answers, ..Script::default() }
}

/// Identifiers of the sources that any definition of a build has.
fn sources(build: &Build) -> Vec<String> {
    let all = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref()).flat_map(ops);
    let source = |op: pb::Op| match op.op {
        Some(Op::Source(source)) => Some(source.identifier),
        _ => None,
    };
    let mut found: Vec<String> = all.filter_map(source).collect();
    found.sort();
    found.dedup();
    found
}

/// The copies of an image, in order.
fn copies(build: &Build) -> Vec<pb::FileActionCopy> {
    let actions = ops(&build.image()).into_iter().filter_map(|op| match op.op {
        Some(Op::File(file)) => Some(file.actions),
        _ => None,
    });
    let copy = |action: pb::FileAction| match action.action {
        Some(Action::Copy(copy)) => Some(copy),
        _ => None,
    };
    actions.flatten().filter_map(copy).collect()
}

#[tokio::test]
async fn everything_is_of_one_commit() {
    let files = [("layerset.yaml", MANIFEST), ("src", "x")];
    let build = build(script(&files), &[GIT]).await;
    assert_eq!(sources(&build), ["git://git.test/r.git#refs/tags/v1"]);
    let copies = copies(&build);
    assert_eq!(copies.len(), 1, "without patterns nothing has to be left out: {copies:?}");
    let names: Vec<_> =
        build.image().metadata.values().flat_map(|op| op.description.values().cloned()).collect();
    assert!(names.iter().all(|name| !name.contains("secret")), "{names:?}");
    assert!(!build.calls.iter().any(|call| matches!(call, Call::Inputs)));
}

#[tokio::test]
async fn a_directory_of_it_without_what_is_ignored() {
    let files =
        [("layerset.yaml", MANIFEST), ("src", "x"), ("sub/x", "x"), (".dockerignore", "*.log\n!a.log\n")];
    let build = build(script(&files), &[GIT, "contextsubdir=/sub/"]).await;
    let copies = copies(&build);
    let [directory, ignore, layer] = &copies[..] else { panic!("{copies:?}") };
    assert_eq!((directory.src.as_str(), directory.dir_copy_contents), ("/sub", true));
    assert_eq!(ignore.exclude_patterns, ["*.log", "!a.log"]);
    assert_eq!(ignore.include_patterns, ["src"]);
    assert_eq!(layer.src, "/src");
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_told() {
    let files = [("layerset.yaml", MANIFEST), ("file", "x")];
    for directory in ["nope", "file"] {
        let build = build(script(&files), &[GIT, &format!("contextsubdir={directory}")]).await;
        let told =
            format!("contextsubdir: found no directory {directory:?} in the build context, expected one");
        assert_eq!(build.error().message, told);
    }
}

#[tokio::test]
async fn a_file_is_the_manifest() {
    let manifest = "services: {api: {from: scratch, environment: {A: b}}}\n";
    let build =
        build(script(&[("context", manifest)]), &["context=http://h.test/x", "filename=Dockerfile"]).await;
    assert_eq!(build.config()["config"]["Env"][0], "A=b");
    assert_eq!(sources(&build), ["http://h.test/x"]);
}

#[tokio::test]
async fn the_client_may_hand_it_in() {
    let input = |url: &str| {
        let mut graph = Graph::new();
        let edge = graph.add(Http::new(url), Metadata::default());
        graph.definition(edge)
    };
    let mut script = script(&[("layerset.yaml", MANIFEST), ("src", "x")]);
    script.inputs.insert("context".into(), input("http://h.test/context"));
    script.inputs.insert("dockerfile".into(), input("http://h.test/dockerfile"));
    let build = build(script, &[]).await;
    build.result();
    assert_eq!(sources(&build), ["http://h.test/context", "http://h.test/dockerfile"]);
}

#[tokio::test]
async fn what_nobody_fetches_is_told() {
    for (option, told) in [
        (
            "context=ftp://me:secret@h.test/x",
            "the build context is \"ftp://h.test/x\", expected a directory of the client, a git repository or http(s)://",
        ),
        (
            "context=https://me:secret@h.test/r.git?mtime=now",
            "the build context: https://h.test/r.git: found mtime=now in its query, expected checkout or commit",
        ),
        (
            GIT,
            "no manifest \"layerset.yaml\" was found in https://git.test/r.git, \
             name it with -f (docker buildx build -f layerset.yaml URL)",
        ),
    ] {
        assert_eq!(build(script(&[("x", "x")]), &[option]).await.error().message, told);
    }
}
