//! Python packages for several platforms on an engine that emulates none: the base for the other one has no programs
//! at all, so whatever had run there would have failed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;

use harness::registry::Blob;
use harness::tree::{self, gunzip};
use harness::{Engine, Wheel};
use serde_json::Value;

use crate::python_support::{Shelf, service};
use crate::support::{bake, build, containerd, ok, pushed};

const PLATFORMS: &str = "platforms: [linux/amd64, linux/arm64]";

/// A Python for amd64 whose image for arm64 is a directory.
fn python(shelf: &Shelf) -> String {
    let name = shelf.engine.registry().name(&format!("python/base:{}", shelf.tag));
    let dockerfile = "FROM --platform=linux/amd64 python:3.13-slim AS amd64\nFROM scratch AS arm64\n\
         ENV PATH=/usr/local/bin:/usr/bin\nCOPY arm64 /\nFROM ${TARGETARCH}\n";
    shelf.project.write("base.Dockerfile", dockerfile).unwrap();
    // A program that no kernel runs.
    shelf.project.write("arm64/usr/bin/python3", [0x7f, b'E', b'L', b'F', 0]).unwrap();
    shelf.project.write("arm64/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n").unwrap();
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(shelf.project.path().join("arm64/usr/bin/python3"), mode).unwrap();
    let build = shelf.engine.docker(&["buildx", "build", "--file=base.Dockerfile", "."]);
    let platforms = "--platform=linux/amd64,linux/arm64";
    ok(build.current_dir(shelf.project.path()).args(&[
        "--push",
        "--provenance=false",
        platforms,
        "--tag",
        &name,
    ]));
    name
}

/// The layers and the files of a service's image for an architecture.
fn image(shelf: &Shelf, service: &str, architecture: &str) -> (Vec<Blob>, BTreeMap<String, Vec<u8>>) {
    let engine: &Engine = shelf.engine;
    let root = engine.registry().root(&format!("python/{service}:{}", shelf.tag)).unwrap();
    let entries = root["manifests"].as_array().unwrap_or_else(|| panic!("no index: {root}"));
    let entry = entries.iter().find(|entry| entry["platform"]["architecture"] == architecture).unwrap();
    let digest = entry["digest"].as_str().unwrap();
    let image = pushed(engine, &format!("python/{service}@{digest}"));
    assert_eq!(image.config["architecture"], architecture);
    let mut files = BTreeMap::new();
    // The base has one layer, as it was loaded.
    for layer in image.layers.iter().skip(1) {
        let blob = engine.registry().blob(&format!("python/{service}"), &layer.digest).unwrap();
        let tree = tree::read(&gunzip(&blob).unwrap()).unwrap();
        files.extend(tree.into_iter().map(|(path, entry)| (path, entry.content)));
    }
    (image.layers, files)
}

fn wheels(shelf: &Shelf) {
    let native = |machine: &str| {
        Wheel::new("native", "1.0")
            .tag(&format!("cp313-cp313-manylinux_2_17_{machine}.manylinux2014_{machine}"))
            .file("native/machine.txt", format!("{machine} {}", shelf.tag))
    };
    for wheel in [
        native("x86_64"),
        native("aarch64"),
        shelf.wheel("pure", "1.0", 2000),
        shelf.wheel("arms", "1.0", 100),
    ] {
        shelf.index.add(&wheel).unwrap();
    }
    shelf.project.write("pure.txt", "pure\n").unwrap();
    shelf.project.write("requirements.txt", "native\narms; platform_machine == 'aarch64'\n").unwrap();
}

#[test]
fn wheels_are_chosen_for_each_platform_without_emulation() {
    let mut shelf = Shelf::new(containerd());
    wheels(&shelf);
    let stages = format!("stages:\n  base: {{from: '{}', working_dir: /app}}\n", python(&shelf));
    let services = [
        service("both", &format!("from: base, requirements: [pure.txt, requirements.txt], {PLATFORMS}")),
        service("pure", &format!("from: base, requirements: [pure.txt], {PLATFORMS}")),
    ];
    // Modules are compiled too, and once for all platforms.
    shelf.manifest(", bytecode: true", &stages, &services);
    let done = ok(bake(shelf.engine, &shelf.project).args(&["--push", "--provenance=false"]));
    let text = |files: &BTreeMap<String, Vec<u8>>, end: &str| -> Vec<String> {
        let found = files.iter().filter(|(path, _)| path.ends_with(end));
        found.map(|(_, content)| String::from_utf8_lossy(content).into_owned()).collect()
    };
    let (amd64, amd64_files) = image(&shelf, "both", "amd64");
    let (arm64, arm64_files) = image(&shelf, "both", "arm64");
    assert_eq!(text(&amd64_files, "native/machine.txt"), [format!("x86_64 {}", shelf.tag)]);
    assert_eq!(text(&arm64_files, "native/machine.txt"), [format!("aarch64 {}", shelf.tag)]);
    let has = |files: &BTreeMap<String, Vec<u8>>, end: &str| files.keys().any(|path| path.ends_with(end));
    assert!(has(&arm64_files, "arms/__init__.py") && !has(&amd64_files, "arms/__init__.py"));
    for files in [&amd64_files, &arm64_files] {
        assert!(has(files, "pure/__pycache__/__init__.cpython-313.pyc"), "{:?}", files.keys());
        assert!(has(files, "native/__pycache__/__init__.cpython-313.pyc"), "{:?}", files.keys());
    }
    let shared: Vec<&Blob> = amd64.iter().filter(|layer| arm64.contains(layer)).collect();
    let (pure, _) = image(&shelf, "pure", "arm64");
    assert!(
        shared.len() == 1 && shared.iter().all(|layer| pure.contains(layer)),
        "{amd64:?} {arm64:?} {pure:?}"
    );
    // Its Python is asked once, for both services and platforms. (What another test asks on a base of the same content goes by
    // that test's service, and is told here too: the engine makes one step of both.)
    let own = ["find the Python of both", "find the Python of pure"];
    let asked: BTreeSet<String> = (done.stderr.lines())
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .flat_map(|status| status["vertexes"].as_array().cloned().unwrap_or_default())
        .filter(|vertex| {
            own.iter().any(|own| vertex["name"].as_str().is_some_and(|name| name.ends_with(own)))
        })
        .map(|vertex| vertex["digest"].to_string())
        .collect();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        shelf.index.downloads().values().max(),
        Some(&1),
        "each wheel once: {:?}",
        shelf.index.downloads()
    );

    // The lock has both platforms, and gives the same images.
    let lock = shelf.lock();
    assert!(lock.contains("aarch64") && lock.contains("x86_64"), "{lock}");
    let before = shelf.image("both").root;
    shelf.manifest(", bytecode: true, lock: pylock.toml", &stages, &services);
    ok(bake(shelf.engine, &shelf.project).args(&["--push", "--provenance=false"]));
    let layers = |root: &Value| -> Vec<Vec<String>> {
        let entries = root["manifests"].as_array().unwrap();
        let digests =
            entries.iter().map(|entry| format!("python/both@{}", entry["digest"].as_str().unwrap()));
        digests
            .map(|name| pushed(shelf.engine, &name).digests().into_iter().map(str::to_owned).collect())
            .collect()
    };
    assert_eq!(layers(&shelf.image("both").root), layers(&before));
}

#[test]
fn what_has_no_wheel_for_a_platform_is_named() {
    let mut shelf = Shelf::new(containerd());
    let wheel = shelf.wheel("native", "1.0", 100).tag("cp313-cp313-manylinux_2_17_x86_64");
    shelf.index.add(&wheel).unwrap();
    shelf.index.add_sdist("native", "1.0", &[]).unwrap();
    shelf.project.write("requirements.txt", "native\n").unwrap();
    let base = python(&shelf);
    shelf.manifest("", "", &[service("api", &format!("from: '{base}', requirements: [requirements.txt]"))]);
    ok(build(shelf.engine, &shelf.project).args(&["--platform=linux/amd64", "--output=type=cacheonly"]));
    let told = shelf.refused(&["--platform=linux/arm64", "--output=type=cacheonly"]).stderr;
    let expected = "has no wheel, and what builds it is for linux/arm64, \
         which this builder does not run: expect \"exec format error\"";
    assert!(told.contains(expected) && told.contains("native-1.0.tar.gz"), "{told}");
}
