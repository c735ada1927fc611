//! What a result says besides files: attestations, annotations, times; and bases by the digests of a lock.

use buildkit_proto::pb::op::Op;
use buildkit_proto::{gateway as gw, pb};
use serde_json::{Value, json};
use tonic::Status;

use crate::fake::{Call, Reaction, Script, ops};
use crate::request::{Build, DIGEST, build, script};

const API: &str =
    "services:\n  api: {from: 'python:3.13-slim', files: [api/], annotations: {a: one, 'index:b': two}}\n";

/// With an image of the frontend's own.
fn with_own(manifest: &str) -> Script {
    let mut script = script(manifest, &["api/x"]);
    script.answers.insert("any".into(), b"{}".to_vec());
    script
}

#[tokio::test]
async fn annotations_are_metadata() {
    let build = build(with_own(API), &[]).await;
    let metadata = &build.result().metadata;
    assert_eq!(metadata["annotation.a"], b"one");
    assert_eq!(metadata["annotation-index.b"], b"two");
    assert!(build.result().attestations.is_empty());
}

#[tokio::test]
async fn the_time_that_was_told() {
    let dates = |build: &Build| {
        let config = build.config();
        (config["created"].clone(), config["history"][0]["created"].clone())
    };
    let told = build(with_own(API), &["build-arg:SOURCE_DATE_EPOCH=1700000000"]).await;
    assert_eq!(dates(&told), (json!("2023-11-14T22:13:20Z"), json!("2023-11-14T22:13:20Z")));
    assert_eq!(told.result().metadata["source.date.epoch"], b"1700000000");
    let untold = build(with_own(API), &[]).await;
    assert_eq!(dates(&untold), (json!("1980-01-01T00:00:00Z"), json!("1980-01-01T00:00:00Z")));
    assert_eq!(told.image(), untold.image(), "no op knows of it");
    let wrong = build(with_own(API), &["build-arg:SOURCE_DATE_EPOCH=now"]).await;
    assert!(
        wrong.error().message.starts_with("SOURCE_DATE_EPOCH: found \"now\", expected seconds since 1970")
    );
}

/// Arguments of the last exec of a definition.
fn argv(request: &gw::SolveRequest) -> Vec<String> {
    let ops = ops(request.definition.as_ref().unwrap());
    let mut execs = ops.into_iter().filter_map(|op| match op.op {
        Some(Op::Exec(exec)) => exec.meta.map(|meta| meta.args),
        _ => None,
    });
    execs.next_back().unwrap()
}

#[tokio::test]
async fn an_sbom_is_a_bundle_of_each_platform() {
    let build = build(with_own(API), &["attest:sbom=", "platform=linux/amd64,linux/arm64"]).await;
    let result = build.result();
    assert_eq!(result.attestations.keys().collect::<Vec<_>>(), ["linux/amd64", "linux/arm64"]);
    for attestations in result.attestations.values() {
        let [one] = &attestations.attestation[..] else { panic!("{attestations:?}") };
        assert_eq!(one.kind, i32::from(gw::AttestationKind::Bundle));
        assert_eq!(one.in_toto_predicate_type, "https://spdx.dev/Document");
        assert_eq!(
            (&one.metadata["reason"][..], &one.metadata["sbom-core"][..]),
            (&b"sbom"[..], &b"sbom"[..])
        );
        assert!(!one.r#ref.as_ref().unwrap().id.is_empty());
    }
    let step = argv(build.solves().last().unwrap());
    assert_eq!(step[1..], ["sbom", "/out", "sbom.spdx.json", "/request/request.json", "/image"]);
}

#[tokio::test]
async fn without_an_own_image_the_engine_scans() {
    let build = build(script(API, &["api/x"]), &["attest:sbom="]).await;
    assert!(build.result().attestations.is_empty());
}

/// A lock that has the image.
fn locked(digest: &str) -> Script {
    let mut script = with_own(&format!("lock: pylock.toml\n{API}"));
    let lock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"layerset\"\npackages = []\n[tool.layerset]\nversion = 1\n\
         [tool.layerset.images]\n\"python:3.13-slim\" = \"{digest}\"\n"
    );
    script.locals.get_mut("context").unwrap().insert("pylock.toml".into(), lock.into_bytes());
    script
}

#[tokio::test]
async fn a_locked_base_is_asked_for_by_its_digest() {
    let digest = format!("sha256:{}", "b".repeat(64));
    let mut script = locked(&digest);
    let image = script.images.values().next().unwrap().clone();
    script.images = [(format!("docker.io/library/python:3.13-slim@{digest}"), image)].into();
    let build = build(script, &[]).await;
    let sources = ops(&build.image()).into_iter().filter_map(|op| match op.op {
        Some(Op::Source(source)) => Some(source.identifier),
        _ => None,
    });
    let image = format!("docker-image://docker.io/library/python:3.13-slim@{digest}");
    assert!(sources.into_iter().any(|source| source == image));
}

#[tokio::test]
async fn a_lock_is_made_of_what_the_engine_says_now() {
    let build = build(locked(&format!("sha256:{}", "b".repeat(64))), &["requestid=frontend.lock"]).await;
    let text = String::from_utf8(build.result().metadata["result.txt"].clone()).unwrap();
    assert!(text.contains(&format!("\n\"python:3.13-slim\" = \"{DIGEST}\"\n")), "{text}");
    assert!(!build.calls.iter().any(|call| matches!(call, Call::Solve(solve) if solve.evaluate)));
    let json: Value = serde_json::from_slice(&build.result().metadata["result.json"]).unwrap();
    assert_eq!(json["lock"], text);
}

#[tokio::test]
async fn images_of_other_platforms_are_locked_too() {
    let manifest = "lock: pylock.toml\nstages:\n  fixed: {from: 'tools:arm', platform: linux/arm64}\nservices:\n  \
                    api: {from: 'base-${TARGETARCH}:1', copy: [{from: fixed, source: /x}]}\n";
    let mut script = with_own(manifest);
    let image = script.images.values().next().unwrap().clone();
    for name in ["base-amd64:1", "base-arm64:1", "tools:arm"] {
        script.images.insert(format!("docker.io/library/{name}"), image.clone());
    }
    // As for an index without the platform.
    script.react = Box::new(|call| match call {
        Call::ResolveSourceMeta(request) => {
            let of = |source: &pb::SourceOp| source.identifier.contains("arm");
            let on = request.platform.as_ref().map(|platform| platform.architecture.as_str());
            if request.source.as_ref().is_some_and(of) && on == Some("amd64") {
                return Reaction::Fail(Status::unknown("no match for platform in manifest: not found"));
            }
            Reaction::Answer
        }
        _ => Reaction::Answer,
    });
    let build = build(script, &["requestid=frontend.lock", "platform=linux/amd64,linux/arm64"]).await;
    let text = String::from_utf8(build.result().metadata["result.txt"].clone()).unwrap();
    for name in ["base-amd64:1", "base-arm64:1", "tools:arm"] {
        assert!(text.contains(&format!("\n\"{name}\" = \"{DIGEST}\"\n")), "{text}");
    }
}

#[tokio::test]
async fn what_is_not_locked_is_refused_in_one_go() {
    let mut script = locked(DIGEST);
    let more = "  web: {from: 'node:22', copy: [{from: 'tool:1', source: /x}]}\n";
    let manifest = format!("lock: pylock.toml\n{API}{more}");
    script.locals.get_mut("dockerfile").unwrap().insert("layerset.yaml".into(), manifest.into_bytes());
    let message = build(script, &["target=api"]).await.error().message.clone();
    assert!(
        message.contains("layerset.yaml:4:15: the image \"node:22\" is not in \"pylock.toml\""),
        "{message}"
    );
    assert!(
        message.contains("layerset.yaml:4:40: the image \"tool:1\" is not in \"pylock.toml\""),
        "{message}"
    );
    assert!(message.contains("--call=lock . > pylock.toml"), "{message}");
}
