//! Manifests that must be refused, with the messages they must give, and manifests that must be taken,
//! with what they must mean. The expected texts stand beside the files, as snapshots.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

mod large;
mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use layerset::diagnostic::{Severity, render};
use layerset::manifest::{Inputs, Loaded, load, schema};

/// Loads with some build arguments and named contexts.
pub(crate) fn load_with(bytes: &[u8], args: &[(&str, &str)], contexts: &[&str]) -> Loaded {
    let args: BTreeMap<String, String> =
        args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let contexts: BTreeSet<String> = contexts.iter().map(|name| (*name).to_owned()).collect();
    load("layerset.yaml", bytes, &Inputs { args: &args, contexts: &contexts, ..Inputs::default() })
}

/// The manifests of a folder, sorted.
pub(crate) fn manifests(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests").join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    files.sort();
    files
}

fn snapshot(file: &Path, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(file.parent().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(file.file_stem().unwrap().to_str().unwrap(), text));
}

#[test]
fn bad_manifests_say_what_is_wrong() {
    let files = manifests("bad");
    assert!(files.len() > 40, "found only {} manifests", files.len());
    for file in files {
        let loaded = load_with(&fs::read(&file).unwrap(), &[], &[]);
        let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        assert_eq!(errors == 0, loaded.manifest.is_some(), "{}", file.display());
        assert!(!loaded.diagnostics.is_empty(), "{} is fine", file.display());
        for diagnostic in &loaded.diagnostics {
            let message = &diagnostic.message;
            assert!(!message.ends_with('.') && diagnostic.hint.is_some(), "{}: {message}", file.display());
        }
        snapshot(&file, &render(&loaded.source, &loaded.diagnostics));
    }
}

#[test]
fn good_manifests_mean_what_they_say() {
    for file in manifests("good") {
        let loaded = load_with(&fs::read(&file).unwrap(), &[("GIVEN", "by the user")], &["vendor"]);
        assert_eq!(render(&loaded.source, &loaded.diagnostics), "", "{}", file.display());
        snapshot(&file, &format!("{:#?}", loaded.manifest.unwrap()));
    }
}

#[test]
fn every_rule_has_a_bad_manifest_and_an_explanation() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules");
    let readme = fs::read_to_string(pages.join("README.md")).unwrap();
    let mut seen = BTreeSet::new();
    for file in manifests("bad") {
        for diagnostic in load_with(&fs::read(&file).unwrap(), &[("OTHER", "1")], &[]).diagnostics {
            seen.insert(diagnostic.rule);
            if diagnostic.severity == Severity::Warning {
                let page = pages.join(format!("{}.md", diagnostic.rule));
                assert!(page.exists(), "{} is missing", page.display());
            }
        }
    }
    // What is found beyond the manifest is shown on a real engine.
    let beyond =
        readme.find("These look [beyond the manifest]").unwrap()..readme.find("## Warnings").unwrap();
    let packages = readme.find("### Packages").unwrap();
    for rule in readme[packages..].lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()) {
        assert!(pages.join(format!("{rule}.md")).exists(), "{rule}.md is missing");
    }
    let explained: BTreeSet<&str> = [&readme[..beyond.start], &readme[beyond.end..packages]]
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(rule, _)| rule)
        .collect();
    assert_eq!(seen, explained);
}

#[test]
fn the_schema_describes_every_key() {
    let schema = schema();
    let text = serde_json::to_string_pretty(&schema).unwrap();
    for key in ["requirements", "healthcheck", "start_interval", "sharing", "x-"] {
        assert!(text.contains(key), "no {key}");
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../manifests");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("schema", text));
}

#[test]
fn the_reference_names_every_key_and_its_examples_are_right() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/manifest.md");
    let page = fs::read_to_string(page).unwrap();
    let schema = schema();
    let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let keys: BTreeSet<&String> = definitions
        .filter_map(|value| value["properties"].as_object())
        .flat_map(|keys| keys.keys())
        .collect();
    assert!(keys.len() > 50, "{keys:?}");
    for key in keys {
        assert!(page.contains(&format!("`{key}`")), "{key} is missing");
    }
    let examples: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() > 4);
    for example in examples {
        let loaded = load_with(example.as_bytes(), &[], &[]);
        assert_eq!(render(&loaded.source, &loaded.diagnostics), "", "{example}");
    }
}

#[test]
fn build_arguments_win_over_defaults() {
    let text = b"args: {V: '1', W: 'x${V}'}\nservices: {api: {from: 'a:${V}', image: 'b:${W}'}}\n";
    let manifest = load_with(text, &[("V", "${W}2")], &[]).manifest;
    assert!(manifest.is_none(), "a value is not interpolated again, so it is no valid tag");
    let manifest = load_with(text, &[("V", "2")], &[]).manifest.unwrap();
    assert_eq!(manifest.services["api"].from.value.to_string(), "a:2");
    assert_eq!(manifest.services["api"].image[0].value, "b:x2");
    assert_eq!(manifest.args["W"], "x2");
}

#[test]
fn build_arguments_nobody_defines_are_warned_of() {
    let text = b"services: {api: {from: 'a:1'}}\n";
    let args = [
        ("VERSON", "1"),
        ("http_proxy", "x"),
        ("HTTPS_PROXY", "x"),
        ("BUILDKIT_X", "1"),
        ("SOURCE_DATE_EPOCH", "0"),
    ];
    let loaded = load_with(text, &args, &[]);
    let rules: Vec<_> = loaded.diagnostics.iter().map(|d| (d.rule, d.severity)).collect();
    assert_eq!(rules, [("unknown-build-arg", Severity::Warning)]);
    assert!(loaded.manifest.is_some());
}

#[test]
fn a_bare_name_is_a_context_only_if_it_was_announced() {
    let text = b"services: {api: {from: vendor}}\n";
    assert!(load_with(text, &[], &[]).manifest.is_none());
    let from = load_with(text, &[], &["vendor"]).manifest.unwrap().services["api"].from.value.clone();
    assert_eq!(from, layerset::manifest::model::Base::Context("vendor".into()));
}
