//! The shape of a result.

use buildkit_proto::gateway::result::Result as Refs;
use serde_json::{Value, json};

use crate::request::{Build, build, script};

const API: &str =
    "services:\n  api: {from: 'python:3.13-slim', files: [api/], labels: {a: manifest, b: manifest}}\n";

async fn with(options: &[&str]) -> Build {
    build(script(API, &["api/x"]), options).await
}

fn platforms(build: &Build) -> Value {
    serde_json::from_slice(&build.result().metadata["refs.platforms"]).unwrap()
}

#[tokio::test]
async fn one_platform_is_one_ref() {
    let build = with(&[]).await;
    let result = build.result();
    let Some(Refs::Ref(reference)) = &result.result else { panic!("{result:?}") };
    assert!(!reference.id.is_empty());
    let keys: Vec<_> = result.metadata.keys().collect();
    assert_eq!(keys, ["containerimage.base.config", "containerimage.config", "refs.platforms"]);
    let platform = json!({"os": "linux", "architecture": "amd64"});
    assert_eq!(platforms(&build), json!({"Platforms": [{"ID": "linux/amd64", "Platform": platform}]}));
}

#[tokio::test]
async fn several_platforms_are_refs_by_id() {
    let build =
        with(&["platform=linux/amd64,linux/arm64/v8,linux/arm/v6", "build-arg:SOURCE_DATE_EPOCH=7"]).await;
    let ids = ["linux/amd64", "linux/arm/v6", "linux/arm64"];
    let result = build.result();
    let Some(Refs::Refs(map)) = &result.result else { panic!("{result:?}") };
    assert_eq!(map.refs.keys().collect::<Vec<_>>(), ids);
    let mut distinct: Vec<_> = map.refs.values().map(|reference| &reference.id).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 3);
    let mut keys: Vec<String> = ids.iter().map(|id| format!("containerimage.base.config/{id}")).collect();
    keys.extend(ids.iter().map(|id| format!("containerimage.config/{id}")));
    keys.push("refs.platforms".into());
    // Exporters of older engines know this one alone.
    keys.push("source.date.epoch".into());
    keys.extend(ids.iter().map(|id| format!("source.date.epoch/{id}")));
    assert_eq!(result.metadata.keys().cloned().collect::<Vec<_>>(), keys);
    let platforms = platforms(&build);
    let listed: Vec<_> =
        platforms["Platforms"].as_array().unwrap().iter().map(|entry| &entry["ID"]).collect();
    assert_eq!(listed, ["linux/amd64", "linux/arm64", "linux/arm/v6"]);
    let arm: Value = serde_json::from_slice(&result.metadata["containerimage.config/linux/arm/v6"]).unwrap();
    assert_eq!((&arm["architecture"], &arm["variant"]), (&json!("arm"), &json!("v6")));
}

#[tokio::test]
async fn one_platform_is_an_index_if_asked_for() {
    let build = with(&["platform=linux/arm64", "multi-platform=true"]).await;
    let result = build.result();
    let Some(Refs::Refs(map)) = &result.result else { panic!("{result:?}") };
    assert_eq!(map.refs.keys().collect::<Vec<_>>(), ["linux/arm64"]);
    assert!(result.metadata.contains_key("containerimage.config/linux/arm64"));
}

#[tokio::test]
async fn labels_of_the_command_line_win() {
    let build = with(&["label:b=option", "label:c=option"]).await;
    let labels = json!({"a": "manifest", "b": "option", "c": "option"});
    assert_eq!(build.config()["config"]["Labels"], labels);
}

#[tokio::test]
async fn labels_are_in_no_op() {
    let plain = with(&[]).await.image();
    assert_eq!(with(&["label:b=option"]).await.image(), plain);
}

#[tokio::test]
async fn a_scratch_image_without_files_is_an_empty_ref() {
    let build = build(script("services:\n  api: {from: scratch}\n", &[]), &[]).await;
    let result = build.result();
    let Some(Refs::Ref(reference)) = &result.result else { panic!("{result:?}") };
    assert_eq!(reference.id, "");
    assert_eq!(build.image(), buildkit_proto::pb::Definition::default());
}
