//! Provenance, annotations and the time of an image: as the Dockerfile frontend has them, on the same engine.

use harness::project::unique;
use harness::{Docker, Engine, Project};
use serde_json::{Value, json};

use crate::support::{bake, build, containerd, ok, pushed, syntax};

/// The same image in both languages, with a word in it that no engine has seen.
pub(crate) fn both() -> (Project, String) {
    let (project, tag) = (Project::new("supply").unwrap(), unique().unwrap());
    let manifest = syntax()
        + "services:\n  app: {from: 'busybox:1.37', files: [a.txt], annotations: {org.example.a: manifest}}\n  \
           bare: {from: scratch, files: [a.txt]}\n";
    project.write("layerset.yaml", manifest).unwrap().write("a.txt", &tag).unwrap();
    project.write("Dockerfile", "FROM busybox:1.37\nCOPY a.txt /a.txt\n").unwrap();
    project.write("bare.Dockerfile", "FROM scratch\nCOPY a.txt /a.txt\n").unwrap();
    (project, tag)
}

/// A build with the Dockerfile frontend of the engine.
pub(crate) fn dockerfile(engine: &Engine, project: &Project, file: &str) -> Docker {
    engine.docker(&["buildx", "build", "--file", file, "."]).current_dir(project.path()).traced()
}

/// Pushes as `supply/app:TAG`.
pub(crate) fn push(engine: &Engine, build: Docker, tag: &str) {
    ok(build.args(&["--push", "--tag", &format!("{}:{tag}", engine.registry().name("supply/app"))]));
}

fn statements(engine: &Engine, tag: &str, predicate: &str) -> Vec<Value> {
    let all = engine.registry().statements(&format!("supply/app:{tag}")).unwrap();
    all.into_iter().filter(|one| one["predicateType"].as_str().unwrap().contains(predicate)).collect()
}

/// The sources that a provenance names, without platforms and digests.
fn materials(provenance: &Value) -> Vec<String> {
    let predicate = &provenance["predicate"];
    let lists = [&predicate["materials"], &predicate["buildDefinition"]["resolvedDependencies"]];
    let all = lists.into_iter().filter_map(Value::as_array).flatten();
    let mut names: Vec<String> =
        all.map(|one| one["uri"].as_str().unwrap().split('?').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn provenance_names_the_base_as_that_of_a_dockerfile_does() {
    let (engine, (project, tag)) = (containerd(), both());
    for (option, name) in [
        ("--provenance=mode=min", "min"),
        ("--attest=type=provenance,mode=max", "max"),
        ("--provenance=true", "true"),
    ] {
        let tags = [format!("{tag}-{name}"), format!("{tag}-{name}-dockerfile")];
        push(engine, build(engine, &project).args(&["--target=app", option]), &tags[0]);
        push(engine, dockerfile(engine, &project, "Dockerfile").arg(option), &tags[1]);
        let [ours, theirs] = tags.each_ref().map(|tag| {
            let mut all = statements(engine, tag, "slsa.dev/provenance");
            assert_eq!(all.len(), 1, "{all:?}");
            all.remove(0)
        });
        assert_eq!(ours["predicateType"], theirs["predicateType"]);
        let base = "pkg:docker/busybox@1.37".to_owned();
        assert!(materials(&ours).contains(&base), "{ours:#}");
        assert!(materials(&theirs).contains(&base), "{theirs:#}");
        let image = pushed(engine, &format!("supply/app:{}", tags[0]));
        let digest =
            image.root["manifests"][0]["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
        assert_eq!(ours["subject"][0]["digest"]["sha256"], json!(digest));
    }
    push(engine, build(engine, &project).args(&["--target=app", "--provenance=false"]), &tag);
    assert_eq!(engine.registry().statements(&format!("supply/app:{tag}")).unwrap(), Vec::<Value>::new());
}

#[test]
fn annotations_of_manifest_and_command_line_are_in_the_image_manifest() {
    let (engine, (project, tag)) = (containerd(), both());
    let option = "--annotation=org.example.b=option";
    push(engine, build(engine, &project).args(&["--target=app", "--provenance=false", option]), &tag);
    let image = pushed(engine, &format!("supply/app:{tag}"));
    assert_eq!(
        image.manifest["annotations"],
        json!({"org.example.a": "manifest", "org.example.b": "option"})
    );
    let theirs = format!("{tag}-dockerfile");
    let plain = dockerfile(engine, &project, "Dockerfile").args(&["--provenance=false", option]);
    push(engine, plain.arg("--annotation=org.example.a=manifest"), &theirs);
    assert_eq!(
        pushed(engine, &format!("supply/app:{theirs}")).manifest["annotations"],
        image.manifest["annotations"]
    );
}

#[test]
fn annotations_of_an_index_and_of_baked_images() {
    let (engine, (project, tag)) = (containerd(), both());
    let name = format!("{}:{tag}", engine.registry().name("supply/app"));
    let manifest = syntax()
        + &format!(
            "services:\n  app:\n    from: busybox:1.37\n    files: [a.txt]\n    image: '{name}'\n    annotations:\n      \
             index:org.example.index: i\n      index,manifest:org.example.both: b\n"
        );
    project.write("layerset.yaml", manifest).unwrap();
    let check = |image: &harness::registry::Image| {
        assert_eq!(image.root["annotations"], json!({"org.example.index": "i", "org.example.both": "b"}));
        assert_eq!(image.manifest["annotations"], json!({"org.example.both": "b"}));
    };
    push(engine, build(engine, &project).arg("--provenance=mode=min"), &tag);
    check(&pushed(engine, &format!("supply/app:{tag}")));
    ok(bake(engine, &project).args(&["--push", "--provenance=mode=min"]));
    check(&pushed(engine, &format!("supply/app:{tag}")));
}

/// The times of an image: its own, and those of the history that the base has not.
fn times(engine: &Engine, tag: &str) -> (Value, Vec<Value>) {
    let config = pushed(engine, &format!("supply/app:{tag}")).config;
    let history = config["history"].as_array().unwrap();
    (config["created"].clone(), history.iter().map(|entry| entry["created"].clone()).collect())
}

#[test]
fn source_date_epoch_is_the_time_of_an_image() {
    let (engine, (project, tag)) = (containerd(), both());
    for (target, file) in [("app", "Dockerfile"), ("bare", "bare.Dockerfile")] {
        let tags =
            [format!("{tag}-{target}"), format!("{tag}-{target}-dockerfile"), format!("{tag}-{target}-none")];
        let target = format!("--target={target}");
        // buildx takes it from its environment, and hands it on as a build argument.
        let told = |docker: Docker| docker.arg("--provenance=false").env("SOURCE_DATE_EPOCH", "1700000000");
        push(engine, told(build(engine, &project).arg(&target)), &tags[0]);
        push(engine, told(dockerfile(engine, &project, file)), &tags[1]);
        push(engine, build(engine, &project).args(&[&target, "--provenance=false"]), &tags[2]);
        let ours = times(engine, &tags[0]);
        assert_eq!(ours, times(engine, &tags[1]));
        assert_eq!(
            (&ours.0, ours.1.last().unwrap()),
            (&json!("2023-11-14T22:13:20Z"), &json!("2023-11-14T22:13:20Z"))
        );
        // Nobody says when: the base's own time, or that of all files of ours. Never that of the build.
        let untold = times(engine, &tags[2]).0;
        assert_eq!(
            untold,
            if file == "Dockerfile" { ours.1[0].clone() } else { json!("1980-01-01T00:00:00Z") }
        );
    }
}

#[test]
fn the_time_is_in_no_layer_and_can_be_the_manifests() {
    let (engine, (project, tag)) = (containerd(), both());
    let manifest = std::fs::read_to_string(project.path().join("layerset.yaml")).unwrap();
    project.write("layerset.yaml", manifest + "args: {SOURCE_DATE_EPOCH: '86400'}\n").unwrap();
    let plain = || build(engine, &project).args(&["--target=app", "--provenance=false"]);
    push(engine, plain(), &tag);
    push(engine, plain().arg("--build-arg=SOURCE_DATE_EPOCH=1700000000"), &format!("{tag}-other"));
    let [one, other] = ["", "-other"].map(|end| pushed(engine, &format!("supply/app:{tag}{end}")));
    assert_eq!(one.layers, other.layers);
    assert_eq!(one.config["created"], "1970-01-02T00:00:00Z");
    assert_eq!(other.config["created"], "2023-11-14T22:13:20Z");
    let manifest = std::fs::read_to_string(project.path().join("layerset.yaml")).unwrap();
    project.write("layerset.yaml", manifest.replace("86400", "yesterday")).unwrap();
    let refused = plain().run().unwrap();
    assert!(refused.stderr.contains("layerset.yaml:5:27: SOURCE_DATE_EPOCH"), "{}", refused.stderr);
    assert!(refused.stderr.contains("expected seconds since 1970"), "{}", refused.stderr);
}
