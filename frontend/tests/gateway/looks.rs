//! What bases hold: a step that asks an interpreter tells it, and the engine is asked only for what is left.

use serde_json::{Value, json};

use crate::fake::{Call, interpreter, ops};
use crate::python::{execs, lock, python};
use crate::request::{Build, build};

const MANIFEST: &str = "\
services:
  api: {from: 'python:3.13-slim', requirements: [req/base.txt], files: [{source: app.py, target: /srv/app.py}]}
python: {lock: pylock.toml, index: ['https://packages.example.com/simple']}
";

async fn built(directories: Option<Value>) -> Build {
    let build = built_of(MANIFEST, directories).await;
    build.result();
    build
}

async fn built_of(manifest: &str, directories: Option<Value>) -> Build {
    let mut answer = interpreter();
    if let Some(directories) = directories {
        answer["directories"] = directories;
    }
    let mut script = python(manifest, &[("interpreter.json", answer)]);
    let context = script.locals.get_mut("context").unwrap();
    context.insert("pylock.toml".into(), lock("py3-none-any").into_bytes());
    context.insert("app.py".into(), b"x".to_vec());
    build(script, &["target=api"]).await
}

fn listed(build: &Build) -> Vec<&str> {
    let listed = build.calls.iter().map(|call| match call {
        Call::ReadDir(request) => Some(request.dir_path.as_str()),
        _ => None,
    });
    listed.flatten().collect()
}

fn directory(mode: u32) -> Value {
    json!({"directory": {"mode": mode, "uid": 0, "gid": 0}})
}

/// All that is on the way to where files and packages go.
fn whole() -> Value {
    let plain = || directory(0o755);
    json!({
        "/": {"srv": directory(0o700), "usr": plain()},
        "/srv": {},
        "/usr": {"local": plain()},
        "/usr/local": {"bin": plain(), "lib": plain()},
        "/usr/local/lib": {"python3.13": plain()},
        "/usr/local/lib/python3.13": {"site-packages": plain()},
    })
}

#[tokio::test]
async fn what_a_step_has_told_is_not_looked_at_again() {
    let build = built(Some(whole())).await;
    assert_eq!(listed(&build), [""; 0]);
    // It counts: the directory keeps its mode.
    let made: Vec<i32> = ops(&build.image()).into_iter().flat_map(made).collect();
    assert_eq!(made, [0o700]);
    let probe = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref()).flat_map(execs);
    let arguments =
        probe.filter_map(|exec| exec.meta).map(|meta| meta.args).find(|args| args[1] == "probe").unwrap();
    assert_eq!(arguments[5..], ["/srv"]);
}

#[tokio::test]
async fn what_no_step_has_told_is_looked_at() {
    assert_eq!(listed(&built(None).await), ["/"]);
    let mut part = whole();
    part.as_object_mut().unwrap().remove("/usr/local");
    assert_eq!(listed(&built(Some(part)).await), ["/usr/local"]);
}

/// The engine would put it inside, under a name of ours.
#[tokio::test]
async fn a_file_of_the_web_takes_no_directorys_place() {
    let files = "files: [{source: app.py, target: /srv/app.py}]";
    let copy =
        |target: &str| format!("copy: [{{from: 'https://example.com/tools/migrate?v=1', target: {target}}}]");
    let build = built_of(&MANIFEST.replace(files, &copy("/usr/local/bin")), Some(whole())).await;
    let expected = "layerset.yaml:2:72: found the directory \"/usr/local/bin\" in the base, where the file \
                    \"https://example.com/tools/migrate\" is to go; write where the file itself goes: /usr/local/bin/migrate";
    assert_eq!(build.error().message, expected);
    built_of(&MANIFEST.replace(files, &copy("/usr/local/bin/migrate")), Some(whole())).await.result();
}

/// The modes of the directories that an op makes.
fn made(op: buildkit_proto::pb::Op) -> Vec<i32> {
    use buildkit_proto::pb::{file_action::Action, op::Op};
    let Some(Op::File(file)) = op.op else { return Vec::new() };
    let mode = |action| match action {
        Some(Action::Mkdir(mkdir)) => Some(mkdir.mode),
        _ => None,
    };
    file.actions.into_iter().filter_map(|one| mode(one.action)).collect()
}
