//! What is asked for before the image itself: the packages that most images need first.

use std::time::Duration;

use tonic::Status;

use crate::fake::{Call, Reaction, Script, interpreter};
use crate::locked::{lock, requirements};
use crate::python::{execs, python};
use crate::request::{Build, build};

const MANIFEST: &str = "\
stages:
  base: {from: 'python:3.13-slim'}
services:
  a: {from: base, requirements: [req/all.txt, req/half.txt, req/one.txt, req/large.txt]}
  b: {from: base, requirements: [req/all.txt, req/half.txt]}
  c: {from: base, requirements: [req/all.txt]}
  d: {from: base, requirements: [req/all.txt]}
python: {lock: pylock.toml}
";

/// What services share, and what not, on an engine that takes its time: it has nothing yet.
fn script() -> Script {
    let packages = [
        ("all", "1", 100_000, &[][..]),
        ("half", "1", 100_000, &[]),
        ("one", "1", 100_000, &[]),
        ("large", "1", 100_000_000, &[]),
    ];
    let files: [(&str, &[&'static str]); 4] = [
        ("req/all.txt", &["all"]),
        ("req/half.txt", &["half"]),
        ("req/one.txt", &["one"]),
        ("req/large.txt", &["large"]),
    ];
    let mut script = python(MANIFEST, &[("interpreter.json", interpreter())]);
    let context = script.locals.get_mut("context").unwrap();
    context.insert("pylock.toml".into(), lock(&packages, &files).into_bytes());
    for (path, names) in files {
        context.insert(path.into(), requirements(names).into_bytes());
    }
    script.react = Box::new(|call| {
        if is_turn(call) {
            std::thread::sleep(Duration::from_secs(1));
        }
        Reaction::Answer
    });
    script
}

fn is_turn(call: &Call) -> bool {
    matches!(call, Call::Solve(solve) if solve.evaluate)
}

/// Names of the wheels that each turn installs, in the order in which it was asked for.
fn turns(build: &Build) -> Vec<Vec<String>> {
    let wheels = |call: &Call| {
        let args = execs(&call.definition()).into_iter().flat_map(|exec| exec.meta.unwrap().args);
        let names =
            args.filter_map(|arg| Some(arg.rsplit_once('/')?.1.strip_suffix("-py3-none-any.whl")?.into()));
        names.collect()
    };
    build.calls.iter().filter(|call| is_turn(call)).map(wheels).collect()
}

#[tokio::test]
async fn what_most_images_need_is_made_first_and_what_is_large_waits_for_nothing() {
    let built = build(script(), &["target=a"]).await;
    built.result();
    let mut turns = turns(&built);
    // That of the large one is asked for beside the first.
    let large = turns[..2].iter().position(|turn| *turn == ["large-1"]).unwrap();
    turns.remove(large);
    assert_eq!(turns, [["all-1"], ["half-1"]]);
}

#[tokio::test]
async fn who_has_only_what_all_have_takes_no_turn() {
    let built = build(script(), &["target=c"]).await;
    built.result();
    assert!(turns(&built).is_empty());
}

#[tokio::test]
async fn a_build_that_imports_a_cache_takes_no_turns() {
    let import = r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"r.test/cache"}}]"#;
    let built = build(script(), &["target=a", import]).await;
    built.result();
    assert!(turns(&built).is_empty());
}

#[tokio::test]
async fn an_engine_that_cannot_merge_is_asked_for_the_image_alone() {
    let mut script = script();
    script.llb_caps.retain(|cap| *cap != "mergeop");
    let built = build(script, &["target=a"]).await;
    built.result();
    assert!(turns(&built).is_empty());
}

#[tokio::test]
async fn a_turn_that_fails_ends_the_build_with_what_the_engine_says() {
    let mut script = script();
    script.react = Box::new(|call| {
        let refused = || Reaction::Fail(Status::unknown("all-1-py3-none-any.whl: no such file"));
        if is_turn(call) { refused() } else { Reaction::Answer }
    });
    let built = build(script, &["target=b"]).await;
    assert_eq!(built.error().message, "all-1-py3-none-any.whl: no such file");
}
