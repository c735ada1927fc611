//! Python packages where the build context is a repository.

use harness::Project;

use crate::python_support::{Shelf, service};
use crate::support::{build, containerd, ok};
use crate::web::{Server, commit, publish, vertices};

#[test]
fn requirements_are_read_from_a_repository() {
    let engine = containerd();
    let mut shelf = Shelf::new(engine);
    for name in ["outer", "inner"] {
        shelf.add(name, "1.0", 2000);
    }
    shelf.manifest(
        "",
        "",
        &[service("api", "from: 'python:3.13-slim', requirements: [deploy/all.txt], files: [src/]")],
    );
    for (path, text) in [
        ("deploy/all.txt", "-r base.txt\nouter\n"),
        ("deploy/base.txt", "inner==1.0\n"),
        ("src/main.py", "import outer.body\n"),
        // Requirement files are for us and not for images: nobody has to take them out of it.
        (".dockerignore", "deploy\n"),
    ] {
        shelf.project.write(path, text).unwrap();
    }
    let lock = ok(build(engine, &shelf.project).arg("--call=lock")).stdout;
    let published = |text: &str| {
        let www = Project::new("www").unwrap();
        shelf.project.write("src/main.py", text).unwrap();
        www.write("source/.keep", "").unwrap();
        harness::run::output(
            harness::run::command("cp")
                .arg("-r")
                .arg(shelf.project.path().join("."))
                .arg("source/")
                .current_dir(www.path()),
        )
        .unwrap();
        commit(&www, "v1");
        publish(&www);
        www
    };
    let www = published("import outer.body\n");
    let server = Server::start(engine, www.path());
    let remote = |server: &Server<'_>| {
        let url = server.url("repo.git");
        engine.docker(&["buildx", "build", "--file=layerset.yaml", &url]).traced()
    };
    assert_eq!(ok(remote(&server).arg("--call=lock")).stdout, lock, "as of the checkout");

    // A build without a lock is warned of, and whoever calls `check` is told by its exit status.
    let checks = [build(engine, &shelf.project), remote(&server)].map(|docker| {
        let output = docker.arg("--call=check").run().unwrap();
        (output.stdout, output.status.code())
    });
    assert!(checks[0].0.contains("requirements"), "{}", checks[0].0);
    assert_eq!(checks[1], checks[0], "as of the checkout");

    let name = shelf.name("api");
    ok(remote(&server).args(&["--push", "--tag", &name]));
    let printed = shelf.python("api", "import outer.body, inner.body; print('there')");
    assert_eq!(printed, "there\n");

    // Another commit with the same requirements resolves nothing.
    let www = published("import outer.body, inner.body\n");
    let server = Server::start(engine, www.path());
    let again = ok(remote(&server).args(&["--push", "--tag", &name]));
    let resolved: Vec<bool> = vertices(&again, "resolve Python requirements").into_values().collect();
    assert_eq!(resolved, [true], "from the cache");
    assert_eq!(shelf.run("api", &["cat", "/src/main.py"]), "import outer.body, inner.body\n");
}
