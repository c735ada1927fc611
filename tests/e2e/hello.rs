//! The example `hello`, by every command that its users have, and its containers at work.

use std::collections::BTreeSet;

use harness::project::unique;
use harness::tree::gunzip;
use harness::{Docker, Engine, Project};
use serde_json::{Value, json};

use crate::support::{bake, build, containerd, example, inspect, ok, page, progress, wait_for};

/// What every service's image has of the stage `base`.
const BASE_ENV: [&str; 2] = ["PYTHONUNBUFFERED=1", "TZ=UTC"];

/// A copy of the example with a motto that is nowhere else in the world. A secret is no part of a step's cache
/// key, so the page is new too.
fn hello() -> (Project, String) {
    let project = example("hello");
    let motto = format!("motto{}", unique().unwrap());
    project.write("motto.txt", format!("{motto}\n")).unwrap();
    let template = format!("<!doctype html>\n<!-- {} -->\n<p>$motto</p>\n", unique().unwrap());
    project.write("assets/page.html", template).unwrap();
    (project, motto)
}

fn env(config: &Value) -> BTreeSet<&str> {
    config["Env"].as_array().unwrap().iter().map(|entry| entry.as_str().unwrap()).collect()
}

/// What the manifest says, as containers of the image get it.
fn check_config(service: &str, config: &Value) {
    let port = match service {
        "web" => Some("8000"),
        "api" => Some("8001"),
        _ => None,
    };
    assert_eq!(config["Cmd"], json!(["python", "-m", service]));
    assert_eq!(config["User"], "1000:1000");
    assert_eq!(config["WorkingDir"], "/app");
    assert_eq!(config["Labels"]["org.opencontainers.image.vendor"], "example");
    let env = env(config);
    assert!(BASE_ENV.iter().all(|entry| env.contains(entry)), "{env:?}");
    assert!(env.iter().any(|entry| entry.starts_with("PATH=/usr/local/bin:")), "the base image's: {env:?}");
    if let Some(port) = port {
        assert!(env.contains(format!("PORT={port}").as_str()), "{env:?}");
        assert_eq!(config["ExposedPorts"], json!({ format!("{port}/tcp"): {} }));
        let test = json!(["CMD", "python", "-m", "common.probe", port]);
        let second = 1_000_000_000_u64;
        let expected = json!({"Test": test, "Interval": 2 * second, "Timeout": 2 * second, "Retries": 10});
        assert_eq!(config["Healthcheck"], expected);
    } else {
        assert!(env.contains("API=http://api:8001"), "{env:?}");
        assert_eq!(config["StopSignal"], "SIGINT");
        assert!(config["ExposedPorts"].is_null() && config["Healthcheck"].is_null(), "{config}");
    }
    let volumes = if service == "web" { json!({"/data": {}}) } else { Value::Null };
    assert_eq!(config["Volumes"], volumes);
}

#[test]
fn a_target_is_built_alone() {
    let engine = containerd();
    let (project, _) = hello();
    let tag = format!("hello-target:{}", unique().unwrap());
    let done = progress(build(engine, &project).args(&["--target=api", "--load", "--tag", &tag]));
    let of_others = |name: &str| ["copy web", "copy worker", "[page]"].iter().any(|part| name.contains(part));
    assert!(!done.steps().iter().any(|(name, _)| of_others(name)), "{done:?}");
    check_config("api", &inspect(engine, &tag)["Config"]);
    ok(engine.docker(&["image", "rm", &tag]));
}

#[test]
fn the_generated_bake_file_builds_all_and_keeps_the_secret() {
    let engine = containerd();
    let (project, motto) = hello();
    let services = ["web", "api", "worker"];
    let name = |service: &str| engine.registry().name(&format!("hello/{service}"));
    let tag = unique().unwrap();
    let mut command = bake(engine, &project).arg("--push").env("motto", &motto);
    for service in services {
        command = command.arg(format!("--set={service}.tags={}:{tag}", name(service)));
    }
    let done = progress(command);
    assert!(done.steps().iter().any(|(name, _)| name.contains("run python assets/render.py")), "{done:?}");

    let rendered = format!("a motto of {} letters", motto.len());
    for service in services {
        let image = engine.registry().image(&format!("hello/{service}:{tag}")).unwrap();
        check_config(service, &image.config["config"]);
        check_history(service, &image.config);
        assert!(!image.config.to_string().contains(&motto) && !image.root.to_string().contains(&motto));
        let mut pages = 0;
        // The first layer is the base image's: older than the secret.
        for layer in &image.layers[1..] {
            let blob = engine.registry().blob(&format!("hello/{service}"), &layer.digest).unwrap();
            let tar = gunzip(&blob).unwrap();
            let holds = |text: &str| tar.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!holds(&motto), "the secret is in layer {} of {service}", layer.digest);
            pages += usize::from(tar.len() < 1_000_000 && holds(&rendered));
        }
        assert_eq!(pages, usize::from(service == "web"), "only web has the page, in one layer");
    }
}

/// Every layer has its entry, in order, and the entry tells what is in it.
fn check_history(service: &str, config: &Value) {
    let history = config["history"].as_array().unwrap();
    let layers: Vec<&str> = history
        .iter()
        .filter(|entry| entry["empty_layer"] != true)
        .map(|entry| entry["created_by"].as_str().unwrap())
        .collect();
    assert_eq!(layers.len(), config["rootfs"]["diff_ids"].as_array().unwrap().len(), "{layers:?}");
    let mut expected = vec!["apt tzdata", "run useradd", "copy common"];
    if service == "web" {
        expected.push("app/index.html");
    }
    let own = format!("copy {service}");
    expected.push(&own);
    for what in expected {
        assert_eq!(layers.iter().filter(|name| name.contains(what)).count(), 1, "{what} in {layers:?}");
    }
}

/// The example as compose has it, with image names and ports of this test's own.
struct Composed {
    engine: &'static Engine,
    project: Project,
    name: String,
}

impl Composed {
    fn new() -> Self {
        let (project, _) = hello();
        let name = format!("hello{}", &unique().unwrap()[..12]);
        let own = format!(
            "services:\n  web:\n    image: {name}-web\n    ports: !override ['127.0.0.1::8000']\n  api:\n    image: {name}-api\n    \
             ports: !override ['127.0.0.1::8001']\n  worker:\n    image: {name}-worker\n"
        );
        project.write("compose.override.yaml", own).unwrap();
        Self { engine: containerd(), project, name }
    }

    fn compose(&self, args: &[&str]) -> Docker {
        self.engine
            .docker(&["compose", "--project-name", &self.name])
            .args(args)
            .current_dir(self.project.path())
    }

    fn port(&self, service: &str, port: &str) -> u16 {
        let address = ok(self.compose(&["port", service, port])).stdout;
        address.trim().rsplit_once(':').unwrap().1.parse().unwrap()
    }

    fn container(&self, service: &str) -> Value {
        let id = ok(self.compose(&["ps", "--all", "--quiet", service])).stdout;
        inspect(self.engine, id.trim())
    }
}

impl Drop for Composed {
    fn drop(&mut self) {
        let _ = self.compose(&["down", "--timeout", "1", "--volumes", "--rmi", "all"]).run();
    }
}

#[test]
fn compose_builds_and_runs_it() {
    let composed = Composed::new();
    ok(composed.compose(&["build"]));
    // Ends well only when what has a health check is healthy.
    ok(composed.compose(&["up", "--detach", "--no-build", "--wait", "--wait-timeout", "90"]));

    let api: Value = serde_json::from_str(&page(composed.port("api", "8001"), "/")).unwrap();
    assert_eq!((&api["service"], &api["uid"], &api["tz"]), (&json!("api"), &json!(1000), &json!("UTC")));
    let web = page(composed.port("web", "8000"), "/");
    assert!(web.contains("<p>a motto of 37 letters</p>"), "{web}");
    wait_for("the worker's answer from the API", || {
        let log = ok(composed.compose(&["logs", "--no-log-prefix", "worker"])).stdout;
        log.contains("\"service\": \"api\"").then_some(())
    });

    for service in ["web", "api", "worker"] {
        check_config(service, &inspect(composed.engine, &format!("{}-{service}", composed.name))["Config"]);
    }
    for service in ["web", "api"] {
        assert_eq!(composed.container(service)["State"]["Health"]["Status"], "healthy");
    }
    let mounts = &composed.container("web")["Mounts"];
    assert_eq!(
        (&mounts[0]["Type"], &mounts[0]["Destination"]),
        (&json!("volume"), &json!("/data")),
        "{mounts}"
    );

    ok(composed.compose(&["stop", "worker"]));
    let state = &composed.container("worker")["State"];
    assert_eq!(state["ExitCode"], 130, "Python ends so on SIGINT, and on no other signal: {state}");
}
