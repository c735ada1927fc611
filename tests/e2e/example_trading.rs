//! The example `trading` by its Makefile: 22 services built, compared with those of before, and run by compose. Models
//! and data are small here, and large packages have stand-ins (`generate.py --stand-ins`); the others are the real index's.

use std::collections::BTreeSet;
use std::path::Path;

use harness::place::workspace;
use harness::run;
use harness::{Engine, Project};

use crate::support::{inspect, ok};

/// What compose publishes: ports that the engine finds free.
const PORTS: [&str; 7] = [
    "AI_PORT",
    "ANALYTICS_PORT",
    "API_GATEWAY_PORT",
    "AUTH_PORT",
    "BILLING_PORT",
    "PRICE_FEED_PORT",
    "TRADE_ENGINE_PORT",
];

/// The example in a directory of its own, on an engine on which nobody else has a project of this name. What it has there
/// goes with it.
struct Trading {
    engine: &'static Engine,
    project: Project,
}

impl Trading {
    fn generate() -> Self {
        let engine = Engine::private().unwrap().with_frontend().unwrap();
        let trading = Self { engine, project: Project::new("trading").unwrap() };
        let generate = workspace().join("examples/trading/generate.py");
        let options = ["--scale=0.001", "--stand-ins"];
        run::output(run::command("python3").arg(generate).arg(trading.path()).args(options)).unwrap();
        // This machine's way to the index may have authorities of its own.
        let manifest = std::fs::read_to_string(trading.path().join("backend/layerset.yaml")).unwrap();
        let authorities = std::fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
        trading.project.write("backend/authorities.pem", authorities).unwrap();
        let manifest = manifest.replace("\npython: {", "\npython: {certificates: authorities.pem, ");
        trading.project.write("backend/layerset.yaml", manifest).unwrap();
        trading
    }

    fn path(&self) -> &Path {
        self.project.path()
    }

    /// What is printed by targets of its Makefile.
    fn make(&self, targets: &[&str]) -> String {
        let mut make = run::command("make");
        make.arg("--no-print-directory").args(targets).current_dir(self.path());
        make.envs(self.engine.environment()).envs(PORTS.map(|name| (name, "0")));
        run::output(&mut make).unwrap()
    }

    fn model(&self) -> String {
        let config = ["compose", "--file=docker-compose.yml", "config"];
        ok(self.engine.docker(&config).current_dir(self.path())).stdout
    }

    fn layers(&self, service: &str) -> BTreeSet<String> {
        let image = inspect(self.engine, &format!("trading/{service}:layerset"));
        let layers = image["RootFS"]["Layers"].as_array().unwrap();
        layers.iter().map(|layer| layer.as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Trading {
    fn drop(&mut self) {
        let mut make = run::command("make");
        make.arg("clean").current_dir(self.path()).envs(self.engine.environment());
        let _ = run::output(&mut make);
    }
}

#[test]
fn the_trading_example_is_built_by_layerset_and_runs_as_before() {
    let trading = Trading::generate();
    let model = trading.model();
    trading.make(&["build"]);

    // Images of before have the same configuration, whatever packages are in them.
    trading.project.write("backend/requirements.txt", "# nothing\n").unwrap();
    trading.make(&["before"]);
    let checked = trading.make(&["verify-images"]);
    assert_eq!(checked.lines().last(), Some("images: 22 services, nothing differs"));

    trading.make(&["up"]);
    let checked = trading.make(&["verify"]);
    assert!(checked.contains("compose: 22 services, nothing differs\n"), "{checked}");
    assert_eq!(checked.lines().filter(|line| line.contains(": healthy, ")).count(), 22, "{checked}");
    trading.make(&["down"]);

    // Only who selects models, logs or notebooks has them.
    let list = ["run", "--rm", "--quiet", "--network=none", "trading/auth:layerset", "ls", "/app"];
    let files = ok(trading.engine.docker(&list)).stdout;
    assert!(files.contains("auth\n") && !files.contains("models") && !files.contains("logs"), "{files}");
    let (auth, backtester) = (trading.layers("auth"), trading.layers("backtester"));
    // The base, its step, the packages of all and what they are compiled to, code of all.
    assert!(auth.intersection(&backtester).count() >= 5, "{auth:?} {backtester:?}");
    assert_eq!(trading.model(), model, "without the file of Layerset, all is as before");
}
