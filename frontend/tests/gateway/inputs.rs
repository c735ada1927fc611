//! Named contexts that another target of the same bake hands in.

use buildkit_llb::{Copy, File, Graph, Image, Local, Metadata};
use buildkit_proto::pb;
use layerset::options::base64;

use crate::fake::{Call, Script};
use crate::request::{build, script};

const MANIFEST: &str = "services:\n  api: {from: vendor, files: [api/]}\n";

/// What the other target has built.
fn definition() -> pb::Definition {
    let mut graph = Graph::new();
    let base = graph.add(Image::new("docker.io/library/busybox:1"), Metadata::named("theirs"));
    let local = graph.add(Local::new("elsewhere"), Metadata::default());
    let copy = Copy { from: Some(local), src: "/".into(), dest: "/vendor".into(), ..Copy::default() };
    let built = graph.add(File::on(base).copy(copy), Metadata::named("their copy"));
    graph.definition(built)
}

fn with_input() -> Script {
    let mut script = script(MANIFEST, &["api/x"]);
    script.inputs.insert("target:vendor".into(), definition());
    script
}

#[tokio::test]
async fn its_definition_is_built_upon() {
    let config = base64(br#"{"config":{"Env":["FROM_VENDOR=1"],"User":"vendor"}}"#);
    let metadata = format!(r#"input-metadata:target:vendor={{"containerimage.config":"{config}"}}"#);
    let build = build(with_input(), &["context:vendor=input:target:vendor", &metadata]).await;
    assert!(build.calls.iter().any(|call| matches!(call, Call::Inputs)));
    let image = build.image();
    let theirs = definition();
    for op in &theirs.def[..theirs.def.len() - 1] {
        assert!(image.def.contains(op), "an op of theirs is missing");
    }
    assert_eq!(build.config()["config"]["Env"][0], "FROM_VENDOR=1");
    assert_eq!(build.config()["config"]["User"], "vendor");
}

#[tokio::test]
async fn without_metadata_it_is_files() {
    let build = build(with_input(), &["context:vendor=input:target:vendor"]).await;
    assert!(build.image().def.contains(&definition().def[0]));
    assert!(build.config()["config"].get("Env").is_none());
}

#[tokio::test]
async fn an_input_that_was_not_sent_is_named() {
    let build = build(with_input(), &["context:vendor=input:target:other"]).await;
    assert!(build.error().message.contains("\"target:other\""), "{}", build.error().message);
}

#[tokio::test]
async fn an_input_that_is_no_definition_is_refused() {
    let mut script = with_input();
    script.inputs.get_mut("target:vendor").unwrap().def[0] = vec![0xff];
    let build = build(script, &["context:vendor=input:target:vendor"]).await;
    assert!(build.error().message.contains("cannot be read"), "{}", build.error().message);
}

#[tokio::test]
async fn an_image_may_stand_in_for_another() {
    let mut script = script("services:\n  api: {from: 'python:3.13-slim'}\n", &[]);
    let image = script.images.values().next().unwrap().clone();
    script.images.insert("mirror.test/python:1".into(), image);
    let build = build(script, &["context:python:3.13-slim=docker-image://mirror.test/python:1"]).await;
    let image =
        buildkit_llb::listing::Listing::of(&build.solves().last().unwrap().definition.clone().unwrap());
    assert!(image.unwrap().ops[0].summary.starts_with("mirror.test/python:1@"));
}
