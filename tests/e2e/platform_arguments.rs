//! What a build is told of its platforms, and stages for the builder's own, beside a Dockerfile that says the same.

use std::collections::BTreeMap;

use harness::project::unique;
use harness::tree::{self, gunzip};
use harness::{Engine, Project};
use serde_json::{Value, json};

use crate::support::{build, containerd, ok, pushed, syntax};

/// An image of an index: its configuration and its files.
type Image = (Value, BTreeMap<String, String>);

/// Builds with a manifest and with a Dockerfile and pushes both; gives their names in the registry.
fn built(engine: &Engine, project: &Project, args: &[&str]) -> [String; 2] {
    let stamp = unique().unwrap();
    let name = |kind: &str| format!("platforms/{kind}:{stamp}");
    let push = |kind: &str| format!("--tag={}", engine.registry().name(&name(kind)));
    let common = ["--push", "--provenance=false"];
    ok(build(engine, project).args(&common).args(args).arg(push("layerset")));
    let docker = engine.docker(&["buildx", "build", "--file=Dockerfile", "."]).current_dir(project.path());
    ok(docker.args(&common).args(args).arg(push("dockerfile")));
    ["layerset", "dockerfile"].map(name)
}

/// The platforms of an index, and the images by platform.
fn index(engine: &Engine, name: &str) -> (Vec<Value>, Vec<Image>) {
    let root = engine.registry().root(name).unwrap();
    let entries = root["manifests"].as_array().unwrap_or_else(|| panic!("no index: {root}"));
    let repository = name.split(':').next().unwrap();
    let image = |entry: &Value| {
        let image = pushed(engine, &format!("{repository}@{}", entry["digest"].as_str().unwrap()));
        let mut files = BTreeMap::new();
        for layer in &image.layers {
            let blob = engine.registry().blob(repository, &layer.digest).unwrap();
            for (path, entry) in tree::read(&gunzip(&blob).unwrap()).unwrap() {
                if !entry.content.is_empty() {
                    files.insert(path, String::from_utf8_lossy(&entry.content).into_owned());
                }
            }
        }
        (image.config, files)
    };
    let platforms = entries.iter().map(|entry| entry["platform"].clone()).collect();
    (platforms, entries.iter().map(image).collect())
}

/// Of a configuration what both must have alike.
fn said(config: &Value) -> Value {
    json!([config["os"], config["architecture"], config["variant"], config["config"]["Labels"]])
}

#[test]
fn arguments_and_images_of_each_platform_are_those_of_a_dockerfile() {
    let engine = containerd();
    let project = Project::new("arguments").unwrap();
    let names = [
        "TARGETPLATFORM",
        "TARGETOS",
        "TARGETARCH",
        "TARGETVARIANT",
        "TARGETOSVERSION",
        "BUILDPLATFORM",
        "BUILDOS",
        "BUILDARCH",
        "BUILDVARIANT",
        "TARGETSTAGE",
    ];
    let labels: Vec<String> = names.iter().map(|name| format!("{name}: '<${{{name}}}>'")).collect();
    let manifest = format!(
        "stages:\n  base-amd64: {{from: scratch, files: [{{source: for/amd64, target: /base}}]}}\n  \
           base-arm64: {{from: scratch, files: [{{source: for/arm64, target: /base}}]}}\n  \
           base-arm: {{from: scratch, files: [{{source: for/arm, target: /base}}]}}\n\
         services:\n  api:\n    from: 'base-${{TARGETARCH}}'\n    labels: {{{}}}\n    \
           files: [{{source: 'bin/${{TARGETARCH}}${{TARGETVARIANT}}', target: '/bin/${{TARGETOS}}'}}]\n",
        labels.join(", ")
    );
    let labels: Vec<String> =
        names.iter().map(|name| format!("ARG {name}\nLABEL {name}=\"<${name}>\"\n")).collect();
    let dockerfile = format!(
        "FROM scratch AS base-amd64\nCOPY for/amd64 /base\nFROM scratch AS base-arm64\nCOPY for/arm64 /base\n\
         FROM scratch AS base-arm\nCOPY for/arm /base\nFROM base-$TARGETARCH AS api\n{}\
         COPY bin/${{TARGETARCH}}${{TARGETVARIANT}} /bin/$TARGETOS\n",
        labels.concat()
    );
    project.write("layerset.yaml", syntax() + &manifest).unwrap().write("Dockerfile", dockerfile).unwrap();
    for architecture in ["amd64", "arm64", "arm"] {
        project.write(&format!("for/{architecture}"), format!("base for {architecture}")).unwrap();
    }
    for binary in ["amd64", "arm64", "armv7", "armv6"] {
        project.write(&format!("bin/{binary}"), format!("bin for {binary}")).unwrap();
    }
    let platforms = "--platform=linux/amd64,linux/arm64/v8,linux/arm/v7,linux/arm/v6";
    let [ours, theirs] = built(engine, &project, &[platforms, "--target=api"]);
    let (platforms, images) = index(engine, &ours);
    let (their_platforms, their_images) = index(engine, &theirs);
    assert_eq!(platforms, their_platforms);
    let arm = |variant: &str| json!({"os": "linux", "architecture": "arm", "variant": variant});
    let plain = |name: &str| json!({"os": "linux", "architecture": name});
    assert_eq!(platforms, [plain("amd64"), plain("arm64"), arm("v7"), arm("v6")]);
    for ((config, files), (their_config, their_files)) in images.iter().zip(&their_images) {
        assert_eq!(said(config), said(their_config));
        assert_eq!(files, their_files);
    }
    let seen = |number: usize| (images[number].1["base"].as_str(), images[number].1["bin/linux"].as_str());
    assert_eq!(seen(1), ("base for arm64", "bin for arm64"));
    assert_eq!(seen(3), ("base for arm", "bin for armv6"));
    assert_eq!(images[3].0["config"]["Labels"]["TARGETPLATFORM"], "<linux/arm/v6>");
}

#[test]
fn given_arguments_win_over_those_of_the_platform() {
    let engine = containerd();
    let project = Project::new("arguments").unwrap();
    let manifest = "args: {TARGETOS: mine, TARGETVARIANT: null}\nservices:\n  api:\n    from: scratch\n    \
         files: [file]\n    labels: {all: '${TARGETARCH} ${TARGETOS} <${TARGETVARIANT}>'}\n";
    let dockerfile = "FROM scratch\nARG TARGETARCH\nARG TARGETOS=mine\nARG TARGETVARIANT\n\
         LABEL all=\"$TARGETARCH $TARGETOS <$TARGETVARIANT>\"\nCOPY file /file\n";
    project.write("layerset.yaml", syntax() + manifest).unwrap().write("Dockerfile", dockerfile).unwrap();
    project.write("file", "file").unwrap();
    // One platform is an index if that is asked for.
    let args =
        ["--platform=linux/arm/v7", "--build-arg=TARGETARCH=given", "--build-arg=BUILDKIT_MULTI_PLATFORM=1"];
    let [ours, theirs] = built(engine, &project, &args);
    let ((platforms, images), (their_platforms, their_images)) =
        (index(engine, &ours), index(engine, &theirs));
    assert_eq!(platforms, their_platforms);
    assert_eq!(platforms.len(), 1);
    assert_eq!(said(&images[0].0), said(&their_images[0].0));
    assert_eq!(images[0].0["config"]["Labels"]["all"], "given mine <v7>");
    assert_eq!(images[0].0["architecture"], "arm");
}

#[test]
fn stages_for_the_builder_run_natively_and_once() {
    let engine = containerd();
    let project = Project::new("cross").unwrap();
    let stamp = unique().unwrap();
    // What names no platform is made once for all of them.
    let manifest = format!(
        "stages:\n  pages:\n    from: busybox:1.37\n    platform: build\n    \
           run: ['echo {stamp} > /pages; uname -m >> /pages']\n  \
           compiler:\n    from: busybox:1.37\n    platform: '${{BUILDPLATFORM}}'\n    \
           copy: [{{from: pages, source: /pages, target: /pages}}]\n    \
           run:\n      - command: 'echo \"$TARGETPLATFORM made on $BUILDPLATFORM by $(/image/bin/busybox echo it)\" > /tool; cat /in/pages >> /tool'\n        \
             mounts: [{{from: 'busybox:1.37', target: /image}}, {{from: pages, target: /in}}]\n\
         services:\n  tool:\n    from: scratch\n    copy:\n      - {{from: compiler, source: /tool}}\n      \
           - {{from: pages, source: /pages}}\n"
    );
    let dockerfile = format!(
        "FROM --platform=$BUILDPLATFORM busybox:1.37 AS image\n\
         FROM --platform=$BUILDPLATFORM busybox:1.37 AS pages\nRUN echo {stamp} > /pages; uname -m >> /pages\n\
         FROM --platform=$BUILDPLATFORM busybox:1.37 AS compiler\nARG TARGETPLATFORM\nARG BUILDPLATFORM\n\
         COPY --from=pages /pages /pages\n\
         RUN --mount=from=pages,target=/in --mount=from=image,target=/image \
         echo \"$TARGETPLATFORM made on $BUILDPLATFORM by $(/image/bin/busybox echo it)\" > /tool; cat /in/pages >> /tool\n\
         FROM scratch\nCOPY --from=compiler /tool /tool\nCOPY --from=pages /pages /pages\n"
    );
    project.write("layerset.yaml", syntax() + &manifest).unwrap().write("Dockerfile", dockerfile).unwrap();
    let platforms = "--platform=linux/arm64,linux/s390x";
    let progress = ok(build(engine, &project).arg(platforms).arg("--output=type=cacheonly")).progress();
    let count = |name: &str| progress.done().iter().filter(|step| step.contains(name)).count();
    assert_eq!((count("[pages] run"), count("[compiler] run")), (1, 2), "{:?}", progress.done());
    let [ours, theirs] = built(engine, &project, &[platforms]);
    let ((platforms, images), (their_platforms, their_images)) =
        (index(engine, &ours), index(engine, &theirs));
    assert_eq!(platforms, their_platforms);
    for ((config, files), (their_config, their_files)) in images.iter().zip(&their_images) {
        assert_eq!(said(config), said(their_config));
        assert_eq!(files, their_files);
    }
    assert!(images[0].1["tool"].starts_with("linux/arm64 made on linux/"), "{:?}", images[0].1);
    assert_eq!(images[1].0["architecture"], "s390x");
    assert_eq!(images[0].1["pages"], images[1].1["pages"]);
}

/// A build that must fail; what it told.
fn refused(engine: &Engine, project: &Project, args: &[&str]) -> String {
    let output = build(engine, project).env("BUILDKIT_PROGRESS", "plain").args(args).run().unwrap();
    assert!(!output.success(), "it went well: {}", output.stderr);
    output.stderr
}

#[test]
fn platforms_that_are_not_there_are_named() {
    let engine = containerd();
    let project = Project::new("missing").unwrap();
    let stamp = unique().unwrap();
    let base = engine.registry().name(&format!("platforms/base:{stamp}"));
    project.write("Dockerfile", "FROM scratch\nCOPY file /file\n").unwrap().write("file", &stamp).unwrap();
    let docker = engine.docker(&["buildx", "build", "--file=Dockerfile", "."]).current_dir(project.path());
    ok(docker.args(&["--push", "--provenance=false", "--platform=linux/amd64,linux/arm64", "--tag", &base]));
    let manifest = format!("services:\n  api: {{from: '{base}', files: [file]}}\n");
    project.write("layerset.yaml", syntax() + &manifest).unwrap();
    ok(build(engine, &project).args(&["--platform=linux/arm64", "--output=type=cacheonly"]));
    let told = refused(engine, &project, &["--platform=linux/arm64,linux/s390x"]);
    assert!(told.contains("layerset.yaml:3:15: this base is not there for linux/s390x: "), "{told}");

    let unknown = "services:\n  api: {from: scratch, files: [file], platforms: [linux/amd46]}\n";
    project.write("layerset.yaml", syntax() + unknown).unwrap();
    let told = refused(engine, &project, &[]);
    assert!(
        told.contains("unknown architecture \"amd46\" in \"linux/amd46\"; did you mean \"amd64\"?"),
        "{told}"
    );

    let built_on = "stages:\n  tools: {from: 'busybox:1.37', platform: build}\n\
         services:\n  api: {from: tools, files: [file]}\n";
    project.write("layerset.yaml", syntax() + built_on).unwrap();
    let told = refused(engine, &project, &[]);
    let expected = "the service \"api\" is built on \"tools\", which is for the builder's platform";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn bake_builds_the_platforms_of_a_service() {
    let engine = containerd();
    let project = Project::new("bake").unwrap();
    let stamp = unique().unwrap();
    let name = |service: &str| engine.registry().name(&format!("platforms/{service}:{stamp}"));
    let manifest = format!(
        "services:\n  both: {{from: scratch, image: '{}', files: [file], platforms: [linux/amd64, linux/arm64]}}\n  \
           one: {{from: scratch, image: '{}', files: [file], platforms: [linux/riscv64]}}\n",
        name("both"),
        name("one")
    );
    project.write("layerset.yaml", syntax() + &manifest).unwrap().write("file", &stamp).unwrap();
    ok(crate::support::bake(engine, &project).args(&["--push", "--provenance=false"]));
    let (platforms, _) = index(engine, &format!("platforms/both:{stamp}"));
    let architectures: Vec<&Value> = platforms.iter().map(|platform| &platform["architecture"]).collect();
    assert_eq!(architectures, ["amd64", "arm64"]);
    assert_eq!(pushed(engine, &format!("platforms/one:{stamp}")).config["architecture"], "riscv64");
}
