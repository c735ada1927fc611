//! Errors on the wire: texts for people, places for the engine's excerpt.

use buildkit_proto::{Any, rpc};
use layerset::options::from_base64;
use prost::Message as _;
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::fake::Reaction;
use crate::request::{build, script, serve};

/// The one detail of an error, as JSON.
fn source(error: &rpc::Status) -> Value {
    let [detail] = &error.details[..] else { panic!("{error:?}") };
    assert_eq!(detail.type_url, "github.com/moby/buildkit/errdefs.Source+json");
    serde_json::from_slice(&detail.value).unwrap()
}

#[tokio::test]
async fn an_error_has_its_place_in_words_and_in_json() {
    let manifest = "services:\n  api:\n    from: scratch\n    fils: [api/]\n";
    let build = build(script(manifest, &[]), &["filename=layerset.yaml"]).await;
    let error = build.error();
    assert_eq!(error.code, 2);
    assert!(error.message.starts_with("layerset.yaml:4:5: "), "{}", error.message);
    assert!(error.message.contains("did you mean \"files\"?"), "{}", error.message);
    let source = source(error);
    assert_eq!(source["info"]["filename"], "layerset.yaml");
    assert_eq!(source["info"]["language"], "yaml");
    assert_eq!(from_base64(source["info"]["data"].as_str().unwrap()).unwrap(), manifest.as_bytes());
    // Lines from 1, characters from 0; the end is behind the last character.
    let range = json!({"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 8}});
    assert_eq!(source["ranges"], json!([range]));
}

#[tokio::test]
async fn several_errors_have_several_ranges() {
    let manifest = "services:\n  api:\n    from: scratch\n    fils: []\n    usr: x\n";
    let build = build(script(manifest, &[]), &[]).await;
    let error = build.error();
    let lines: Vec<_> = error.message.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0], "2 errors in layerset.yaml");
    let source = source(error);
    let starts: Vec<_> =
        source["ranges"].as_array().unwrap().iter().map(|range| &range["start"]["line"]).collect();
    assert_eq!(starts, [4, 5]);
}

#[tokio::test]
async fn an_unknown_target_lists_the_known() {
    let manifest = "stages:\n  base: {from: scratch}\nservices:\n  api: {from: base}\n  web: {from: base}\n";
    for (options, message) in [(&["target=apu"][..], "did you mean \"api\"?"), (&[], "use --target NAME")] {
        let build = build(script(manifest, &[]), options).await;
        let error = build.error();
        assert!(error.message.contains("services: api, web; stages: base"), "{}", error.message);
        assert!(error.message.contains(message), "{}", error.message);
        assert_eq!(source(error)["ranges"][0]["start"]["line"], 3);
    }
}

#[tokio::test]
async fn a_missing_path_is_shown_where_it_is_selected() {
    let manifest = "services:\n  api:\n    from: scratch\n    files: [api/, nothing/]\n";
    let build = build(script(manifest, &["api/main.py"]), &[]).await;
    let error = build.error();
    assert!(error.message.starts_with("layerset.yaml:4:19: no \"nothing\""), "{}", error.message);
    assert_eq!(source(error)["ranges"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unresolved_base_is_shown_where_it_is_named() {
    let manifest = "services:\n  api:\n    from: nowhere.test/image:1\n";
    let build = build(script(manifest, &[]), &[]).await;
    let error = build.error();
    assert!(error.message.starts_with("layerset.yaml:3:11: "), "{}", error.message);
    assert!(error.message.contains("nowhere.test/image:1: not found"), "{}", error.message);
}

#[tokio::test]
async fn all_bases_that_cannot_be_had_are_named() {
    let manifest = "services:\n  api:\n    from: nowhere.test/image:1\n    \
                    copy: [{from: nowhere.test/other:2, source: /x, target: /x}]\n";
    let build = build(script(manifest, &[]), &[]).await;
    let message = &build.error().message;
    for said in ["layerset.yaml:3:11: ", "nowhere.test/image:1", "layerset.yaml:4:", "nowhere.test/other:2"] {
        assert!(message.contains(said), "{message}");
    }
}

#[tokio::test]
async fn details_of_a_failed_solve_are_forwarded_as_they_are() {
    let detail = |url: &str, value: &[u8]| Any { type_url: url.into(), value: value.to_vec() };
    let inner = rpc::Status {
        code: 13,
        message: "process \"/bin/sh -c make\" did not complete successfully: exit code: 2".into(),
        details: vec![
            detail("github.com/moby/buildkit/errdefs.Solve+json", br#"{"inputIDs":["a"],"x":[1]}"#),
            detail("github.com/moby/buildkit/stack.Stack+json", b"\x00\xff not even JSON"),
        ],
    };
    let mut script = script("services:\n  api: {from: scratch, files: [api/]}\n", &["api/x"]);
    let sent = inner.clone();
    script.react = Box::new(move |call| {
        if !call.builds() {
            return Reaction::Answer;
        }
        let details = sent.encode_to_vec().into();
        Reaction::Fail(Status::with_details(Code::Internal, sent.message.clone(), details))
    });
    let build = build(script, &[]).await;
    assert_eq!(build.error().encode_to_vec(), inner.encode_to_vec());
}

#[tokio::test]
async fn a_failure_without_details_keeps_its_code_and_text() {
    let mut script = script("services:\n  api: {from: scratch, files: [api/]}\n", &["api/x"]);
    script.react = Box::new(|call| {
        if call.builds() {
            Reaction::Fail(Status::permission_denied("denied by policy"))
        } else {
            Reaction::Answer
        }
    });
    let build = build(script, &[]).await;
    let error = build.error();
    assert_eq!((error.code, error.message.as_str()), (7, "denied by policy"));
}

#[tokio::test]
async fn options_that_cannot_be_read_are_returned() {
    let build = serve(script("services: {}", &[]), Err("option platform: found \"x\"".into())).await;
    assert_eq!(build.error().message, "option platform: found \"x\"");
    assert_eq!(build.calls.len(), 2, "{:?}", build.calls);
}

#[tokio::test]
async fn every_vertex_of_the_manifest_has_its_place_in_it() {
    use sha2::Digest as _;

    let manifest = "\
stages:
  base: {from: 'python:3.13-slim', working_dir: /app, run: [echo base], files: [shared/]}
services:
  api: {from: base, files: [api/, {source: conf, target: /etc/app, mode: '0640'}], copy: [{from: base, source: /made, target: /made}]}
";
    let build = build(script(manifest, &["shared/x", "api/main.py", "conf/a"]), &["target=api"]).await;
    let image = build.image();
    let placed = image.source.as_ref().unwrap();
    let mut without = Vec::new();
    for bytes in &image.def[..image.def.len() - 1] {
        let digest = format!("sha256:{:x}", sha2::Sha256::digest(bytes));
        let name = image.metadata[&digest].description.get("llb.customname").cloned().unwrap_or_default();
        if placed.locations.get(&digest).is_none_or(|places| places.locations.is_empty()) {
            without.push(name);
        }
    }
    // The context is everybody's, so that it is asked for nowhere.
    assert_eq!(without, ["[internal] load build context"]);
}
