//! `--call=NAME`.

use serde_json::Value;

use crate::fake::Call;
use crate::request::{Build, build, script};

const MANIFEST: &str = "\
name: shop
stages:
  base: {from: 'python:3.13-slim', run: [{command: make, secrets: [token]}]}
services:
  api: {from: base, files: [api/]}
  web: {from: base, files: [web/]}
";

const FILES: [&str; 2] = ["api/x", "web/x"];

async fn call(name: &str) -> Build {
    // The bake file has to know where the manifest is.
    let places = ["vcs:localdir:context=.", "vcs:localdir:dockerfile=."];
    let request = format!("requestid=frontend.{name}");
    build(script(MANIFEST, &FILES), &[&request, "target=api", places[0], places[1]]).await
}

fn text(build: &Build, key: &str) -> String {
    String::from_utf8(build.result().metadata[key].clone()).unwrap()
}

#[tokio::test]
async fn every_call_answers_all_four() {
    let described = call("subrequests.describe").await;
    let listed: Value = serde_json::from_str(&text(&described, "result.json")).unwrap();
    let listed: Vec<&str> =
        listed.as_array().unwrap().iter().filter_map(|call| call["Name"].as_str()).collect();
    for known in
        ["outline", "targets", "lint", "plan", "bake", "llb", "lock", "schema", "subrequests.describe"]
    {
        assert!(listed.contains(&format!("frontend.{known}").as_str()), "{known} is not in {listed:?}");
    }
    // There is nothing to lock here, which is an error: see python.rs.
    for name in listed.into_iter().filter(|name| *name != "frontend.lock") {
        let build = call(name.strip_prefix("frontend.").unwrap()).await;
        let metadata = &build.result().metadata;
        let keys: Vec<_> = metadata.keys().collect();
        assert_eq!(keys, ["result.json", "result.statuscode", "result.txt", "version"], "{name}");
        let json: Value = serde_json::from_slice(&metadata["result.json"]).unwrap();
        assert!(json.is_object() || json.is_array(), "{name}: {json}");
        assert_eq!(text(&build, "result.statuscode"), "0", "{name}");
        assert_eq!(text(&build, "version").split('.').count(), 3, "{name}");
        assert!(!text(&build, "result.txt").is_empty(), "{name}");
        assert_eq!(build.result().result, None, "{name} builds something");
        assert!(!build.calls.iter().any(Call::builds), "{name} builds something");
    }
}

#[tokio::test]
async fn an_unknown_call_lists_the_known() {
    let build = call("subrequests.dance").await;
    let message = &build.error().message;
    for part in ["\"subrequests.dance\"", "outline", "targets", "lint", "plan", "bake", "llb", "schema"] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn targets_are_services_and_stages() {
    let json: Value = serde_json::from_str(&text(&call("targets").await, "result.json")).unwrap();
    let names: Vec<_> = json["targets"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["api", "web", "base"]);
}

#[tokio::test]
async fn the_outline_names_what_steps_ask_for() {
    let json: Value = serde_json::from_str(&text(&call("outline").await, "result.json")).unwrap();
    assert_eq!(json["name"], "api");
    assert_eq!(json["secrets"][0]["name"], "token");
}

#[tokio::test]
async fn a_check_that_finds_something_says_so_in_its_status() {
    let broken = "services:\n  api: {from: scratch, fils: []}\n";
    for (manifest, files) in [(broken, &[][..]), (MANIFEST, &["api/x"])] {
        let build = build(script(manifest, files), &["requestid=frontend.lint"]).await;
        assert_eq!(text(&build, "result.statuscode"), "1");
        let json: Value = serde_json::from_str(&text(&build, "result.json")).unwrap();
        let place = &json["buildError"]["location"]["ranges"][0]["start"]["line"];
        assert!(place.is_u64(), "{json}");
        assert!(text(&build, "result.txt").contains("layerset.yaml:"));
    }
}
