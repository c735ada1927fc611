//! `layerset plan` and `layerset check` with Python packages, on a disk: no engine, no index.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

mod locked;
mod project;

use locked::{Package, lock, requirements};
use project::Project;
use serde_json::Value;

const MB: u64 = 1_000_000;

const PACKAGES: &[Package] = &[
    ("cudnn", "9.1", 600 * MB, &[]),
    ("flask", "3.1.0", 100_000, &[]),
    ("gunicorn", "23.0.0", 85_000, &[]),
    ("playwright", "1.49.1", 66 * MB, &[]),
    ("torch", "2.5.1", 900 * MB, &["cudnn"]),
    ("transformers", "4.48.0", 9 * MB, &["torch"]),
];

const WEB: &[&str] = &["flask", "gunicorn"];
const ML: &[&str] = &["flask", "transformers", "playwright"];

const MANIFEST: &str = "\
python: {lock: pylock.toml}
services:
  ai: {from: 'python:3.13-slim', requirements: [requirements/ml.txt], files: [lib/, ai/], command: playwright run-server}
  web: {from: 'python:3.13-slim', requirements: [requirements/web.txt], files: [lib/, web/]}
";

/// Two services with their requirements, sources and lock.
fn shop(name: &str) -> Project {
    let files = [
        ("layerset.yaml", MANIFEST),
        ("requirements/web.txt", &requirements(WEB)),
        ("requirements/ml.txt", &requirements(ML)),
        ("lib/a.py", "import os, flask\n"),
        ("ai/main.py", "def load():\n    from transformers import pipeline\n"),
        ("web/app.py", "# import torch\nx = 'import torch'\nfrom . import torch\n"),
    ];
    let project = Project::new(name, &files);
    project.lock(PACKAGES, &[("requirements/ml.txt", ML), ("requirements/web.txt", WEB)]);
    project
}

impl Project {
    fn lock(&self, packages: &[Package], files: &[(&str, &[&'static str])]) {
        self.write("pylock.toml", &lock(packages, files));
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[args, &["--format", "json"]].concat())).unwrap()
    }

    /// The warnings of `check`, one line each.
    fn warnings(&self) -> Vec<String> {
        let text = self.ok(&["check"]);
        text.lines().filter(|line| line.contains(": warning: ")).map(str::to_owned).collect()
    }
}

#[test]
fn the_plan_shows_wheels_and_the_lines_behind_the_heavy_ones() {
    let project = shop("packages-plan");
    let text = project.ok(&["plan"]);
    for part in [
        "flask 3.1.0 100.0 kB",
        "torch 2.5.1",
        "requirements/ml.txt:2: transformers → torch (service ai)",
        "requirements/ml.txt:2: transformers → torch → cudnn (service ai)",
        "requirements/ml.txt:3: playwright (service ai)",
        "packages are those for Python 3.13 in /usr/local/lib/python3.13/site-packages on x86_64 with glibc",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    let json = project.json(&["plan"]);
    let layers = json["figures"]["layers"].as_object().unwrap();
    let holding = |name: &str| {
        let has = |layer: &&Value| {
            layer["wheels"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == name))
        };
        layers.values().find(has).unwrap()
    };
    // Heavy ones are alone; what both services need is in one layer of theirs.
    assert_eq!(holding("torch")["wheels"].as_array().unwrap().len(), 1);
    assert_eq!(holding("flask")["images"], serde_json::json!(["ai", "web"]));
    assert_eq!(holding("torch")["wheels"][0]["reasons"][0]["line"], 2);
    assert!(holding("flask")["wheels"][0].get("reasons").is_none());
    // 900 + 600 + 66 + 9 MB, and flask.
    let bytes = json["figures"]["images"]["ai"]["bytes"].as_u64().unwrap();
    assert!((1_575 * MB + 100_000..1_576 * MB).contains(&bytes), "{bytes}");
}

#[test]
fn without_a_lock_it_says_what_is_not_shown() {
    let project = shop("packages-unlocked");
    project.write("layerset.yaml", &MANIFEST.replace("python: {lock: pylock.toml}\n", ""));
    let text = project.ok(&["plan"]);
    assert!(
        text.contains("packages are not shown: they are not locked") && !text.contains("flask"),
        "{text}"
    );
    assert!(project.warnings().iter().any(|line| line.contains("the packages are not locked")));
}

#[test]
fn a_diff_names_packages() {
    let project = shop("packages-diff");
    project.write("old.json", &project.ok(&["plan", "--format", "json"]));
    assert_eq!(project.ok(&["plan", "--diff", "old.json"]), "nothing changes\n");
    let mut packages = PACKAGES.to_vec();
    packages[3] = ("rich", "13.9.4", 240_000, &[]);
    packages[1].1 = "3.1.1";
    let ml: &[&str] = &["flask", "transformers", "rich"];
    project.write("requirements/ml.txt", &requirements(ml));
    project.lock(&packages, &[("requirements/ml.txt", ml), ("requirements/web.txt", WEB)]);
    let text = project.ok(&["plan", "--diff", "old.json"]);
    for part in ["3.1.0 → 3.1.1", "removed 1.49.1", "added 13.9.4", "240.0 kB", "2 of 2 images change"] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    let json = project.json(&["plan", "--diff", "old.json"]);
    let names: Vec<&String> = json["packages"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["flask", "playwright", "rich"]);
    assert_eq!(
        json["packages"]["flask"],
        serde_json::json!({"from": ["3.1.0"], "to": ["3.1.1"], "new_bytes": 100_000})
    );
}

#[test]
fn a_stale_lock_is_a_mistake() {
    let project = shop("packages-stale");
    project.write("requirements/web.txt", "flask\ngunicorn\nredis\n");
    for command in ["plan", "check"] {
        let output = project.run(&[command]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("requirements/web.txt has changed since the lock was made"), "{error}");
    }
}

#[test]
fn heavy_packages_that_nothing_imports() {
    let project = shop("packages-unused");
    assert_eq!(project.warnings(), Vec::<String>::new());
    // The service that took all of them without needing them.
    let both = MANIFEST.replace("[requirements/web.txt]", "[requirements/web.txt, requirements/ml.txt]");
    project.write("layerset.yaml", &both);
    let expected = [
        "layerset.yaml:4:72: warning: \"playwright\" at requirements/ml.txt:3 brings 66.0 MB into service web, whose sources use \
         nothing of it: playwright 1.49.1 (66.0 MB)",
        "layerset.yaml:4:72: warning: \"transformers\" at requirements/ml.txt:2 brings 1.5 GB into service web, whose \
         sources use nothing of it: torch 2.5.1 (900.0 MB), cudnn 9.1 (600.0 MB)",
    ];
    assert_eq!(project.warnings(), expected);
    // Imported somewhere in what it ships, however deep; a word of its command; a name in a string.
    project.write("web/lib/deep.py", "try:\n  import x; import torch.nn as n\nexcept ImportError: pass\n");
    assert_eq!(project.warnings(), expected[..1]);
    project.write("web/app.py", "import importlib\nimportlib.import_module('playwright.sync_api')\n");
    assert_eq!(project.warnings(), Vec::<String>::new());
    project.write("web/app.py", "");
    project.write(
        "layerset.yaml",
        &(both.trim_end().trim_end_matches('}').to_owned() + ", command: python -m playwright}\n"),
    );
    assert_eq!(project.warnings(), Vec::<String>::new());
}

#[test]
fn sources_that_are_not_all_seen_are_given_the_benefit() {
    let project = shop("packages-unseen");
    let both = MANIFEST.replace("[requirements/web.txt]", "[requirements/web.txt, requirements/ml.txt]");
    project.write("layerset.yaml", &both.replace("[lib/, web/]", "[templates/]"));
    project.write("templates/index.html", "<html>");
    assert_eq!(project.warnings(), Vec::<String>::new());
}

#[test]
fn stages_are_judged_by_all_that_is_built_on_them() {
    let project = shop("packages-stage");
    let manifest = "\
python: {lock: pylock.toml}
stages:
  base: {from: 'python:3.13-slim', requirements: [requirements/ml.txt, requirements/web.txt]}
services:
  ai: {from: base, files: [ai/], command: playwright run-server}
  web: {from: base, files: [web/]}
";
    project.write("layerset.yaml", manifest);
    assert_eq!(project.warnings(), Vec::<String>::new());
    project.write("ai/main.py", "import flask\n");
    let warnings = project.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("brings 1.5 GB into stage base"), "{warnings:?}");
}

#[test]
fn pins_that_differ_and_files_that_nobody_uses() {
    let project = shop("packages-pins");
    let (ml, web) = (&["flask==3.0.0", "torch"][..], &["flask==3.1.0"][..]);
    project.write("layerset.yaml", &MANIFEST.replace("python: {lock: pylock.toml}\n", ""));
    project.write("requirements/ml.txt", &requirements(ml));
    project.write("requirements/web.txt", &requirements(web));
    project.write("requirements/old.txt", "flask==2\n");
    let warnings = project.warnings().join("\n");
    for part in [
        "layerset.yaml:2:49: warning: flask is pinned to 3.0.0 at requirements/ml.txt:1 and to 3.1.0 at requirements/web.txt:1",
        "warning: nobody uses requirements/old.txt, which lies beside a requirement file that is used",
    ] {
        assert!(warnings.contains(part), "no {part:?} in\n{warnings}");
    }
}

/// A lock in which flask has a source distribution instead of a wheel.
fn without_a_wheel() -> String {
    let lock = lock(PACKAGES, &[("requirements/ml.txt", ML), ("requirements/web.txt", WEB)]);
    let wheel = "wheels = [{ name = \"flask-3.1.0-py3-none-any.whl\"";
    let (before, after) = lock.split_once(wheel).unwrap();
    let sdist = "sdist = { name = \"flask-3.1.0.tar.gz\"";
    let after =
        after.replacen("flask-3.1.0-py3-none-any.whl", "flask-3.1.0.tar.gz", 1).replacen("}]", "}", 1);
    format!("{before}{sdist}{after}")
}

#[test]
fn what_has_no_wheel_is_built_by_the_image_of_uv() {
    let project = shop("packages-sdist");
    project.write("pylock.toml", &without_a_wheel());
    let image = |args: &[&str]| {
        let listing = project.ok(&[&["llb", "--target", "web"], args].concat());
        let line = listing.lines().find(|line| line.contains("/uv:latest")).unwrap_or_default();
        line.split_whitespace().find(|word| word.contains("/uv:latest")).map(str::to_owned)
    };
    assert_eq!(image(&[]).as_deref(), Some("ghcr.io/astral-sh/uv:latest"));
    // A context of that name is no image that is known here: it is called as others are.
    let own = image(&["--build-context", "uv=docker-image://mirror.test/uv:1"]);
    assert_eq!(own.as_deref(), Some("docker.io/library/uv:latest"));
}

#[test]
fn the_step_that_builds_a_file_of_the_context_knows_its_hash() {
    let project = shop("packages-sdist-here");
    let (address, path) = ("url = \"https://packages.example.com/flask-", "path = \"vendor/flask-");
    project.write("pylock.toml", &without_a_wheel().replace(address, path));
    project.write("vendor/flask-3.1.0.tar.gz", "");
    let listing = project.ok(&["llb", "--target", "web"]);
    let step = listing.lines().find(|line| line.contains(" build-wheel ")).unwrap_or_default();
    // The second package's in the lock.
    let hash = format!(" sha256:{:064x}=/.layerset/sdist/flask-3.1.0.tar.gz ", 1);
    assert!(step.contains(&hash), "no {hash:?} in {step:?}");
}
