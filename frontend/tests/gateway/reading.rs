//! The manifest, as it is read.

use crate::fake::{Call, Files, Script};
use crate::request::{Build, build, script};

/// What is asked for at once; see the client.
const CHUNK: usize = 3 << 20;

/// A manifest of exactly `size` bytes.
fn padded(size: usize) -> String {
    let service = "services:\n  api: {from: scratch}\n";
    let mut text = String::with_capacity(size);
    while text.len() + service.len() < size {
        let line = (size - service.len() - text.len()).min(80);
        text.push('#');
        text.extend(std::iter::repeat_n('x', line.saturating_sub(2)));
        if line > 1 {
            text.push('\n');
        }
    }
    text + service
}

/// The ranges in which the manifest was read.
fn ranges(build: &Build) -> Vec<(i64, i64)> {
    let range = |call: &Call| match call {
        Call::ReadFile(request) if request.file_path == "layerset.yaml" => request.range,
        _ => None,
    };
    build.calls.iter().filter_map(range).map(|range| (range.offset, range.length)).collect()
}

#[tokio::test]
async fn a_manifest_over_3_mib_is_read_in_ranges() {
    let manifest = padded(2 * CHUNK + 12_345);
    assert_eq!(manifest.len(), 2 * CHUNK + 12_345);
    let build = build(script(&manifest, &[]), &["requestid=frontend.targets"]).await;
    let answer: serde_json::Value = serde_json::from_slice(&build.result().metadata["result.json"]).unwrap();
    let sent = layerset::options::from_base64(answer["sources"][0].as_str().unwrap()).unwrap();
    assert!(sent == manifest.as_bytes(), "{} of {} bytes", sent.len(), manifest.len());
    let chunk = i64::try_from(CHUNK).unwrap();
    assert_eq!(ranges(&build), [(0, chunk), (chunk, chunk), (2 * chunk, chunk)]);
}

#[tokio::test]
async fn a_manifest_of_a_whole_chunk_ends_there() {
    let build = build(script(&padded(CHUNK), &[]), &[]).await;
    build.result();
    assert_eq!(ranges(&build).len(), 2);
}

#[tokio::test]
async fn a_small_manifest_is_one_read() {
    let build = build(script("services:\n  api: {from: scratch}\n", &[]), &[]).await;
    build.result();
    assert_eq!(ranges(&build).len(), 1);
}

#[tokio::test]
async fn a_manifest_that_is_not_there_is_named() {
    let build = build(script("services: {}", &[]), &["filename=deploy/other.yaml"]).await;
    let error = build.error();
    assert!(error.message.contains("\"deploy/other.yaml\"") && error.message.contains("-f"), "{error:?}");
    assert_eq!(error.code, 2);
}

#[tokio::test]
async fn nothing_is_sent_but_the_manifest_and_what_is_ignored() {
    let manifest = "services:\n  api: {from: scratch, files: [api/]}\n";
    let build = build(script(manifest, &["api/x"]), &["dockerfilekey=m", "contextkey=c"]).await;
    // Neither local source exists under its changed name: the build fails, but it asked for these.
    build.error();
    let asked: Vec<_> =
        build.solves().iter().flat_map(|solve| sources(solve.definition.as_ref().unwrap())).collect();
    assert!(
        asked.contains(&("local://m".into(), r#"["layerset.yaml","layerset.yaml.dockerignore"]"#.into()))
    );
    assert!(asked.contains(&("local://c".into(), r#"[".dockerignore"]"#.into())));
}

#[tokio::test]
async fn the_manifests_own_dockerignore_wins() {
    let manifest = "services:\n  api: {from: scratch, files: [api/]}\n";
    let mut both = script(manifest, &["api/x"]);
    let put = |files: &mut Files, name: &str, text: &str| files.insert(name.to_owned(), text.into());
    put(both.locals.get_mut("context").unwrap(), ".dockerignore", "theirs\n");
    put(both.locals.get_mut("dockerfile").unwrap(), "layerset.yaml.dockerignore", "ours\n");
    assert_eq!(exclude(both).await, r#"["ours"]"#);
    let mut one = script(manifest, &["api/x"]);
    put(one.locals.get_mut("context").unwrap(), ".dockerignore", "theirs\n");
    assert_eq!(exclude(one).await, r#"["theirs"]"#);
}

/// What is not sent of the context.
async fn exclude(script: Script) -> String {
    let image = build(script, &[]).await.image();
    crate::request::locals(&image, "context")[0].attrs["local.excludepatterns"].clone()
}

fn sources(definition: &buildkit_proto::pb::Definition) -> Vec<(String, String)> {
    let source = |op: buildkit_proto::pb::Op| match op.op {
        Some(buildkit_proto::pb::op::Op::Source(source)) => {
            Some((source.identifier, source.attrs.get("local.followpaths").cloned().unwrap_or_default()))
        }
        _ => None,
    };
    crate::fake::ops(definition).into_iter().filter_map(source).collect()
}
