//! Warnings reach the user while the image is built.

use buildkit_proto::gateway as gw;

use crate::fake::Call;
use crate::request::{Build, build, script};

const MANIFEST: &str = "\
templates:
  idle: {user: nobody}
services:
  api: {from: scratch}
";

fn warnings(build: &Build) -> Vec<&gw::WarnRequest> {
    let requests = build.calls.iter().map(|call| match call {
        Call::Warn(request) => Some(request),
        _ => None,
    });
    requests.flatten().collect()
}

#[tokio::test]
async fn a_warning_is_shown_at_the_vertex_of_the_manifest() {
    let build = build(script(MANIFEST, &[]), &["build-arg:TYPO=1"]).await;
    build.result();
    let warnings = warnings(&build);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    // The vertex is the one that the manifest was read from, in this very build.
    let solved = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
    let manifest =
        solved.into_iter().find(|definition| definition.metadata.contains_key(&warnings[0].digest));
    assert_eq!(crate::request::locals(manifest.unwrap(), "dockerfile").len(), 1);
    let idle = warnings.iter().find(|warning| warning.short.starts_with(b"unused-template")).unwrap();
    assert!(String::from_utf8_lossy(&idle.short).contains("layerset.yaml:2:3: "));
    assert!(!idle.detail.is_empty());
    let info = idle.info.as_ref().unwrap();
    assert_eq!((info.filename.as_str(), &info.data[..]), ("layerset.yaml", MANIFEST.as_bytes()));
    assert_eq!(idle.ranges[0].start.unwrap().line, 2);
}

#[tokio::test]
async fn an_engine_that_shows_none_is_told_none() {
    let mut script = script(MANIFEST, &[]);
    script.frontend_caps.retain(|cap| *cap != "gateway.warnings");
    let build = build(script, &[]).await;
    build.result();
    assert!(warnings(&build).is_empty());
}
