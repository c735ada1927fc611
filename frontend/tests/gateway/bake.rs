//! `--call=bake`: what the file is told of the call.

use serde_json::{Value, json};

use crate::fake::{Call, Files, Script};
use crate::request::{Build, build, script};

const MANIFEST: &str = "\
args: {TAG: '1', HTTP_PROXY: ''}
stages:
  base: {from: 'python:3.13-slim', args: {no_proxy: ''}, run: ['echo ${no_proxy}']}
services:
  api: {from: base, files: [api/], labels: {proxy: '${HTTP_PROXY}', tag: '${TAG}'}}
  web: {from: base, files: [web/]}
";

/// A shop whose manifest is right in its context, and of whose directories the client tells nothing.
fn shop() -> Script {
    let mut script = script(MANIFEST, &["api/x", "web/x"]);
    put_into_context(&mut script, "layerset.yaml", MANIFEST);
    script
}

fn put_into_context(script: &mut Script, path: &str, text: &str) {
    script.locals.get_mut("context").unwrap().insert(path.into(), text.into());
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

/// Reads of the manifest, wherever it is looked for.
fn reads(build: &Build) -> usize {
    let is_read = |call: &&Call| matches!(call, Call::ReadFile(read) if read.file_path == "layerset.yaml");
    build.calls.iter().filter(is_read).count()
}

#[tokio::test]
async fn a_manifest_that_is_not_in_the_context_has_no_place() {
    let told = "found no place of the manifest \"layerset.yaml\", expected it right in the build context, or in one git \
        repository with it; layerset bake -f FILE CONTEXT writes the file without an engine";
    let elsewhere = || script(MANIFEST, &["api/x", "web/x"]);
    assert_eq!(call(elsewhere(), &[]).await.error().message, told);
    // Another one of that name would be built in its stead.
    let mut other = elsewhere();
    put_into_context(&mut other, "layerset.yaml", &format!("{MANIFEST}\n"));
    assert_eq!(call(other, &[]).await.error().message, told);
    // One place alone does not help.
    assert_eq!(call(elsewhere(), &["vcs:localdir:context=."]).await.error().message, told);

    let known = ["vcs:localdir:context=.", "vcs:localdir:dockerfile=deploy"];
    let build = call(elsewhere(), &known).await;
    assert_eq!(printed(&build)["target"]["api"]["dockerfile"], "deploy/layerset.yaml");
    assert_eq!(reads(&build), 1, "it is not looked for where it is known");
}

#[tokio::test]
async fn only_the_call_looks_where_the_manifest_is() {
    assert_eq!(reads(&call(shop(), &[]).await), 2);
    assert_eq!(reads(&build(shop(), &["target=api"]).await), 1);
}

#[tokio::test]
async fn a_remote_context_has_its_manifest_or_is_refused() {
    let git = "context=https://git.test/r.git#v1";
    let fetched = |manifest: &str| {
        let answers: Files =
            [("layerset.yaml".to_owned(), manifest.into()), ("api/x".into(), b"x".to_vec())].into();
        let mut script = script(MANIFEST, &[]);
        script.answers = answers;
        script
    };
    let json = printed(&call(fetched(MANIFEST), &[git]).await);
    let api = &json["target"]["api"];
    assert_eq!(
        (&api["context"], &api["dockerfile"]),
        (&"https://git.test/r.git#v1".into(), &"layerset.yaml".into())
    );
    // The client's own manifest for it: bake looks for it there.
    let own = [git, "dockerfilekey=dockerfile", "vcs:localdir:dockerfile=deploy"];
    let refused = call(fetched("services: {}\n"), &own).await;
    assert!(refused.error().message.starts_with("found no place of the manifest"), "{:?}", refused.error());
    printed(&call(fetched(MANIFEST), &own).await);
}
