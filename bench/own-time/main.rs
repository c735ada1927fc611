//! The frontend's own time: from the start of its process to its Return, when the engine answers at once.
//!
//! `own-time BINARY [RUNS]` starts BINARY as an engine does, for generated manifests of growing size, and
//! prints a table; the same as JSON goes to `bench/results/own-time.json`.
#![expect(clippy::print_stdout, reason = "a measurement prints")]

#[path = "../../frontend/tests/gateway/fake/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests ask more of it")]
mod fake;
mod generate;
#[path = "../../frontend/tests/locked/mod.rs"]
#[allow(clippy::unwrap_used, reason = "a lock that cannot be made measures nothing")]
mod locked;
mod measure;
mod packages;
mod report;

use std::error::Error;
use std::path::{Path, PathBuf};

use buildkit_llb::{Graph, Image, Metadata};
use generate::Project;
use packages::Packages;
use prost::Message as _;

/// Numbers of services and of packages. The first is what every start costs.
const SIZES: [(usize, usize); 7] =
    [(1, 0), (22, 0), (100, 0), (1_000, 0), (5_000, 0), (22, 192), (1_000, 400)];

/// Requirement files besides the one of all services.
const FILES: usize = 20;

/// Runs before those that count.
const WARM_UP: usize = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let binary = arguments.next().map(PathBuf::from).ok_or("usage: own-time BINARY [RUNS]")?;
    let runs = arguments.next().and_then(|runs| runs.to_str()?.parse().ok()).unwrap_or(30);
    own_image()?;
    let mut rows = Vec::new();
    for (services, packages) in SIZES {
        let packages = (packages > 0).then(|| Packages::new(packages, FILES));
        let project = Project::new(services, packages);
        let mut measured = Vec::new();
        for run in 0..WARM_UP + runs {
            let one = measure::run(&binary, &project).await?;
            if run >= WARM_UP {
                measured.push(one);
            }
        }
        rows.push(report::Row::of(&project, &measured));
    }
    let table = report::table(&rows);
    println!("{table}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/results/own-time.json");
    std::fs::create_dir_all(file.parent().unwrap_or(&file))?;
    std::fs::write(&file, format!("{:#}\n", report::json(&rows)))?;
    Ok(())
}

/// Leaves the definition of the frontend's image where an engine does, below a `/run` of our own (see `own-time.sh`):
/// steps run on it.
fn own_image() -> Result<(), Box<dyn Error>> {
    let mut graph = Graph::new();
    let image = graph.add(Image::new("docker.io/layerset/frontend:1"), Metadata::default());
    let file = Path::new("/run/config/buildkit/metadata/frontend.bin");
    std::fs::create_dir_all(file.parent().unwrap_or(file))?;
    Ok(std::fs::write(file, graph.definition(image).encode_to_vec())?)
}
