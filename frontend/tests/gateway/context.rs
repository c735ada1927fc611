//! The build context: one op, the same for whatever is built.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use buildkit_proto::pb;

use crate::fake::Call;
use crate::request::{build, locals, script};

/// A manifest of 22 services on a stage, with one selection each and one of all.
fn services() -> (String, Vec<String>) {
    let mut text = String::from("stages:\n  base: {from: 'python:3.13-slim', files: [tools/]}\nservices:\n");
    let mut files = vec!["common/x".to_owned(), "tools/x".to_owned()];
    for number in 0..22 {
        let _ = writeln!(text, "  s{number}: {{from: base, files: [common/, services/s{number}/]}}");
        files.push(format!("services/s{number}/x"));
    }
    (text, files)
}

#[tokio::test]
async fn only_what_the_target_selects_is_looked_for() {
    let (manifest, files) = services();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let build = build(script(&manifest, &files), &["target=s3"]).await;
    build.result();
    let asked = build.calls.iter().filter_map(|call| match call {
        Call::StatFile(request) => Some(request.path.as_str()),
        _ => None,
    });
    let asked: BTreeSet<&str> = asked.collect();
    assert_eq!(asked, BTreeSet::from(["common", "services/s3", "tools"]));
}

/// The bytes of the context's op.
fn bytes(definition: &pb::Definition) -> Vec<u8> {
    use prost::Message as _;
    let is_context = |bytes: &&Vec<u8>| match pb::Op::decode(&bytes[..]).unwrap().op {
        Some(pb::op::Op::Source(source)) => source.identifier == "local://context",
        _ => false,
    };
    let found: Vec<_> = definition.def.iter().filter(is_context).collect();
    assert_eq!(found.len(), 1, "one op of the context");
    found[0].clone()
}

#[tokio::test]
async fn one_op_serves_every_target_and_every_look_into_it() {
    let (manifest, files) = services();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut seen = BTreeSet::new();
    for target in (0..22).map(|number| format!("s{number}")).chain(["base".to_owned()]) {
        let options = [format!("target={target}"), "local-sessionid:context=shared".to_owned()];
        let build = build(script(&manifest, &files), &options.each_ref().map(String::as_str)).await;
        build.result();
        seen.insert(bytes(&build.image()));
        // The look for missing paths is in the same transfer.
        let looked = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
        let context = |definition: &&pb::Definition| {
            locals(definition, "context").iter().any(|local| !local.attrs.contains_key("local.followpaths"))
        };
        seen.extend(looked.filter(context).map(bytes));
    }
    assert_eq!(seen.len(), 1, "{} different ops", seen.len());
}

#[tokio::test]
async fn it_comes_from_the_session_that_bake_names() {
    let manifest = "services:\n  api: {from: scratch, files: [b/, a/, a/deeper]}\n";
    let files = ["a/deeper", "b/x"];
    for (options, session) in [(&["local-sessionid:context=shared"][..], "shared"), (&[], "session")] {
        let build = build(script(manifest, &files), options).await;
        let image = build.image();
        let [context] = &locals(&image, "context")[..] else { panic!("{:?}", locals(&image, "context")) };
        assert_eq!(context.attrs["local.session"], session);
        assert_eq!(context.attrs["local.includepattern"], r#"["a","b"]"#);
        // The manifest stays in the build's own.
        let manifests = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
        let manifests: Vec<_> = manifests.flat_map(|definition| locals(definition, "dockerfile")).collect();
        assert!(!manifests.is_empty());
        assert!(manifests.iter().all(|local| local.attrs["local.session"] == "session"));
    }
}

#[tokio::test]
async fn a_target_without_files_sends_nothing() {
    let manifest = "services:\n  api: {from: 'python:3.13-slim'}\n  web: {from: scratch, files: [web/]}\n";
    let build = build(script(manifest, &["web/x"]), &["target=api"]).await;
    build.result();
    let sent = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
    let sent: Vec<_> = sent.flat_map(|definition| locals(definition, "context")).collect();
    // But for the .dockerignore, which is a file.
    assert!(sent.iter().all(|local| local.attrs.contains_key("local.followpaths")), "{sent:?}");
}
