//! `--call`: BuildKit's own as buildx prints them, and ours.

use harness::{Output, Project};
use serde_json::Value;

use crate::command_line::layerset;
use crate::support::{bake, build, containerd, example, ok, progress, syntax};
use crate::yaml;

/// All that a call may be asked about.
const MANIFEST: &str = "\
name: shop
args: {BUSYBOX: \"1.37\", MODE: }
stages:
  base:
    from: busybox:${BUSYBOX}
  page:
    from: base
    run:
      - command: [sh, -c, 'cat /run/secrets/motto > /page']
        secrets: [motto, {id: extra, required: false}]
        cache: [{target: /cache, id: pages}]
services:
  web:
    from: base
    files: [common/]
    copy: [{from: page, source: /page}]
    image: registry.example.com/shop/web:1
    platforms: [linux/amd64]
  api.v1: {from: base, files: [common/, api/], annotations: {org.example.team: a}, labels: {mode: '${MODE:-none}'}}
";

fn shop() -> Project {
    let project = Project::new("calls").unwrap();
    project.write("layerset.yaml", syntax() + MANIFEST).unwrap();
    project.write("common/a.txt", "a\n").unwrap().write("api/b.txt", "b\n").unwrap();
    project
}

fn call(project: &Project, name: &str, more: &[&str]) -> Output {
    ok(build(containerd(), project).arg(format!("--call={name}")).args(more))
}

fn json(project: &Project, name: &str, more: &[&str]) -> Value {
    serde_json::from_str(&call(project, &format!("{name},format=json"), more).stdout).unwrap()
}

/// The columns of a printed table, without its spaces.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|row: &Vec<_>| !row.is_empty())
        .collect()
}

#[test]
fn targets_are_services_and_stages() {
    let project = shop();
    let text = call(&project, "targets", &[]).stdout;
    let expected = [
        ["TARGET", "DESCRIPTION"],
        ["api.v1", "service"],
        ["web", "service"],
        ["base", "stage"],
        ["page", "stage"],
    ];
    assert_eq!(rows(&text), expected);
    let json = json(&project, "targets", &[]);
    let names: Vec<_> = json["targets"].as_array().unwrap().iter().map(|target| &target["name"]).collect();
    assert_eq!(names, ["api.v1", "web", "base", "page"]);
    assert_eq!(json["targets"][0]["location"]["ranges"][0]["start"]["line"], 20, "{json}");
}

#[test]
fn the_outline_is_what_a_target_can_be_given() {
    let project = shop();
    let text = call(&project, "outline", &["--target=web"]).stdout;
    let rows = rows(&text);
    for row in [&["TARGET:", "web"][..], &["BUSYBOX", "1.37"], &["motto", "true"], &["extra"]] {
        assert!(rows.contains(&row.to_vec()), "{row:?} in {text}");
    }
    let json = json(&project, "outline", &["--target=web"]);
    assert_eq!(json["name"], "web");
    assert_eq!(json["secrets"].as_array().unwrap().len(), 2);
    assert_eq!(json["cache"][0]["ID"], "pages");
    // What another target needs is not asked for.
    let text = call(&project, "outline", &["--target=api.v1"]).stdout;
    assert!(!text.contains("motto"), "{text}");
}

#[test]
fn check_finds_nothing_in_a_good_manifest() {
    let project = shop();
    let text = call(&project, "check", &[]).stdout;
    assert_eq!(text.trim(), "Check complete, no warnings found.");
    let json = json(&project, "check", &[]);
    assert!(json["warnings"].as_array().is_none_or(Vec::is_empty) && json["buildError"].is_null(), "{json}");
}

#[test]
fn describe_lists_every_call_there_is() {
    let project = shop();
    let text = call(&project, "subrequests.describe", &[]).stdout;
    let names: Vec<_> = rows(&text).iter().skip(1).map(|row| row[0].to_owned()).collect();
    let ours = [
        "outline",
        "targets",
        "lint",
        "plan",
        "bake",
        "llb",
        "llb.dot",
        "lock",
        "schema",
        "subrequests.describe",
    ];
    assert_eq!(names, ours);
}

#[test]
fn the_plan_shows_what_is_shared() {
    let project = shop();
    let text = call(&project, "plan", &[]).stdout;
    let both = rows(&text).into_iter().find(|row| row.contains(&"common")).unwrap().join(" ");
    assert!(both.ends_with("all 2 common"), "{text}");
    let json = json(&project, "plan", &[]);
    let layers = json["layers"].as_array().unwrap();
    let common = layers.iter().find(|layer| layer["parts"][0]["source"] == "/common").unwrap();
    assert_eq!(common["consumers"], serde_json::json!(["service api.v1", "service web"]), "{json}");
    let images = json["images"].as_object().unwrap();
    assert_eq!(images.keys().collect::<Vec<_>>(), ["api.v1", "web"], "{json}");
    let local = layerset(&["plan"], project.path()).checked().unwrap();
    for name in ["api.v1", "web", "common", "api"] {
        assert!(local.stdout.contains(name), "{local:?}");
    }
}

#[test]
fn bake_takes_what_the_call_prints() {
    let project = shop();
    let engine = containerd();
    let printed = ok(bake(engine, &project).arg("--print").env("BUILDKIT_PROGRESS", "plain")).stdout;
    let read: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(read["group"]["default"]["targets"], serde_json::json!(["api_v1", "web"]));
    let web = &read["target"]["web"];
    assert_eq!(web["tags"], serde_json::json!(["registry.example.com/shop/web:1"]));
    assert_eq!(web["platforms"], serde_json::json!(["linux/amd64"]));
    assert_eq!(web["target"], "web");
    assert!(
        web["secret"].to_string().contains("motto") && !web["secret"].to_string().contains("extra"),
        "{web}"
    );
    let api = &read["target"]["api_v1"];
    assert_eq!(api["target"], "api.v1");
    assert_eq!(api["tags"], serde_json::json!(["shop-api.v1"]));
    assert!(api["annotations"].to_string().contains("org.example.team"), "{api}");

    // The command line prints the same.
    let local = layerset(&["bake"], project.path()).checked().unwrap().stdout;
    assert_eq!(serde_json::from_str::<Value>(&local).unwrap(), called(&project));
    // And it builds: the manifest's name of a service may have dots, bake's may not.
    ok(engine.docker(&["buildx", "bake", "--file=bake.json", "api_v1"]).current_dir(project.path()));
}

#[test]
fn a_manifest_without_a_syntax_line_is_baked_by_what_was_called_for_it() {
    let project = shop();
    let engine = containerd();
    project.write("layerset.yaml", MANIFEST).unwrap();
    let argument = format!("--build-arg=BUILDKIT_SYNTAX={}", harness::frontend::FRONTEND);
    let printed = ok(build(engine, &project).args(&["--call=bake", &argument])).stdout;
    project.write("bake.json", printed).unwrap();
    assert_eq!(called(&project)["target"]["web"]["args"]["BUILDKIT_SYNTAX"], harness::frontend::FRONTEND);
    let command = ["buildx", "bake", "--file=bake.json", "--set=*.output=type=cacheonly", "api_v1"];
    let baked = progress(engine.docker(&command).current_dir(project.path()).traced());
    assert!(baked.steps().iter().any(|(name, _)| name.contains("copy api")), "{baked:?}");
}

fn called(project: &Project) -> Value {
    serde_json::from_str(&std::fs::read_to_string(project.path().join("bake.json")).unwrap()).unwrap()
}

#[test]
fn the_graph_is_text_json_and_a_drawing() {
    let project = shop();
    let text = call(&project, "llb", &["--target=web"]).stdout;
    for part in
        ["docker.io/library/busybox:1.37@sha256:", "local.includepattern", "cat /run/secrets/motto", "merge"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("[api.v1]"), "only what the target needs: {text}");
    let json = json(&project, "llb", &["--target=web"]);
    let kinds: Vec<_> =
        json["ops"].as_array().unwrap().iter().map(|op| op["kind"].as_str().unwrap()).collect();
    for kind in ["image", "local", "file", "exec", "merge"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    let dot = call(&project, "llb.dot", &["--target=web"]).stdout;
    assert!(dot.starts_with("digraph") && dot.matches(" -> ").count() > 5, "{dot}");
}

#[test]
fn the_schema_knows_manifests() {
    let project = shop();
    let schema: Value = serde_json::from_str(&call(&project, "schema", &[]).stdout).unwrap();
    let local = layerset(&["schema"], project.path()).checked().unwrap().stdout;
    assert_eq!(schema, serde_json::from_str::<Value>(&local).unwrap());

    let mut compiler = boon::Compiler::new();
    compiler.add_resource("layerset.schema.json", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let known = compiler.compile("layerset.schema.json", &mut schemas).unwrap();
    let hello = std::fs::read_to_string(example("hello").path().join("layerset.yaml")).unwrap();
    for good in [hello.as_str(), MANIFEST] {
        let manifest = yaml::to_json(good);
        assert!(manifest["services"]["web"].is_object(), "{manifest}");
        schemas.validate(&manifest, known).map_err(|error| format!("{error:#}")).unwrap();
    }
    for bad in [
        "services: {api: {from: 'busybox:1', file: [a]}}",
        "services: {api: {from: [a]}}",
        "services: [api]",
        "service: {api: {from: 'busybox:1'}}",
        "services: {api: {from: 'busybox:1', healthcheck: {intervall: 3s}}}",
    ] {
        assert!(schemas.validate(&yaml::to_json(bad), known).is_err(), "{bad}");
    }
}
