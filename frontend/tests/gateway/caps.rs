//! What the engine lacks is not asked of it.

use buildkit_proto::pb;

use crate::fake::{Call, Script, ops};
use crate::request::{DIGEST, build, kinds, script};

/// One layer of its own and one shared.
const TWO_LAYERS: &str = "\
services:
  api: {from: 'python:3.13-slim', files: [api/, common/]}
  web: {from: 'python:3.13-slim', files: [common/]}
";

fn two_layers() -> Script {
    script(TWO_LAYERS, &["api/main.py", "common/x.py"])
}

#[tokio::test]
async fn layers_are_merged() {
    let build = build(two_layers(), &["target=api"]).await;
    assert!(matches!(build.calls[0], Call::Ping));
    let kinds = kinds(&build.image());
    assert_eq!(kinds.iter().filter(|kind| **kind == "merge").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "file").count(), 2, "{kinds:?}");
}

#[tokio::test]
async fn without_merges_layers_are_copied_one_upon_the_other() {
    let mut script = two_layers();
    script.llb_caps.retain(|cap| *cap != "mergeop");
    let build = build(script, &["target=api"]).await;
    let definition = build.image();
    let listing = buildkit_llb::listing::Listing::of(&definition).unwrap();
    assert!(!listing.ops.iter().any(|op| op.kind == "merge"));
    assert!(!definition.metadata.values().any(|op| op.caps.contains_key("mergeop")));
    // The result is a copy upon a copy upon the base.
    let mut place = listing.head.unwrap().op;
    let mut chain = Vec::new();
    loop {
        chain.push(listing.ops[place].kind);
        match listing.ops[place].inputs.first() {
            Some(below) => place = below.op,
            None => break,
        }
    }
    assert_eq!(chain, ["file", "file", "image"]);
}

#[tokio::test]
async fn images_are_resolved_and_pinned() {
    let build = build(two_layers(), &["target=api", "image-resolve-mode=pull"]).await;
    let asked = build.calls.iter().find_map(|call| match call {
        Call::ResolveSourceMeta(request) => Some(request),
        _ => None,
    });
    let asked = asked.unwrap();
    assert_eq!(asked.resolve_mode, "pull");
    assert_eq!(asked.platform.as_ref().unwrap().architecture, "amd64");
    assert!(!build.calls.iter().any(|call| matches!(call, Call::ResolveImageConfig(_))));
    assert_eq!(image(&build.image()), format!("docker.io/library/python:3.13-slim@{DIGEST}"));
}

#[tokio::test]
async fn an_older_engine_resolves_configurations() {
    let mut script = two_layers();
    script.frontend_caps.retain(|cap| *cap != "source.metaresolver");
    let build = build(script, &["target=api"]).await;
    let asked = build.calls.iter().find_map(|call| match call {
        Call::ResolveImageConfig(request) => Some(request),
        _ => None,
    });
    assert_eq!(asked.unwrap().r#ref, "docker.io/library/python:3.13-slim");
    assert!(!build.calls.iter().any(|call| matches!(call, Call::ResolveSourceMeta(_))));
    assert_eq!(image(&build.image()), format!("docker.io/library/python:3.13-slim@{DIGEST}"));
    assert_eq!(build.config()["config"]["Env"][0], "PATH=/bin");
}

#[tokio::test]
async fn an_older_engine_resolves_layouts_too() {
    let mut script = two_layers();
    script.frontend_caps.retain(|cap| *cap != "source.metaresolver");
    let image = script.images.values().next().unwrap().clone();
    let reference = format!("docker.io/library/python@{DIGEST}");
    script.images.insert(reference.clone(), image);
    let layout = format!("context:python:3.13-slim=oci-layout://base@{DIGEST}");
    let build = build(script, &["target=api", &layout]).await;
    let asked = build.calls.iter().find_map(|call| match call {
        Call::ResolveImageConfig(request) => Some(request),
        _ => None,
    });
    let asked = asked.unwrap();
    assert_eq!((&asked.r#ref, asked.resolver_type), (&reference, 1));
    assert!(!asked.session_id.is_empty(), "{asked:?}");
    let identifiers = ops(&build.image()).into_iter().filter_map(|op| match op.op {
        Some(pb::op::Op::Source(source)) => Some(source.identifier),
        _ => None,
    });
    let identifiers: Vec<String> = identifiers.collect();
    assert!(identifiers.contains(&format!("oci-layout://{reference}")), "{identifiers:?}");
}

#[tokio::test]
async fn what_a_policy_puts_in_an_images_place_is_used() {
    for resolver in ["source.metaresolver", "resolveimage"] {
        let mut script = two_layers();
        script.frontend_caps = vec![resolver];
        script.images.values_mut().next().unwrap().rewritten = Some("mirror.test/python:3.13-slim".into());
        let build = build(script, &["target=api"]).await;
        assert_eq!(image(&build.image()), format!("mirror.test/python:3.13-slim@{DIGEST}"));
    }
}

#[tokio::test]
async fn an_engine_without_symbolic_modes_gets_bits() {
    let manifest = "services:\n  api: {from: scratch, files: [{source: conf, mode: '0644'}]}\n";
    let full = script(manifest, &["conf/a"]);
    assert_eq!(mode(&build(full, &[]).await.image()), (0, "u=rXw,g=rX,o=rX".to_owned()));
    let mut less = script(manifest, &["conf/a"]);
    less.llb_caps.retain(|cap| *cap != "file.copy.modestring");
    assert_eq!(mode(&build(less, &[]).await.image()), (0o755, String::new()));
}

/// The mode of the copy that comes from the context, as a number and in words.
fn mode(definition: &pb::Definition) -> (i32, String) {
    let actions = ops(definition).into_iter().filter_map(|op| match op.op {
        Some(pb::op::Op::File(file)) => Some(file.actions),
        _ => None,
    });
    let mut copies = actions.flatten().filter_map(|action| match action.action {
        Some(pb::file_action::Action::Copy(copy)) => Some((copy.mode, copy.mode_str)),
        _ => None,
    });
    copies.next().unwrap()
}

fn image(definition: &pb::Definition) -> String {
    let ops = buildkit_llb::listing::Listing::of(definition).unwrap().ops;
    ops.into_iter().find(|op| op.kind == "image").unwrap().summary
}
