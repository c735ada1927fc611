//! `layerset plan` as a program: its answers, files and exit codes.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

mod project;

use std::fs;

use project::Project;
use serde_json::Value;

/// What is said by a command that must end with the user's mistake.
fn error(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

const MANIFEST: &str = "\
services:
  api: {from: scratch, files: [lib/, api/]}
  web: {from: scratch, files: [{source: lib/, include: ['**/*.py']}, {source: lib/, exclude: ['deep/x.*']}, web/]}
";

fn shop(name: &str) -> Project {
    // Large enough to be worth a layer of their own.
    let thousands = |count: usize| "x".repeat(count * 1000);
    Project::new(
        name,
        &[
            ("layerset.yaml", MANIFEST),
            (".dockerignore", "**/*.log\nlib/secret\n"),
            ("lib/a.py", &thousands(50)),
            ("lib/deep/x.py", &thousands(30)),
            ("lib/deep/x.c", &thousands(20)),
            ("lib/b.log", "no"),
            ("lib/secret/key", "no"),
            ("api/main", "1"),
            ("web/main", "1234567"),
            ("other/large", "not selected"),
        ],
    )
}

#[test]
fn the_plan_tells_bytes_of_what_is_sent() {
    let project = shop("plan-bytes");
    let json: Value = serde_json::from_str(&project.ok(&["plan", "--format", "json"])).unwrap();
    let totals = &json["figures"]["totals"];
    let figure = |name: &str| totals[name].as_u64().unwrap();
    // api: 50,000 + 30,000 + 20,000 + 1, web: 50,000 + 30,000 + 7.
    let found = (figure("image_bytes"), figure("stored_bytes"), figure("ideal_bytes"));
    assert_eq!(found, (180_008, 100_008, 100_008));
    assert_eq!(totals["overhead"], 1.0);
    assert_eq!(json["images"].as_object().unwrap().len(), 2);
    let text = project.ok(&["plan"]);
    for part in ["api", "web", "all 2", "only here", "180.0 kB", "100.0 kB", "overhead 1.000"] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.contains(project.0.to_str().unwrap()));
}

#[test]
fn the_same_plan_prints_the_same_text_elsewhere() {
    let (one, two) = (shop("plan-one"), shop("plan-two"));
    let print = |project: &Project| project.ok(&["plan", "--format", "json"]);
    assert_eq!(print(&one), print(&two));
}

#[test]
fn a_diff_tells_what_an_edit_pushes() {
    let project = shop("plan-diff");
    project.write("old.json", &project.ok(&["plan", "--format", "json"]));
    assert_eq!(project.ok(&["plan", "--diff", "old.json"]), "nothing changes\n");
    project.write(
        "layerset.yaml",
        &(MANIFEST.to_owned() + "  cron: {from: scratch, files: [lib/, api/, other/]}\n"),
    );
    let text = project.ok(&["plan", "--diff", "old.json"]);
    for part in ["cron", "new", "12 B", "1 of 3 images change, 12 B are pushed"] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    let json: Value =
        serde_json::from_str(&project.ok(&["plan", "--diff", "old.json", "--format", "json"])).unwrap();
    assert_eq!(json["pushed_bytes"], 12);
    assert_eq!(json["images"].as_object().unwrap().keys().collect::<Vec<_>>(), ["cron"]);
}

#[test]
fn a_bad_old_plan_is_a_mistake() {
    let project = shop("plan-bad");
    project.write("bad.json", "{\"images\": {}}");
    for (file, found) in [("missing.json", "cannot read missing.json"), ("bad.json", "without \"figures\"")] {
        let error = error(&project, &["plan", "--diff", file]);
        assert!(error.contains(found) && error.contains(file), "{error}");
    }
}

#[test]
fn a_page_is_written_over_only_by_force() {
    let project = shop("plan-html");
    project.write("plan.html", "mine");
    let error = error(&project, &["plan", "--html", "plan.html"]);
    assert!(error.contains("--force"), "{error}");
    assert_eq!(fs::read_to_string(project.0.join("plan.html")).unwrap(), "mine");
    project.ok(&["plan", "--html", "plan.html", "--force"]);
    project.ok(&["plan", "--html", "new.html"]);
    let page = |name: &str| fs::read_to_string(project.0.join(name)).unwrap();
    assert_eq!(page("plan.html"), page("new.html"));
    assert!(page("new.html").starts_with("<!doctype html>"));
}

#[test]
fn over_budget_is_an_error_at_its_place() {
    let project = shop("plan-budget");
    let service = "services:\n  api:\n    from: scratch\n    files: [lib/, web/]\n    budget: {size: 90000, layers: 3}\n";
    project.write("layerset.yaml", service);
    for command in ["check", "plan"] {
        let output = project.run(&[command]);
        let error = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {error}");
        for part in ["layerset.yaml:5:", "have 100.0 kB", "its budget has 90.0 kB", "100.0 kB lib, web"] {
            assert!(error.contains(part), "{command}: no {part:?} in\n{error}");
        }
    }
    project.write("layerset.yaml", &service.replace("90000", "100007"));
    project.ok(&["check"]);
}
