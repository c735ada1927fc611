//! Every example: its plan, the graph of every target, and the digests those end in. Nothing here
//! asks an engine, so bases are as if they had no configuration.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use buildkit_llb::listing::Listing;
use layerset::disk::Disk;
use layerset::emit::{self, Input, Settings, Sources};
use layerset::manifest::Inputs;
use layerset::pipeline::{self, Checked};
use layerset::plan::{Facts, Look, Looks, Plan, plan};
use layerset::platform::Platform;

/// Names of examples, and the directories of their manifests.
fn examples() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut examples: Vec<_> = folders
        .filter(|path| path.is_dir())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let path = if path.join("generate.py").exists() { generated(&name, &path) } else { path };
            (name, path)
        })
        .collect();
    examples.sort();
    examples
}

/// What an example's generator makes, small, in a directory of its own. The manifest is below `backend/`.
fn generated(name: &str, example: &Path) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("golden-{name}"));
    let _ = fs::remove_dir_all(&target);
    let mut generate = Command::new("python3");
    generate.arg(example.join("generate.py")).arg(&target).arg("--scale=0.001");
    assert!(generate.status().unwrap().success(), "{generate:?}");
    target.join("backend")
}

async fn checked(example: &Path) -> (Checked, Plan) {
    let disk = Disk { manifest: example.join("layerset.yaml"), context: example.to_owned() };
    let inputs = Inputs::default();
    let checked = pipeline::check(&disk, &inputs).await.unwrap();
    let plan = plan(&checked.manifest, &Facts::default(), checked.ignore.clone());
    let found = checked.kinds(&disk, &plan, None, &checked.everything()).await;
    assert!(found.is_ok(), "{found:?}");
    (checked, plan)
}

/// Listings of all targets, and a line for each with the digest that it ends in.
fn graphs(checked: &Checked, plan: &Plan) -> (String, String) {
    let settings = Settings::offline(Platform::new("linux", "amd64", ""));
    let input = Input {
        plan,
        sources: &Sources::new(),
        looks: &Looks::new(),
        context: &Look::new(),
        source: &checked.source,
        settings: &settings,
    };
    let (mut listings, mut heads) = (String::new(), String::new());
    for target in checked.everything() {
        let listing = Listing::of(&emit::emit(input, &target).definition).unwrap();
        let head = listing.head.map_or("scratch", |head| listing.ops[head.op].digest.as_str());
        let _ = writeln!(heads, "{} {head}", target.name());
        let _ = writeln!(listings, "== {}\n{}", target.name(), listing.text());
    }
    (listings, heads)
}

#[tokio::test]
async fn golden_examples() {
    let examples = examples();
    assert!(!examples.is_empty());
    for (name, example) in examples {
        let (checked, plan) = checked(&example).await;
        assert!(checked.warnings.is_empty(), "{}: {:?}", example.display(), checked.warnings);
        let (listings, heads) = graphs(&checked, &plan);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("golden");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            insta::assert_snapshot!(format!("{name}.plan"), serde_json::to_string_pretty(&plan).unwrap());
            insta::assert_snapshot!(format!("{name}.llb"), listings);
            insta::assert_snapshot!(format!("{name}.heads"), heads);
        });
    }
}
