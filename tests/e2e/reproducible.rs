//! The same files are the same layers, whoever builds them and whenever.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use harness::project::unique;
use harness::registry::Image;
use harness::{Engine, Project};
use serde_json::Value;

use crate::python_support::{Shelf, service};
use crate::support::{build, containerd, inspect, progress, pushed, syntax, touch};

fn checkout(stamp: &str, time: &str) -> Project {
    let project = Project::new("checkout").unwrap();
    let manifest = syntax()
        + "services:\n  app:\n    from: busybox:1.37\n    files:\n      - common/\n      - {source: app, target: /srv/app}\n      \
           - {source: etc, target: /etc/app, include: ['**/*.conf'], owner: '7:8', mode: '0640'}\n    \
           command: [cat, /common/a.txt]\n  bare:\n    from: scratch\n    files: [bare/]\n";
    project.write("layerset.yaml", manifest).unwrap();
    for (path, content) in [
        ("common/a.txt", stamp),
        ("bare/a.txt", stamp),
        ("common/deep/er/b.txt", "b"),
        ("app/tool.sh", "#!/bin/sh\n"),
        ("etc/x/one.conf", "one"),
        ("etc/two.conf", "two"),
        ("etc/three.txt", "not wanted"),
    ] {
        project.write(path, content).unwrap();
    }
    fs::set_permissions(project.path().join("app/tool.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("a.txt", project.path().join("common/link")).unwrap();
    touch(project.path(), time);
    project
}

fn built(engine: &Engine, project: &Project, target: &str, tag: &str) -> Image {
    let name = format!("{}:{tag}", engine.registry().name("reproducible/app"));
    let build = build(engine, project).arg(format!("--target={target}")).args(&["--push", "--tag", &name]);
    let progress = progress(build.arg("--provenance=false"));
    assert!(!progress.done().is_empty(), "this engine has never built it: {progress:?}");
    pushed(engine, &format!("reproducible/app:{tag}"))
}

#[test]
fn two_engines_make_the_same_image_of_two_checkouts() {
    let (engine, second) = (containerd(), Engine::second().unwrap().with_frontend().unwrap());
    let stamp = unique().unwrap();
    let (one, two) = (checkout(&stamp, "2001-02-03 04:05:06"), checkout(&stamp, "2021-12-11 10:09:08"));
    for target in ["app", "bare"] {
        let here = built(engine, &one, target, &format!("{stamp}-{target}-here"));
        let there = built(second, &two, target, &format!("{stamp}-{target}-there"));
        assert_eq!(here.layers, there.layers);
        assert_eq!(here.root, there.root, "the very same image");
    }
}

/// What commands write has the time of the build: the exporter sets it back, and leaves the base's own layers alone.
#[test]
fn two_engines_make_the_same_image_of_commands_and_packages() {
    let (engine, second) = (containerd(), Engine::second().unwrap().with_frontend().unwrap());
    let mut shelf = Shelf::new(engine);
    shelf.add("one", "1.0", 1000);
    shelf.project.write("requirements.txt", "one\n").unwrap().write("a.txt", &shelf.tag).unwrap();
    let stages = format!(
        "stages:\n  base: {{from: 'python:3.13-slim', run: ['mkdir /made && echo {} > /made/word']}}\n",
        shelf.tag
    );
    let rest = "from: base, requirements: [requirements.txt], files: [a.txt]";
    shelf.manifest("", &stages, &[service("api", rest)]);
    shelf.lock();
    let text = fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    shelf.project.write("layerset.yaml", text.replace("python: {", "python: {lock: pylock.toml, ")).unwrap();
    let [here, there] = [(engine, "here"), (second, "there")].map(|(engine, place)| {
        let file = shelf.project.path().join(format!("{place}.tar"));
        // Docker's own store unpacks every image, which the exporter cannot do with one that it has rewritten.
        let output = format!("--output=type=oci,dest={},rewrite-timestamp=true", file.display());
        let build = build(engine, &shelf.project).args(&["--provenance=false", &output]);
        assert!(!progress(build.env("SOURCE_DATE_EPOCH", "1700000000")).done().is_empty());
        harness::tree::read(&fs::read(file).unwrap()).unwrap()
    });
    let json = |path: &str| -> Value { serde_json::from_slice(&here[path].content).unwrap() };
    let blob = |digest: &Value| json(&format!("blobs/{}", digest.as_str().unwrap().replace(':', "/")));
    let index = json("index.json");
    let digest = &index["manifests"][0]["digest"];
    let other: Value = serde_json::from_slice(&there["index.json"].content).unwrap();
    assert_eq!(*digest, other["manifests"][0]["digest"], "the very same image");
    let config = blob(&blob(digest)["config"]["digest"]);
    let base = inspect(engine, "python:3.13-slim");
    let base = base["RootFS"]["Layers"].as_array().unwrap();
    assert_eq!(
        config["rootfs"]["diff_ids"].as_array().unwrap()[..base.len()],
        base[..],
        "layers of the base stay"
    );
}
