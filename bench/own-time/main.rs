//! The frontend's own time: from the start of its process to its Return, when the engine answers at once.
//!
//! `own-time BINARY [RUNS]` starts BINARY as an engine does, for generated manifests of growing size, and
//! prints a table; the same as JSON goes to `bench/results/own-time.json`.
#![expect(clippy::print_stdout, reason = "a measurement prints")]

#[path = "../../frontend/tests/gateway/fake/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests ask more of it")]
mod fake;
mod generate;
mod measure;
mod report;

use std::error::Error;
use std::path::{Path, PathBuf};

use generate::Project;

/// Numbers of services. The first is what every start costs.
const SIZES: [usize; 5] = [1, 22, 100, 1_000, 5_000];

/// Runs before those that count.
const WARM_UP: usize = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let binary = arguments.next().map(PathBuf::from).ok_or("usage: own-time BINARY [RUNS]")?;
    let runs = arguments.next().and_then(|runs| runs.to_str()?.parse().ok()).unwrap_or(30);
    let mut rows = Vec::new();
    for services in SIZES {
        let project = Project::new(services);
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
