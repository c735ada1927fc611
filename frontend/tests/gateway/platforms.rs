//! Platforms: what is asked for which of them, and what the manifest is told.

use buildkit_proto::gateway::result::Result as Refs;
use buildkit_proto::pb::op::Op;
use serde_json::{Value, json};

use crate::fake::{Call, ops};
use crate::request::{Build, build, script};

/// `linux/arm64` of every op with a platform, with what it is: a source or the last word of a step.
fn places(build: &Build) -> Vec<(String, String)> {
    let definitions = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
    let mut places = Vec::new();
    for op in definitions.flat_map(ops) {
        let Some(platform) = &op.platform else { continue };
        let what = match &op.op {
            Some(Op::Source(source)) => source.identifier.split('@').next().unwrap_or_default().to_owned(),
            Some(Op::Exec(exec)) => exec.meta.as_ref().unwrap().args.last().unwrap().clone(),
            _ => continue,
        };
        let place = (what, platform.architecture.clone());
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.sort();
    places
}

fn warnings(build: &Build) -> Vec<String> {
    let warning = |call: &Call| match call {
        Call::Warn(warn) => Some(String::from_utf8(warn.short.clone()).unwrap()),
        _ => None,
    };
    build.calls.iter().filter_map(warning).collect()
}

fn labels(build: &Build, platform: &str) -> Value {
    let config = &build.result().metadata[&format!("containerimage.config/{platform}")];
    serde_json::from_slice::<Value>(config).unwrap()["config"]["Labels"].clone()
}

#[tokio::test]
async fn the_manifest_is_read_for_each_platform() {
    let manifest = "stages:\n  for-arm: {from: scratch, files: [arm]}\n  for-amd64: {from: scratch, files: [amd64]}\n\
         services:\n  api: {from: 'for-${TARGETARCH}', labels: {all: '${TARGETPLATFORM} ${BUILDPLATFORM} ${TARGETSTAGE}'}}\n";
    let build = build(script(manifest, &["arm", "amd64"]), &["platform=linux/arm/v6,linux/amd64"]).await;
    let Some(Refs::Refs(map)) = &build.result().result else { panic!("{:?}", build.result()) };
    assert_eq!(map.refs.len(), 2);
    assert_eq!(labels(&build, "linux/arm/v6"), json!({"all": "linux/arm/v6 linux/amd64 default"}));
    assert_eq!(labels(&build, "linux/amd64"), json!({"all": "linux/amd64 linux/amd64 default"}));
    assert_eq!(warnings(&build).len(), 2, "of each the stage that it does not use: {:?}", warnings(&build));
}

#[tokio::test]
async fn what_is_wrong_on_one_platform_is_an_error_of_the_build() {
    let manifest =
        "stages:\n  for-amd64: {from: scratch, files: [x]}\nservices:\n  api: {from: 'for-${TARGETARCH}'}\n";
    let build = build(script(manifest, &["x"]), &["platform=linux/amd64,linux/arm64"]).await;
    let message = &build.error().message;
    assert!(message.starts_with("layerset.yaml:4:15: unknown stage \"for-arm64\""), "{message}");
}

const CROSS: &str = "\
stages:
  tools:
    from: 'python:3.13-slim'
    platform: build
    run: [{command: [make, tools], mounts: [{from: 'make:4', target: /make}]}]
  next: {from: tools, copy: [{from: 'python:3.13-slim', source: /lib}], run: [[make, next]]}
  plain: {from: 'python:3.13-slim', run: [[make, plain]]}
services:
  api: {from: plain, copy: [{from: next, source: /out}]}
";

#[tokio::test]
async fn stages_for_the_builder_have_its_images_and_steps() {
    let image = "docker-image://docker.io/library/python:3.13-slim";
    let place = |what: &str, architecture: &str| (what.to_owned(), architecture.to_owned());
    let mounted = "docker-image://docker.io/library/make:4";
    let with_make = || {
        let mut script = script(CROSS, &[]);
        let image = script.images.values().next().unwrap().clone();
        script.images.insert("docker.io/library/make:4".into(), image);
        script
    };
    let cross = build(with_make(), &["platform=linux/arm64"]).await;
    let expected = [
        place(mounted, "amd64"),
        place(image, "amd64"),
        place(image, "arm64"),
        place("next", "amd64"),
        place("plain", "arm64"),
        place("tools", "amd64"),
    ];
    assert_eq!(places(&cross), expected);
    let native = build(with_make(), &["platform=linux/amd64"]).await;
    assert!(places(&native).iter().all(|(_, architecture)| architecture == "amd64"));
    assert_eq!(warnings(&native), Vec::<String>::new());
    // The fake's image is amd64's, whatever is asked for.
    let warned = warnings(&cross);
    let expected = [
        "base-platform: layerset.yaml:7:17: python:3.13-slim is for linux/amd64, expected an image for linux/arm64",
        "foreign-platform: layerset.yaml:7:43: the commands of the stage \"plain\" are for linux/arm64",
    ];
    assert_eq!(warned.len(), 2, "{warned:?}");
    for (warned, expected) in warned.iter().zip(expected) {
        assert!(warned.starts_with(expected), "{warned}");
    }
}

#[tokio::test]
async fn services_and_stages_on_other_platforms_are_refused() {
    let on = |more: &str, service: &str| {
        format!(
            "stages:\n  a: {{from: 'python:3.13-slim', platform: {more}\nservices:\n  api: {{from: {service}}}\n"
        )
    };
    for (manifest, expected) in [
        (
            on("build}", "a"),
            "layerset.yaml:4:15: the service \"api\" is built on \"a\", which is for the builder's platform",
        ),
        (
            on("linux/s390x}", "a"),
            "layerset.yaml:4:15: the service \"api\" is built on \"a\", which is for linux/s390x",
        ),
        (on("linux/x86}", "scratch"), "layerset.yaml:2:43: unknown architecture \"x86\" in \"linux/x86\""),
        (
            on("builder}", "scratch"),
            "layerset.yaml:2:43: found \"builder\", expected build, target or a platform",
        ),
        (
            on("build}\n  b: {from: a, platform: build}", "scratch"),
            "layerset.yaml:3:26: the stage \"b\" is built on the stage \"a\", expected an image below a \"platform\"",
        ),
    ] {
        let build = build(script(&manifest, &[]), &[]).await;
        let message = &build.error().message;
        assert!(message.starts_with(expected), "{message}");
    }
    for fine in ["linux/amd64}", "'${TARGETPLATFORM}'}", "target}"] {
        build(script(&on(fine, "a"), &[]), &[]).await.result();
    }
}
