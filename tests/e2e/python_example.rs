//! The example `python`, with the packages of the real index.

use harness::project::unique;

use crate::support::{bake, build, containerd, example, ok, progress};

#[test]
fn the_example_builds_runs_and_shares_its_packages() {
    let engine = containerd();
    let project = example("python");
    // This machine's way to the index may have authorities of its own.
    let manifest = std::fs::read_to_string(project.path().join("layerset.yaml")).unwrap();
    let authorities = std::fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    project.write("authorities.pem", authorities).unwrap();
    let (head, rest) = manifest.split_once("\nname: ").unwrap();
    let with = |python: &str| format!("{head}\npython: {{{python}}}\nname: {rest}");
    project.write("layerset.yaml", with("certificates: authorities.pem")).unwrap();

    // As its README says: first the lock.
    let lock = ok(build(engine, &project).arg("--call=lock")).stdout;
    project.write("pylock.toml", lock).unwrap();
    project.write("layerset.yaml", with("lock: pylock.toml")).unwrap();
    let tag = unique().unwrap();
    let name =
        |service: &str| format!("{}:{tag}", engine.registry().name(&format!("example-python/{service}")));
    let services = ["api", "report", "worker"];
    let mut command = bake(engine, &project).arg("--push");
    for service in services {
        command = command.arg(format!("--set={service}.tags={}", name(service)));
    }
    progress(command);

    let run = |service: &str, command: &[&str]| {
        ok(engine.docker(&["run", "--rm", "--quiet", "--network=none", &name(service)]).args(command)).stdout
    };
    assert_eq!(run("worker", &[]), "worker: jinja2, markupsafe\n");
    assert_eq!(run("report", &[]), "report: jinja2, markupsafe, numpy; 2 + 2 = 4\n");
    let page = "import api.__main__ as a; print(a.app.test_client().get('/').text)";
    let said = run("api", &["python3", "-c", page]);
    assert!(
        said.starts_with("api: blinker, click, flask, itsdangerous, jinja2, markupsafe, werkzeug"),
        "{said}"
    );

    let layers = services
        .map(|service| engine.registry().image(&format!("example-python/{service}:{tag}")).unwrap().layers);
    let shared: Vec<_> =
        layers[2].iter().filter(|layer| layers[0].contains(layer) && layers[1].contains(layer)).collect();
    // The base's, that of jinja2 and that of common/.
    assert!(shared.len() >= 3, "{shared:?}");
    for service in services {
        ok(engine.docker(&["image", "rm", "--force", &name(service)]));
    }
}
