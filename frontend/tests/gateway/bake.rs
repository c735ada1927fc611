//! `--call=bake`: what the file is told of the call.

use serde_json::{Value, json};

use crate::fake::Script;
use crate::request::{Build, build, script};

const MANIFEST: &str = "\
args: {TAG: '1', HTTP_PROXY: ''}
stages:
  base: {from: 'python:3.13-slim', args: {no_proxy: ''}, run: ['echo ${no_proxy}']}
services:
  api: {from: base, files: [api/], labels: {proxy: '${HTTP_PROXY}', tag: '${TAG}'}}
  web: {from: base, files: [web/]}
";

fn shop() -> Script {
    script(MANIFEST, &["api/x", "web/x"])
}

async fn call(script: Script, options: &[&str]) -> Build {
    build(script, &[options, &["requestid=frontend.bake"]].concat()).await
}

/// The file that is printed.
fn printed(build: &Build) -> Value {
    serde_json::from_slice(&build.result().metadata["result.json"]).unwrap()
}

#[tokio::test]
async fn it_names_the_manifest_and_each_service() {
    let json = printed(&call(shop(), &["target=api"]).await);
    let api = &json["target"]["api"];
    assert_eq!((&api["dockerfile"], &api["target"]), (&"layerset.yaml".into(), &"api".into()));
    assert_eq!(json["group"]["default"]["targets"], json!(["api", "web"]));
}

#[tokio::test]
async fn proxies_of_the_machine_stay_there() {
    let proxy = "http://me:secret@proxy.test:3128";
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "TAG"];
    let options = names.map(|name| format!("build-arg:{name}={proxy}"));
    let json = printed(&call(shop(), &options.each_ref().map(String::as_str)).await);
    // What the manifest or a stage of it declares is meant.
    let expected = json!({"HTTP_PROXY": proxy, "no_proxy": proxy, "TAG": proxy});
    assert_eq!(json["target"]["api"]["args"], expected);
}
