//! What is told of contexts that cannot be had.

use harness::Project;

use crate::support::{build, containerd, syntax};
use crate::web::{Server, commit, publish};

#[test]
fn contexts_that_cannot_be_had_are_told() {
    let engine = containerd();
    let www = Project::new("www").unwrap();
    www.write("source/src/a.txt", "a\n").unwrap();
    www.write("source/layerset.yaml", syntax() + "services: {api: {from: scratch, files: [src/]}}\n")
        .unwrap();
    www.write("source/Dockerfile", "FROM scratch\nCOPY src/ /src/\n").unwrap();
    commit(&www, "v1");
    publish(&www);
    let server = Server::start(engine, www.path());
    let repository = server.url("repo.git");
    let project = Project::new("told").unwrap();
    let manifest = "services: {api: {from: scratch, copy: [{from: vendor, source: /src, target: /src}]}}\n";
    project.write("layerset.yaml", syntax() + manifest).unwrap();
    project.write("Dockerfile", "FROM scratch\nCOPY --from=vendor /src /src\n").unwrap();
    // Of a named context, at the place that names it.
    for (source, told) in [
        (format!("{repository}#nope"), vec!["layerset.yaml:2", "nope"]),
        (format!("{repository}#v1:nope"), vec!["layerset.yaml:2", "nope"]),
        (format!("{repository}?rev=v1"), vec!["found \"rev\" in its query, expected ref, tag, branch"]),
        (server.url("nope.tar"), vec!["layerset.yaml:2", "404"]),
    ] {
        let output = build(engine, &project).arg(format!("--build-context=vendor={source}")).run().unwrap();
        assert!(!output.success(), "{source}: {}", output.stderr);
        for word in told {
            assert!(output.stderr.contains(word), "{source}: no {word:?} in\n{}", output.stderr);
        }
        let theirs =
            ["buildx", "build", "--file=Dockerfile", ".", &format!("--build-context=vendor={source}")];
        let output = engine.docker(&theirs).current_dir(project.path()).run().unwrap();
        assert!(!output.success(), "{source}, as a Dockerfile: {}", output.stderr);
    }
    // Of the build context itself, by the engine's own frontend, which looks for the syntax line.
    for (context, file, told) in [
        (format!("{repository}#nope"), "layerset.yaml", "nope"),
        (format!("{repository}#v1:nope"), "layerset.yaml", "nope"),
        (repository.clone(), "nope.yaml", "nope.yaml"),
        (server.url("nope.tar"), "layerset.yaml", "404"),
    ] {
        for file in [file, &file.replace("layerset.yaml", "Dockerfile")] {
            let output = engine.docker(&["buildx", "build", "--file", file, &context]).run().unwrap();
            assert!(!output.success() && output.stderr.contains(told), "{context}: {}", output.stderr);
        }
    }
}
