//! The engines themselves: if these fail, no other test means anything.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use harness::{Engine, Flavour, Project, Result};

const DOCKERFILE: &str = "\
FROM busybox
RUN echo built-by-$(id -un) > /who
CMD [\"cat\", \"/who\"]
";

#[test]
fn the_containerd_store_builds_and_runs() {
    let engine = Engine::containerd().unwrap();
    assert_eq!(engine.flavour(), Flavour::Containerd);
    builds_and_runs(engine).unwrap();
}

#[test]
fn the_graphdriver_store_builds_and_runs() {
    let engine = Engine::graphdriver().unwrap();
    assert_eq!(engine.flavour(), Flavour::Graphdriver);
    builds_and_runs(engine).unwrap();
}

fn builds_and_runs(engine: &Engine) -> Result<()> {
    let info = engine.docker(&["info", "--format", "{{.DriverStatus}}"]).run()?.checked()?;
    let containerd = info.stdout.contains("io.containerd.snapshotter");
    assert_eq!(containerd, engine.flavour() == Flavour::Containerd, "{}", info.stdout);

    let project = Project::new("engine")?;
    project.write("Dockerfile", DOCKERFILE)?;
    let tag = "harness/builds-and-runs";
    engine.docker(&["buildx", "build", "--tag", tag, "."]).current_dir(project.path()).run()?.checked()?;
    let ran = engine.docker(&["run", "--rm", tag]).run()?.checked()?;
    assert_eq!(ran.stdout, "built-by-root\n");
    Ok(())
}

#[test]
fn a_second_up_does_nothing() {
    let before = Engine::up("main", Flavour::Containerd).unwrap();
    let id = |engine: &Engine| engine.docker(&["info", "--format", "{{.ID}}"]).run().unwrap().stdout;
    let pids = || {
        let place = harness::place::Place::open().unwrap();
        let all = harness::engine::status(&place);
        all.into_iter()
            .filter(|one| one.name == "main" || one.name == "registry")
            .map(|one| one.pid)
            .collect::<Vec<_>>()
    };
    let (id_before, pids_before) = (id(&before), pids());
    assert!(pids_before.iter().all(Option::is_some), "{pids_before:?}");
    let after = Engine::up("main", Flavour::Containerd).unwrap();
    assert_eq!(pids(), pids_before, "the same processes run on");
    assert_eq!(id(&after), id_before);
}

#[test]
fn the_base_images_are_the_same_on_all_engines() {
    let configs = |engine: &Engine| -> Vec<String> {
        let tags = ["busybox", "busybox:1.37", "python:3.13-slim", "ghcr.io/astral-sh/uv"];
        let format =
            ["image", "inspect", "--format", "{{json .RootFS}} {{json .Config.Env}} {{json .Config.Cmd}}"];
        let printed = engine.docker(&format).args(&tags).run().unwrap().checked().unwrap().stdout;
        printed.lines().map(str::to_owned).collect()
    };
    let expected = configs(Engine::containerd().unwrap());
    assert_eq!(expected.len(), 4);
    assert_eq!(configs(Engine::graphdriver().unwrap()), expected);
    assert_eq!(configs(Engine::second().unwrap()), expected);
}

#[test]
fn published_ports_are_on_the_loopback_address() {
    let engine = Engine::containerd().unwrap();
    let project = Project::new("compose").unwrap();
    let compose = "\
services:
  web:
    image: python:3.13-slim
    command: python -m http.server 8000 --directory /srv
    volumes: ['./srv:/srv:ro']
    ports: ['8000']
";
    project.write("compose.yaml", compose).unwrap().write("srv/hello.txt", "hello from compose\n").unwrap();
    let compose = |args: &[&str]| {
        engine.docker(&["compose"]).args(args).current_dir(project.path()).run().unwrap().checked().unwrap()
    };
    compose(&["up", "--detach", "--quiet-pull"]);
    let address = compose(&["port", "web", "8000"]).stdout;
    let port = address.trim().rsplit_once(':').unwrap().1.parse().unwrap();
    let answer = get_when_up(port, "/hello.txt");
    compose(&["down", "--timeout", "0"]);
    assert!(answer.ends_with("hello from compose\n"), "{answer}");
}

#[test]
fn steps_reach_the_package_indexes() {
    let project = Project::new("network").unwrap();
    let dockerfile = "\
FROM python:3.13-slim
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends hello >/dev/null && hello
RUN pip install --quiet --root-user-action=ignore iniconfig && python -c 'import iniconfig; print(iniconfig.__name__)'
";
    project.write("Dockerfile", dockerfile).unwrap();
    for engine in [Engine::containerd().unwrap(), Engine::graphdriver().unwrap()] {
        let build = engine.docker(&["buildx", "build", "--no-cache", "."]).current_dir(project.path());
        let output = build.run().unwrap().checked().unwrap();
        let lines = output.step_lines();
        assert!(lines.contains(&"Hello, world!") && lines.contains(&"iniconfig"), "{}", output.stderr);
    }
}

#[test]
fn a_bake_goes_to_the_registry_and_its_cache_to_a_second_engine() {
    let engine = Engine::containerd().unwrap();
    let registry = engine.registry();
    let project = Project::new("bake").unwrap();
    let stamp = std::process::id();
    let cache = registry.name("harness/bake:cache");
    let bake = format!(
        r#"group "default" {{ targets = ["one", "two"] }}
target "base" {{ args = {{ STAMP = "{stamp}" }} }}
target "one" {{
  inherits = ["base"]
  tags = ["{one}"]
  cache-to = ["type=registry,ref={cache},mode=max"]
  cache-from = ["type=registry,ref={cache}"]
}}
target "two" {{
  inherits = ["base"]
  target = "early"
  tags = ["{two}"]
}}
"#,
        one = registry.name("harness/one:1"),
        two = registry.name("harness/two:1"),
    );
    let dockerfile = "\
FROM busybox AS early
ARG STAMP
RUN echo early-$STAMP | tee /early
FROM early
RUN echo late | tee /late
";
    project.write("docker-bake.hcl", bake).unwrap().write("Dockerfile", dockerfile).unwrap();
    let pushed = engine.docker(&["buildx", "bake", "--push"]).current_dir(project.path());
    let pushed = pushed.run().unwrap().checked().unwrap();
    let early = format!("early-{stamp}");
    assert!(pushed.step_lines().contains(&early.as_str()), "{}", pushed.stderr);

    let one = registry.image("harness/one:1").unwrap();
    let two = registry.image("harness/two:1").unwrap();
    assert_eq!(one.layers.len(), 3);
    assert_eq!(one.layers[..2], two.layers[..], "both share what is before the last step");
    let layer = registry.blob("harness/one", &one.layers[2].digest).unwrap();
    assert_eq!(layer.len() as u64, one.layers[2].size);

    let second = Engine::second().unwrap();
    let again =
        second.docker(&["buildx", "bake", "one", "--set", "one.cache-to="]).current_dir(project.path());
    let again = again.run().unwrap().checked().unwrap();
    assert_eq!(again.step_lines(), Vec::<&str>::new(), "{}", again.stderr);
    assert!(again.stderr.contains("CACHED"), "{}", again.stderr);
}

#[test]
fn engines_leave_the_hosts_network_alone() {
    Engine::containerd().unwrap();
    let links = std::fs::read_dir("/sys/class/net").unwrap();
    let names: Vec<String> = links.map(|link| link.unwrap().file_name().into_string().unwrap()).collect();
    let own_docker = std::path::Path::new("/var/run/docker.sock").exists();
    assert!(
        own_docker || !names.iter().any(|name| name.starts_with("docker") || name.starts_with("veth")),
        "{names:?}"
    );
}

/// A published port is on the host within a second or so: pasta looks for new ones once a second.
fn get_when_up(port: u16, path: &str) -> String {
    use std::io::{Read, Write};
    let start = Instant::now();
    loop {
        let mut answer = String::new();
        let result = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
            stream.read_to_string(&mut answer)
        });
        if result.is_ok() && !answer.is_empty() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "nothing answers on port {port}: {result:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
