//! Named contexts in the place of stages and images, on one platform alone, and what of them is sent.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use harness::project::unique;
use harness::tree::{self, Tree, differences, gunzip};
use harness::{Docker, Project};
use serde_json::{Value, json};

use crate::support::{build, containerd, inspect, ok, progress, pushed, syntax};

const STAGES: &str = "stages:\n  tools:\n    from: busybox:1.37\n    run: [echo built > /built]\n    \
    environment: {TOOLS: built}\n  \
    page: {from: tools, run: [cp /where.txt /page.txt]}\n\
    services:\n  api:\n    from: page\n    copy: [{from: tools, source: /where.txt, target: /copied.txt}]\n";

const DOCKERFILE: &str = "FROM busybox:1.37 AS tools\nENV TOOLS=built\nRUN echo built > /built\n\
    FROM tools AS page\nRUN cp /where.txt /page.txt\n\
    FROM page AS api\nCOPY --from=tools /where.txt /copied.txt\n";

fn files(docker: Docker) -> Tree {
    let out = Project::new("out").unwrap();
    let archive = out.path().join("files.tar");
    ok(docker.arg(format!("--output=type=tar,dest={}", archive.display())));
    tree::read(&fs::read(archive).unwrap()).unwrap()
}

fn dockerfile(project: &Project) -> Docker {
    containerd().docker(&["buildx", "build", "--file=Dockerfile", "."]).current_dir(project.path())
}

/// A directory that can be built on: busybox, and a file that says where it is from.
fn root(at: &Path) {
    let dockerfile = "FROM busybox:1.37\nRUN echo elsewhere > /where.txt\n";
    let build = containerd().docker(&[
        "buildx",
        "build",
        "--output",
        &format!("type=local,dest={}", at.display()),
        "-",
    ]);
    ok(build.stdin(dockerfile));
}

#[test]
fn a_context_takes_the_place_of_a_stage() {
    let engine = containerd();
    let project = Project::new("replaced").unwrap();
    project.write("layerset.yaml", syntax() + STAGES).unwrap().write("Dockerfile", DOCKERFILE).unwrap();
    root(&project.path().join("root"));
    // Without it the stage lacks what the next one needs.
    assert!(!build(engine, &project).run().unwrap().success());
    let directory = "--build-context=tools=root";
    let ours = files(build(engine, &project).arg(directory));
    let theirs = files(dockerfile(&project).arg(directory));
    assert_eq!(differences(&ours, &theirs), Vec::<String>::new());
    assert_eq!(ours["copied.txt"].content, b"elsewhere\n");
    assert!(!ours.contains_key("built"), "nothing of the stage itself was built");

    // An image brings its own configuration, and the stage's is gone.
    let image = format!("replaced:{}", unique().unwrap());
    let made = "FROM busybox:1.37\nENV FROM_IMAGE=1\nRUN echo of an image > /where.txt\n";
    ok(engine.docker(&["buildx", "build", "--load", "--tag", &image, "-"]).stdin(made));
    let replace = format!("--build-context=tools=docker-image://{image}");
    let configs = [build(engine, &project), dockerfile(&project)].map(|docker| {
        let tag = format!("{image}-built");
        ok(docker.arg(&replace).args(&["--load", "--tag", &tag]));
        let config = inspect(engine, &tag)["Config"]["Env"].clone();
        assert_eq!(engine.export(&tag).unwrap()["copied.txt"].content, b"of an image\n");
        ok(engine.docker(&["image", "rm", &tag]));
        config
    });
    assert_eq!(configs[0], configs[1], "as the Dockerfile's");
    assert!(configs[0].to_string().contains("FROM_IMAGE=1") && !configs[0].to_string().contains("TOOLS"));
    // The stage itself as a target is the context.
    let ours = files(build(engine, &project).arg(directory).arg("--target=tools"));
    let theirs = files(dockerfile(&project).arg(directory).arg("--target=tools"));
    assert_eq!(differences(&ours, &theirs), Vec::<String>::new());
    ok(engine.docker(&["image", "rm", &image]));
}

#[test]
fn calls_know_that_a_stage_is_replaced() {
    let engine = containerd();
    let project = Project::new("replaced").unwrap();
    project.write("layerset.yaml", syntax() + STAGES).unwrap();
    let image = "--build-context=tools=docker-image://busybox:1.37";
    let call = |call: &str| ok(build(engine, &project).arg(image).arg(format!("--call={call}"))).stdout;
    let plan: Value = serde_json::from_str(&call("plan,format=json")).unwrap();
    let stage = &plan["plan"]["stages"]["tools"];
    let stage = if stage.is_null() { &plan["stages"]["tools"] } else { stage };
    assert_eq!(stage["base"], json!({"context": "tools"}), "{plan}");
    assert!(stage["run"].is_null(), "{stage}");
    call("check");
    let bake: Value = serde_json::from_str(&call("bake")).unwrap();
    assert_eq!(bake["target"]["api"]["contexts"]["tools"], "docker-image://busybox:1.37");
    // Where a directory of the client is, only its git repository tells.
    project.write("dir/where.txt", "").unwrap();
    let with_directory = || build(engine, &project).args(&["--build-context=tools=dir", "--call=bake"]);
    let refused = with_directory().env("BUILDX_GIT_INFO", "0").run().unwrap();
    assert!(!refused.success() && refused.stderr.contains("build context \"tools\""), "{}", refused.stderr);
    let git = |args: &[&str]| {
        let mut git = harness::run::command("git");
        harness::run::output(git.args(args).current_dir(project.path())).unwrap();
    };
    git(&["init", "-q"]);
    let bake: Value = serde_json::from_str(&ok(with_directory()).stdout).unwrap();
    assert_eq!(bake["target"]["api"]["contexts"]["tools"], "dir");
}

#[test]
fn a_target_of_the_bake_takes_the_place_of_a_stage() {
    let engine = containerd();
    let project = Project::new("replaced").unwrap();
    let stamp = unique().unwrap();
    project.write("layerset.yaml", syntax() + STAGES).unwrap().write("Dockerfile", DOCKERFILE).unwrap();
    let made = format!("FROM busybox:1.37\nENV MADE=1\nRUN echo {stamp} > /where.txt\n");
    project.write("made/Dockerfile", made).unwrap();
    let target = |file: &str| {
        json!({"dockerfile": file, "target": "api", "contexts": {"tools": "target:made"},
            "output": [format!("type=tar,dest={file}.tar")]})
    };
    let bake = json!({"group": {"default": {"targets": ["ours", "theirs"]}}, "target": {
        "made": {"context": "made"}, "ours": target("layerset.yaml"), "theirs": target("Dockerfile")}});
    project.write("bake.json", bake.to_string()).unwrap();
    ok(engine
        .docker(&["buildx", "bake", "--file=bake.json", "--allow=fs.write=."])
        .current_dir(project.path()));
    let read = |name: &str| tree::read(&fs::read(project.path().join(name)).unwrap()).unwrap();
    let (ours, theirs) = (read("layerset.yaml.tar"), read("Dockerfile.tar"));
    assert_eq!(differences(&ours, &theirs), Vec::<String>::new());
    assert_eq!(ours["copied.txt"].content, format!("{stamp}\n").as_bytes());
}

#[test]
fn a_context_may_be_of_one_platform() {
    let engine = containerd();
    let project = Project::new("one-platform").unwrap();
    let stamp = unique().unwrap();
    let manifest = "stages:\n  data: {from: scratch, files: [own/]}\n\
        services:\n  api: {from: scratch, copy: [{from: data, source: /, target: /}]}\n";
    let dockerfile = "FROM scratch AS data\nCOPY own/ /own/\nFROM scratch AS api\nCOPY --from=data / /\n";
    project.write("layerset.yaml", syntax() + manifest).unwrap().write("Dockerfile", dockerfile).unwrap();
    project.write("own/stage.txt", &stamp).unwrap().write("arm/context.txt", &stamp).unwrap();
    let name = |file: &str| format!("{}:{stamp}", engine.registry().name(&format!("one-platform/{file}")));
    let target = |file: &str, tag: &str| {
        json!({"dockerfile": file, "target": "api", "contexts": {"data::linux/arm64": "arm"},
            "platforms": ["linux/amd64", "linux/arm64"], "tags": [name(tag)], "attest": ["type=provenance,disabled=true"]})
    };
    let bake = json!({"group": {"default": {"targets": ["ours", "theirs"]}}, "target": {
        "ours": target("layerset.yaml", "ours"), "theirs": target("Dockerfile", "theirs")}});
    project.write("bake.json", bake.to_string()).unwrap();
    ok(engine.docker(&["buildx", "bake", "--file=bake.json", "--push"]).current_dir(project.path()));
    let paths = |tag: &str| -> Vec<Vec<String>> {
        let repository = format!("one-platform/{tag}");
        let root = pushed(engine, &format!("{repository}:{stamp}")).root;
        let of = |entry: &Value| {
            let image = pushed(engine, &format!("{repository}@{}", entry["digest"].as_str().unwrap()));
            let blob = |digest: &str| gunzip(&engine.registry().blob(&repository, digest).unwrap()).unwrap();
            let layers = image.layers.iter().flat_map(|layer| tree::read(&blob(&layer.digest)).unwrap());
            layers.filter(|(_, entry)| entry.kind == b'0').map(|(path, _)| path).collect()
        };
        root["manifests"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(paths("ours"), [["own/stage.txt"], ["context.txt"]]);
    assert_eq!(paths("ours"), paths("theirs"));
}

#[test]
fn an_image_goes_by_all_its_names() {
    let engine = containerd();
    let project = Project::new("familiar").unwrap();
    project.write("ours/where.txt", "ours\n").unwrap();
    for (written, named) in [
        ("docker.io/library/busybox:1.37", "busybox:1.37"),
        ("busybox:1.37", "docker.io/library/busybox:1.37"),
        ("example/app:latest", "example/app"),
    ] {
        let manifest = format!(
            "services: {{api: {{from: scratch, copy: [{{from: '{written}', source: /where.txt, target: /where.txt}}]}}}}\n"
        );
        project.write("layerset.yaml", syntax() + &manifest).unwrap();
        let dockerfile_text = format!("FROM scratch\nCOPY --from={written} /where.txt /where.txt\n");
        project.write("Dockerfile", dockerfile_text).unwrap();
        let named = format!("--build-context={named}=ours");
        let ours = files(build(engine, &project).arg(&named));
        assert_eq!(differences(&ours, &files(dockerfile(&project).arg(&named))), Vec::<String>::new());
        assert_eq!(ours["where.txt"].content, b"ours\n", "{written}");
    }
}

/// The engine's key of a copy with patterns has nothing of what is behind a link.
#[test]
fn what_changes_behind_a_link_is_copied_again() {
    let engine = containerd();
    let project = Project::new("behind-links").unwrap();
    std::os::unix::fs::symlink("real", project.path().join("link")).unwrap();
    let patterns = ["include: ['*.txt']", "exclude: ['*.log']"];
    let mut manifest = syntax() + "stages: {made: {from: vendor}}\nservices:\n";
    for (number, patterns) in patterns.iter().enumerate() {
        let link = format!("source: link, target: /a, {patterns}");
        writeln!(manifest, "  named{number}: {{from: scratch, copy: [{{from: vendor, {link}}}]}}").unwrap();
        writeln!(manifest, "  stage{number}: {{from: scratch, copy: [{{from: made, {link}}}]}}").unwrap();
    }
    project.write("layerset.yaml", manifest).unwrap();
    for _ in 0..2 {
        let stamp = unique().unwrap();
        project.write("real/c.txt", &stamp).unwrap().write("real/d.log", &stamp).unwrap();
        for target in ["named0", "named1", "stage0", "stage1"] {
            let target = format!("--target={target}");
            let found = files(build(engine, &project).args(&[&target, "--build-context=vendor=."]));
            assert_eq!(String::from_utf8_lossy(&found["a/c.txt"].content), stamp, "{target}");
            assert!(!found.contains_key("a/d.log"), "{target}");
        }
    }
}

/// Nor is anything sent of a link that has `include`.
#[test]
fn a_link_of_the_context_has_no_patterns() {
    let engine = containerd();
    let project = Project::new("links").unwrap();
    project.write("real/c.txt", "c").unwrap();
    std::os::unix::fs::symlink("real", project.path().join("link")).unwrap();
    let text = |selections: &str| {
        format!("{}services:\n  a: {{from: scratch, files: [{selections}]}}\n", syntax())
            + "  b: {from: scratch, files: [real]}\n"
    };
    let (include, exclude) =
        ("{source: link, target: /a, include: ['*.txt']}", "{source: link, target: /b, exclude: ['*.log']}");
    let found = "found the symbolic link \"link\", expected a directory";
    for (selections, said) in [
        (include, "of a symbolic link nothing is sent with include: select what it points to"),
        (exclude, found),
        // These overlap, so the context is listed.
        (&format!("{include}, {exclude}"), found),
    ] {
        project.write("layerset.yaml", text(selections)).unwrap();
        let output = build(engine, &project).arg("--target=a").run().unwrap();
        assert!(!output.success() && output.stderr.contains(said), "{selections}: {}", output.stderr);
        assert!(output.stderr.contains("layerset.yaml:3:"), "{}", output.stderr);
    }
    project.write("layerset.yaml", text("{source: link, target: /a}")).unwrap();
    assert_eq!(files(build(engine, &project).arg("--target=a"))["a/c.txt"].content, b"c");
    // What it leads to is sent though nobody selects that, and all of it though somebody selects some.
    project.write("real/d/e.txt", "e").unwrap();
    for others in ["", "  b: {from: scratch, files: [real/c.txt]}\n"] {
        let manifest =
            format!("{}services:\n  a: {{from: scratch, files: [link, link/d/e.txt]}}\n{others}", syntax());
        project.write("layerset.yaml", manifest).unwrap();
        let found = files(build(engine, &project).arg("--target=a"));
        assert_eq!(found["link/c.txt"].content, b"c", "{others}");
        assert_eq!(found["link/d/e.txt"].content, b"e", "{others}");
    }
}

/// Two services need little of a large directory; both get it from one transfer of what they need.
#[test]
fn only_what_is_copied_of_a_directory_is_sent() {
    let engine = containerd();
    let project = Project::new("sent").unwrap();
    let stamp = unique().unwrap();
    project.write("vendor/lib/a.txt", &stamp).unwrap().write("vendor/lib/b.log", &stamp).unwrap();
    project.write("vendor/real/c.txt", &stamp).unwrap().write("vendor/.dockerignore", "**/*.log\n").unwrap();
    std::os::unix::fs::symlink("real", project.path().join("vendor/link")).unwrap();
    project.write("vendor/large", vec![7; 3_000_000]).unwrap();
    let manifest = "services:\n  \
        api: {from: scratch, copy: [{from: vendor, source: /lib, target: /lib}]}\n  \
        web: {from: scratch, copy: [{from: vendor, source: /link, target: /linked, include: ['*.txt']}]}\n";
    project.write("layerset.yaml", syntax() + manifest).unwrap();
    let sent = progress(build(engine, &project).args(&["--target=api", "--build-context=vendor=vendor"]));
    assert!(sent.context_bytes() < 100_000, "{} bytes: {}", sent.context_bytes(), sent.log());
    let with = |target: &str| {
        files(build(engine, &project).args(&[&format!("--target={target}"), "--build-context=vendor=vendor"]))
    };
    let (api, web) = (with("api"), with("web"));
    assert_eq!(api["lib/a.txt"].content, stamp.as_bytes());
    assert!(!api.contains_key("lib/b.log"));
    assert_eq!(web["linked/c.txt"].content, stamp.as_bytes());
    // What is built on it is all of it.
    project.write("layerset.yaml", syntax() + "services: {api: {from: vendor}}\n").unwrap();
    assert!(with("api").contains_key("large"));
}
