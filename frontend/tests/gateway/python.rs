//! Python packages: which steps are asked, what comes of their answers, and what is wrong with them.

use std::collections::BTreeSet;

use buildkit_proto::pb;
use buildkit_proto::pb::file_action;
use buildkit_proto::pb::op::Op;
use serde_json::{Value, json};

use crate::fake::{Call, Script, interpreter, ops};
use crate::request::{Build, build, ignoring_cache, script};

const MANIFEST: &str = "\
stages:
  base: {from: 'python:3.13-slim'}
services:
  api: {from: base, requirements: [req/base.txt, req/web.txt]}
  worker: {from: base, requirements: [req/base.txt]}
python: {index: ['https://packages.example.com/simple']}
";

/// A lock of others, in which everything is everybody's.
pub(crate) fn lock(tag: &str) -> String {
    let package = |name: &str, hash: char| {
        let (file, sha) = (format!("{name}-1.0-{tag}.whl"), hash.to_string().repeat(64));
        format!(
            "[[packages]]\nname = \"{name}\"\nversion = \"1.0\"\nwheels = [{{ name = \"{file}\", \
             url = \"https://packages.example.com/{file}\", size = 10, hashes = {{ sha256 = \"{sha}\" }} }}]\n"
        )
    };
    format!("lock-version = \"1.0\"\ncreated-by = \"x\"\n{}{}", package("five", '5'), package("six", '6'))
}

pub(crate) fn python(manifest: &str, answers: &[(&str, Value)]) -> Script {
    let mut script = script(manifest, &[]);
    let context = script.locals.get_mut("context").unwrap();
    context.insert("req/base.txt".into(), b"six\n".to_vec());
    context.insert("req/web.txt".into(), b"five\n".to_vec());
    let uv = script.images.values().next().unwrap().clone();
    script.images.insert("ghcr.io/astral-sh/uv:latest".into(), uv);
    let answers = answers.iter().map(|(file, value)| ((*file).to_owned(), value.to_string().into_bytes()));
    script.answers = answers.collect();
    script
}

fn locked(lock: &str) -> Script {
    let manifest = MANIFEST.replace("index:", "lock: pylock.toml, index:");
    let mut script = python(&manifest, &[("interpreter.json", interpreter())]);
    script.locals.get_mut("context").unwrap().insert("pylock.toml".into(), lock.as_bytes().to_vec());
    script
}

/// The words of every step that was asked for, in order.
fn steps(build: &Build) -> Vec<String> {
    let mut steps = Vec::new();
    for definition in build.solves().into_iter().filter_map(|solve| solve.definition.as_ref()) {
        for exec in execs(definition) {
            let name = exec.meta.unwrap().args.get(1).cloned().unwrap_or_default();
            steps.push(name);
        }
    }
    steps.dedup();
    steps
}

pub(crate) fn warnings(build: &Build) -> Vec<String> {
    let warning = |call: &Call| match call {
        Call::Warn(warn) => Some(String::from_utf8(warn.short.clone()).unwrap()),
        _ => None,
    };
    build.calls.iter().filter_map(warning).collect()
}

pub(crate) fn execs(definition: &pb::Definition) -> Vec<pb::ExecOp> {
    let exec = |op: pb::Op| match op.op {
        Some(Op::Exec(exec)) => Some(exec),
        _ => None,
    };
    ops(definition).into_iter().filter_map(exec).collect()
}

fn sources(definition: &pb::Definition, start: &str) -> Vec<pb::SourceOp> {
    let source = |op: pb::Op| match op.op {
        Some(Op::Source(source)) if source.identifier.starts_with(start) => Some(source),
        _ => None,
    };
    ops(definition).into_iter().filter_map(source).collect()
}

#[tokio::test]
async fn locked_packages_are_downloaded_by_hash_and_installed_without_network() {
    let build = build(locked(&lock("py3-none-any")), &["target=api"]).await;
    assert_eq!(steps(&build), ["probe", "unwheel"]);
    let image = build.image();
    let wheels = sources(&image, "https://");
    let hashes: Vec<&str> = wheels.iter().map(|wheel| wheel.attrs["http.checksum"].as_str()).collect();
    assert_eq!(hashes, [format!("sha256:{}", "5".repeat(64)), format!("sha256:{}", "6".repeat(64))]);
    let install = execs(&image).pop().unwrap();
    assert_eq!(install.network, i32::from(pb::NetMode::None));
    let args = install.meta.unwrap().args;
    assert_eq!(args[..2], ["/.layerset/own/layerset", "unwheel"]);
    // The program alone, and its content: an engine that has only just pulled the image finds the step in an imported cache.
    let roots: Vec<_> =
        install.mounts.iter().filter(|mount| mount.dest == "/").map(|mount| mount.input).collect();
    assert_eq!(roots, [-1]);
    let own = install.mounts.iter().find(|mount| mount.dest == "/.layerset/own/layerset").unwrap();
    assert!(own.readonly && own.selector == "/layerset", "{own:?}");
    assert_eq!(
        args[3..],
        ["/layer", "/wheels/0/five-1.0-py3-none-any.whl", "/wheels/1/six-1.0-py3-none-any.whl"]
    );
    assert!(
        install.mounts.iter().filter(|mount| mount.dest.starts_with("/wheels")).all(|mount| mount.readonly)
    );
    // What makes a layer is one line of progress. A download is its own: when it fails, its name is all there is.
    let (mut layers, mut alone) = (Vec::new(), Vec::new());
    for op in image.metadata.values() {
        let name = op.description.get("llb.customname").cloned().unwrap_or_default();
        match &op.progress_group {
            Some(group) => layers.push(group.name.clone()),
            None => alone.push(name),
        }
    }
    assert!(alone.iter().any(|name| name.contains("download five")), "{alone:?}");
    assert!(layers.len() == 1 && !layers[0].contains("download"), "{layers:?}");
    // The lock says nothing of groups, so everybody gets all of it.
    let warned = warnings(&build);
    assert!(warned.len() == 1 && !warned[0].starts_with("unlocked"), "{warned:?}");
}

/// It would say so after the frontend has gone, without a place.
#[tokio::test]
async fn an_engine_that_downloads_without_credentials_is_told_of() {
    let private = |caps: &[&'static str]| {
        let manifest = MANIFEST.replace(
            "index: ['https://packages.example.com/simple']",
            "lock: pylock.toml, index: [{url: 'https://packages.example.com/simple', secret: auth}]",
        );
        let mut script = python(&manifest, &[("interpreter.json", interpreter())]);
        let context = script.locals.get_mut("context").unwrap();
        context.insert("pylock.toml".into(), lock("py3-none-any").into_bytes());
        script.llb_caps.extend(caps);
        script
    };
    let refused = build(private(&[]), &["target=api"]).await;
    let told = &refused.error().message;
    assert!(told.starts_with("layerset.yaml:") && told.contains("BuildKit 0.21"), "{told}");
    let built = build(private(&["source.http.auth"]), &["target=api"]).await;
    let wheels = sources(&built.image(), "https://");
    assert!(wheels.iter().all(|wheel| wheel.attrs["http.authheadersecret"] == "auth"), "{wheels:?}");
}

#[tokio::test]
async fn the_base_is_no_input_of_a_layer_of_packages() {
    let digests = |build: &Build| -> Vec<Vec<u8>> {
        use prost::Message as _;
        execs(&build.image()).into_iter().map(|exec| exec.encode_to_vec()).collect()
    };
    let first = build(locked(&lock("py3-none-any")), &["target=api"]).await;
    let mut patched = locked(&lock("py3-none-any"));
    let base = patched.images.get_mut("docker.io/library/python:3.13-slim").unwrap();
    base.digest = format!("sha256:{}", "b".repeat(64));
    let second = build(patched, &["target=api"]).await;
    assert_eq!(digests(&first), digests(&second));
}

#[tokio::test]
async fn without_a_lock_a_step_resolves_and_a_warning_says_so() {
    let answer = json!({"lock": lock("py3-none-any")});
    let script = python(MANIFEST, &[("interpreter.json", interpreter()), ("answer.json", answer)]);
    let build = build(script, &["target=api"]).await;
    build.result();
    assert_eq!(steps(&build), ["probe", "resolve", "unwheel"]);
    let warnings = warnings(&build);
    assert!(warnings[0].starts_with("unlocked: layerset.yaml:4:"), "{warnings:?}");
}

#[tokio::test]
async fn what_could_not_be_resolved_is_asked_for_again_and_shown() {
    let problem = |kind: &str| {
        json!({"problems": [{
            "place": {"file": "req/web.txt", "line": 1, "column": 1}, "message": "no five",
            "hint": "remove it", "also": [], "kind": kind, "detail": "",
        }]})
    };
    let answers = |kind| [("interpreter.json", interpreter()), ("answer.json", problem(kind))];
    let conflict = build(python(MANIFEST, &answers("conflict")), &["target=api"]).await;
    assert_eq!(conflict.error().message, "layerset.yaml:4:50: req/web.txt:1:1: no five; remove it");
    let resolved: Vec<_> =
        conflict.solves().into_iter().filter_map(|solve| solve.definition.clone()).collect();
    let again: Vec<String> = resolved.iter().flat_map(ignoring_cache).collect();
    assert_eq!(again, ["[internal] resolve Python requirements"]);
    let network = build(python(MANIFEST, &answers("network")), &["target=api"]).await;
    assert_eq!(network.error().message, "req/web.txt:1:1: no five; remove it");
}

#[tokio::test]
async fn a_stage_without_python_is_named() {
    let nothing = json!({"nothing": "no python was found, looked for /bin/python3"});
    let build = build(python(MANIFEST, &[("interpreter.json", nothing)]), &["target=api"]).await;
    let message = &build.error().message;
    assert!(
        message.starts_with("layerset.yaml:4:36: service api cannot have packages: no python"),
        "{message}"
    );
}

#[tokio::test]
async fn the_interpreter_for_another_platform_is_asked_on_the_workers_own() {
    let script = locked(&lock("cp313-cp313-manylinux_2_17_aarch64"));
    let build = build(script, &["target=api", "platform=linux/arm64"]).await;
    build.result();
    assert_eq!(steps(&build), ["probe", "unwheel"]);
    let definitions = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
    let platforms = |op: &pb::Op| Some((op.op.clone()?, op.platform.as_ref()?.architecture.clone()));
    let seen: Vec<(Op, String)> = definitions.flat_map(ops).filter_map(|op| platforms(&op)).collect();
    let probe = |(op, _): &&(Op, String)| matches!(op, Op::Exec(exec) if exec.meta.as_ref().unwrap().args[1] == "probe");
    assert_eq!(seen.iter().find(probe).unwrap().1, "amd64");
    let python = |op: &Op| matches!(op, Op::Source(source) if source.identifier.contains("library/python"));
    let of_python = |definition: &pb::Definition| -> Vec<String> {
        let bases = ops(definition).into_iter().filter_map(|op| platforms(&op)).filter(|(op, _)| python(op));
        bases.map(|(_, architecture)| architecture).collect()
    };
    assert_eq!(of_python(&build.image()), ["arm64"], "nothing of the other platform is in the image");
}

#[tokio::test]
async fn a_wheel_for_another_platform_only_is_an_error_of_who_needs_it() {
    let build = build(locked(&lock("cp311-cp311-win_amd64")), &["target=api"]).await;
    let message = &build.error().message;
    assert!(message.contains("five 1.0 has no wheel for Python 3.13 on linux-x86_64"), "{message}");
    assert!(message.contains("six 1.0 has no wheel"), "{message}");
}

#[tokio::test]
async fn a_requirement_file_that_is_not_there_is_named() {
    let mut script = locked(&lock("py3-none-any"));
    script.locals.get_mut("context").unwrap().remove("req/web.txt");
    let build = build(script, &["target=worker"]).await;
    let message = &build.error().message;
    assert!(message.starts_with("layerset.yaml:4:50: ") && message.contains("req/web.txt"), "{message}");
}

#[tokio::test]
async fn nothing_to_lock_is_an_error() {
    let script = python("services:\n  api: {from: scratch}\n", &[("interpreter.json", interpreter())]);
    let build = build(script, &["requestid=frontend.lock"]).await;
    assert!(build.error().message.starts_with("layerset.yaml:1:1: nothing to lock"), "{:?}", build.error());
}

#[tokio::test]
async fn the_lock_call_answers_with_the_lock() {
    let answer = json!({"lock": "lock-version = \"1.0\"\n"});
    let script = python(MANIFEST, &[("interpreter.json", interpreter()), ("answer.json", answer)]);
    let build = build(script, &["requestid=frontend.lock"]).await;
    assert_eq!(build.result().metadata["result.txt"], b"lock-version = \"1.0\"\n");
    assert_eq!(steps(&build), ["probe", "resolve"]);
}

#[tokio::test]
async fn a_lock_that_cannot_be_read_is_not_made_again() {
    let broken = lock("py3-none-any").replacen("[[packages]]", "<<<<<<< ours\n[[packages]]", 1);
    let build = build(locked(&broken), &["requestid=frontend.lock"]).await;
    let message = &build.error().message;
    assert!(message.contains("layerset.yaml:6:16: pylock.toml:3:"), "{message}");
    assert!(message.matches("remove it first").count() == 1 && steps(&build).is_empty(), "{message}");
}

const BY_ARCHITECTURE: &str = "\
services:
  api: {from: 'python:3.13-slim', requirements: [req/base.txt, 'req/${TARGETARCH}.txt']}
";

/// What the step that resolves is asked for.
async fn resolved(options: &[&str]) -> Value {
    let answer = json!({"lock": lock("py3-none-any")});
    let mut script = python(BY_ARCHITECTURE, &[("interpreter.json", interpreter()), ("answer.json", answer)]);
    let context = script.locals.get_mut("context").unwrap();
    context.insert("req/amd64.txt".into(), b"five\n".to_vec());
    context.insert("req/arm64.txt".into(), b"six\n".to_vec());
    let build = build(script, options).await;
    build.result();
    let definitions = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
    let mut made = definitions.flat_map(ops).filter_map(|op| match op.op {
        Some(Op::File(file)) => match file.actions.into_iter().next()?.action? {
            file_action::Action::Mkfile(file) if file.path == "/request.json" => Some(file.data),
            _ => None,
        },
        _ => None,
    });
    serde_json::from_slice(&made.next().unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_required_on_one_platform_alone_is_resolved_with_the_rest() {
    for options in [
        &["requestid=frontend.lock", "platform=linux/amd64,linux/arm64"][..],
        &["requestid=frontend.lock", "platform=linux/arm64"],
        &["platform=linux/amd64,linux/arm64"],
    ] {
        let request = resolved(options).await;
        let paths = |set: &Value| -> Vec<String> {
            set.as_array().unwrap().iter().map(|id| id["path"].as_str().unwrap().to_owned()).collect()
        };
        let sets: Vec<Vec<String>> = request["sets"].as_array().unwrap().iter().map(paths).collect();
        let pythons = request["environments"].as_array().unwrap().iter().map(|one| &one["python"]);
        assert!(pythons.into_iter().all(|python| python == "3.13.1"), "{request}");
        let machines = &request["machines"];
        assert_eq!(machines[0][0]["path"], "req/amd64.txt", "{machines}");
        assert_eq!((&machines[0][1], &machines[1][1]), (&json!(["x86_64"]), &json!(["aarch64"])));
        assert_eq!(
            sets,
            [["req/base.txt", "req/amd64.txt"], ["req/base.txt", "req/arm64.txt"]],
            "{options:?}"
        );
    }
    let request = resolved(&["platform=linux/amd64"]).await;
    assert_eq!(request["sets"].as_array().unwrap().len(), 1);
    assert_eq!(request.get("machines"), None);
}

#[tokio::test]
async fn heavy_packages_that_nothing_imports_are_found_without_a_stage() {
    let heavy = lock("py3-none-any").replace("size = 10", "size = 30000000");
    let heavy = heavy.replace("name = \"six\"\n", "name = \"six\"\ndependencies = [{ name = \"five\" }]\n");
    let manifest = "\
services:
  api: {from: 'python:3.13-slim', requirements: [req/base.txt], files: [api/]}
python: {lock: pylock.toml}
";
    let heavy = format!("{heavy}\n").replace("created-by", "requires-python = \">=3.13\"\ncreated-by");
    let checked = async |imports: Value| {
        let mut script = python(manifest, &[("imports", imports)]);
        let context = script.locals.get_mut("context").unwrap();
        context.insert("pylock.toml".into(), heavy.clone().into_bytes());
        context.insert("api/main.py".into(), b"import five\n".to_vec());
        let build = build(script, &["requestid=frontend.lint"]).await;
        assert_eq!(steps(&build), ["imports"]);
        let solves = build.solves();
        let steps = solves.iter().filter_map(|solve| execs(solve.definition.as_ref()?).pop());
        let args = steps.map(|exec| exec.meta.unwrap().args).next().unwrap();
        assert_eq!(args[1..], ["imports", "/context", "/listed/imports", "five,six"]);
        String::from_utf8(build.result().metadata["result.txt"].clone()).unwrap()
    };
    let text = checked(json!({"api/main.py": ["six"]})).await;
    assert!(text.contains("nothing found"), "{text}");
    // What needs five is not used; five is.
    let text = checked(json!({"api/main.py": ["five"]})).await;
    let said = "\"six\" at req/base.txt:1 brings 30.0 MB into service api, whose sources use nothing of it: six 1.0 (30.0 MB)";
    assert!(text.contains(said) && text.contains("layerset.yaml:2:"), "{text}");
}

#[tokio::test]
async fn check_finds_wrong_paths_and_wrong_packages_at_once() {
    let manifest = MANIFEST.replace("  worker: {", "  worker: {files: [nothing/], ");
    let mut script = python(&manifest, &[]);
    script.locals.get_mut("context").unwrap().remove("req/web.txt");
    let build = build(script, &["requestid=frontend.lint"]).await;
    let text = String::from_utf8(build.result().metadata["result.txt"].clone()).unwrap();
    for said in ["no \"nothing\" in the build context", "req/web.txt"] {
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(build.result().metadata["result.statuscode"], b"1");
}

#[tokio::test]
async fn what_a_layer_of_packages_needs_and_has_not_is_an_error() {
    let sdist = lock("py3-none-any")
        .replace("wheels = [{ name = \"five-1.0-py3-none-any.whl\"", "sdist = { name = \"five-1.0.tar.gz\"")
        .replacen("} }]\n", "} }\n", 1);
    let build = build(locked(&sdist), &["target=api", "context:uv=docker-image://scratch"]).await;
    let message = &build.error().message;
    assert!(
        message.contains("layerset.yaml:4:") && message.contains("the build context uv is empty"),
        "{message}"
    );
}

#[tokio::test]
async fn requirement_files_and_lock_are_transferred_apart() {
    let build = build(locked(&lock("py3-none-any")), &["target=api"]).await;
    let mut sent: Vec<(String, String)> = Vec::new();
    for definition in build.solves().into_iter().filter_map(|solve| solve.definition.as_ref()) {
        for source in sources(definition, "local://context") {
            let hint = source.attrs["local.sharedkeyhint"].clone();
            sent.push((hint, source.attrs.get("local.followpaths").cloned().unwrap_or_default()));
        }
    }
    sent.sort();
    sent.dedup();
    let hints: BTreeSet<&str> = sent.iter().map(|(hint, _)| hint.as_str()).collect();
    // Under one hint, what is sent second replaces what was sent first.
    assert_eq!(hints.len(), sent.len(), "{sent:?}");
    assert!(sent.iter().any(|(_, paths)| paths.contains("pylock.toml")), "{sent:?}");
}
