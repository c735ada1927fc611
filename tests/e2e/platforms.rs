//! Images for other platforms than the engine's own.

use harness::Project;
use harness::project::unique;
use harness::tree::{self, gunzip};
use serde_json::Value;

use crate::support::{build, containerd, ok, pushed, syntax};

/// Pushes the service for these platforms, and the same of a Dockerfile; returns what the service's tag names, and the tag.
fn build_for(platforms: &str) -> (Value, String) {
    let engine = containerd();
    let project = Project::new("platforms").unwrap();
    let manifest =
        syntax() + "services:\n  files:\n    from: scratch\n    files: [data/]\n    command: [/data/run]\n";
    let stamp = unique().unwrap();
    project.write("layerset.yaml", manifest).unwrap().write("data/stamp", &stamp).unwrap();
    let name = format!("{}:{stamp}", engine.registry().name("platforms/files"));
    let flags = ["--push", "--provenance=false", "--platform", platforms, "--tag"];
    ok(build(engine, &project).args(&flags).arg(&name));
    project.write("Dockerfile", "FROM scratch\nCOPY data/ /data/\nCMD [\"/data/run\"]\n").unwrap();
    let dockerfile =
        engine.docker(&["buildx", "build", "--file=Dockerfile", "."]).current_dir(project.path());
    ok(dockerfile.args(&flags).arg(format!("{name}-dockerfile")));
    (pushed(engine, &format!("platforms/files:{stamp}")).root, stamp)
}

/// Checks the image of an architecture by its manifest's digest.
fn check(reference: &str, architecture: &str, stamp: &str) {
    let engine = containerd();
    let image = pushed(engine, reference);
    assert_eq!(image.config["os"], "linux");
    assert_eq!(image.config["architecture"], architecture);
    assert!(image.config["variant"].is_null(), "{}", image.config);
    assert_eq!(image.config["config"]["Cmd"][0], "/data/run");
    assert_eq!(image.layers.len(), 1);
    let blob = engine.registry().blob("platforms/files", &image.layers[0].digest).unwrap();
    let tree = tree::read(&gunzip(&blob).unwrap()).unwrap();
    assert_eq!(tree["data/stamp"].content, stamp.as_bytes());
}

#[test]
fn another_platform_is_in_the_configuration() {
    let (root, stamp) = build_for("linux/arm64");
    assert!(root["manifests"].is_null(), "one platform and no attestation are no index: {root}");
    check(&format!("platforms/files:{stamp}"), "arm64", &stamp);
    let [ours, theirs] = ["", "-dockerfile"].map(|side| {
        let image = pushed(containerd(), &format!("platforms/files:{stamp}{side}"));
        let of = |key: &str| image.config[key].clone();
        (
            of("os"),
            of("architecture"),
            of("variant"),
            of("config")["Cmd"].clone(),
            image.root["manifests"].is_null(),
        )
    });
    assert_eq!(ours, theirs, "as the Dockerfile's");
}

#[test]
fn two_platforms_are_an_index() {
    let (root, stamp) = build_for("linux/amd64,linux/arm64");
    let entries = root["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "{root}");
    let mut layers = Vec::new();
    for (entry, architecture) in entries.iter().zip(["amd64", "arm64"]) {
        assert_eq!(entry["platform"]["os"], "linux");
        assert_eq!(entry["platform"]["architecture"], architecture);
        let reference = format!("platforms/files@{}", entry["digest"].as_str().unwrap());
        check(&reference, architecture, &stamp);
        layers.push(pushed(containerd(), &reference).layers);
    }
    assert_eq!(layers[0], layers[1], "files are of no platform: the same blob");
}
