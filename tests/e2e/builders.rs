//! Builders of other machines: clients without an engine, and one BuildKit behind buildx's `remote` driver.

use harness::frontend::FRONTEND;
use harness::project::unique;
use harness::{Engine, Project};

use crate::support::{containerd, ok, pushed};

/// The frontend where any builder finds it: in the registry.
pub(crate) fn published(engine: &Engine) -> String {
    let name = engine.registry().name(FRONTEND);
    ok(engine.docker(&["tag", FRONTEND, &name]));
    ok(engine.docker(&["push", "--quiet", &name]));
    name
}

#[test]
fn a_remote_builder_is_shared_by_clients_without_an_engine() {
    let engine = containerd();
    let frontend = published(engine);
    let (project, tag) = (Project::new("remote").unwrap(), unique().unwrap());
    let endpoint = engine.serve_buildkit(&project.path().join("buildkitd.sock")).unwrap();
    let images = ["one", "two"].map(|name| engine.registry().name(&format!("remote/{name}:{tag}")));
    let manifest = format!(
        "# syntax={frontend}\nstages:\n  base: {{from: 'busybox:1.37', run: ['echo {tag} > /made']}}\nservices:\n  \
         one: {{from: base, image: '{}', files: [one.txt]}}\n  two: {{from: base, image: '{}', files: [two.txt]}}\n",
        images[0], images[1]
    );
    let mut clients = Vec::new();
    for (number, runs) in [(1, true), (2, false)] {
        let checkout = Project::new("checkout").unwrap();
        checkout.write("layerset.yaml", &manifest).unwrap();
        checkout.write("one.txt", &tag).unwrap().write("two.txt", &tag).unwrap();
        let config = project.path().join(format!("client{number}"));
        let client = |args: &[&str]| {
            let docker = engine.bare_client(&config, args).unwrap();
            docker.current_dir(checkout.path()).traced()
        };
        ok(client(&["buildx", "create", "--name", "shared", "--driver", "remote", "--use", &endpoint]));
        let printed = ok(client(&["buildx", "build", "--file=layerset.yaml", "--call=bake", "."])).stdout;
        checkout.write("bake.json", printed).unwrap();
        let place = format!("ref={}", engine.registry().name(&format!("remote/cache-{tag}/")));
        let bake = client(&["buildx", "bake", "--file=bake.json", "--push", "--provenance=false"])
            .env("LAYERSET_CACHE_FROM", format!("type=registry,{place}"))
            .env("LAYERSET_CACHE_TO", format!("type=registry,mode=max,{place}"));
        let progress = ok(bake).progress();
        assert_eq!(progress.done().iter().any(|name| name.contains("run echo")), runs, "{progress:?}");
        if !runs {
            assert_eq!(progress.done(), Vec::<&str>::new(), "{progress:?}");
        }
        let digests =
            ["one", "two"].map(|name| pushed(engine, &format!("remote/{name}:{tag}")).manifest.to_string());
        clients.push(digests);
        ok(client(&["buildx", "rm", "shared"]));
    }
    assert_eq!(clients[0], clients[1]);
}
