//! As many targets as a large monorepo has, on one engine.

use std::fmt::Write as _;

use harness::Project;
use harness::project::unique;
use serde_json::Value;

use crate::support::{build, containerd, ok, progress, syntax};

/// A builder that is given all at once gives up on some, so that the file of `--call=bake` has parts.
#[test]
fn two_hundred_targets_are_baked_in_parts() {
    let engine = containerd();
    let project = Project::new("many").unwrap();
    let stamp = unique().unwrap();
    let mut manifest = syntax();
    writeln!(manifest, "stages:\n  base: {{from: 'busybox:1.37', run: [echo base {stamp}]}}\nservices:")
        .unwrap();
    for number in 0..200 {
        writeln!(manifest, "  s{number:03}: {{from: base, files: [shared/, own/{number:03}]}}").unwrap();
        project.write(&format!("own/{number:03}"), format!("{number} {stamp}\n")).unwrap();
    }
    project.write("shared/x", "x\n").unwrap();
    project.write("layerset.yaml", manifest).unwrap();
    let printed = ok(build(engine, &project).arg("--call=bake")).stdout;
    let file: Value = serde_json::from_str(&printed).unwrap();
    project.write("bake.json", printed).unwrap();
    let parts: Vec<&String> =
        file["group"].as_object().unwrap().keys().filter(|name| name.starts_with("part-")).collect();
    assert_eq!(parts.len(), 5);
    let (mut built, mut base) = (0, 0);
    for part in parts {
        let command = ["buildx", "bake", "--file=bake.json", "--set=*.output=type=cacheonly", part];
        let progress = progress(engine.docker(&command).current_dir(project.path()).traced());
        let done = progress.done();
        built += done.iter().filter(|name| name.contains("copy own/")).count();
        base += done.iter().filter(|name| name.contains("run echo base")).count();
    }
    assert_eq!((built, base), (200, 1));
}
