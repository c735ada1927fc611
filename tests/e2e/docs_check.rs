//! `layerset check` on a manifest that a page shows, where everything is there that it names.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use harness::{Output, Project};
use saphyr_parser::{Event, Parser};
use serde_json::Value;

use crate::command_line::layerset;
use crate::support::syntax;
use crate::yaml::to_json;

/// A lock of one empty requirement file and the image that pages name.
const LOCK: &str = "lock-version = \"1.0\"\ncreated-by = \"layerset\"\ndependency-groups = [\"requirements\"]\npackages = []\n[tool.layerset]\nversion = 1\n\
    [tool.layerset.files]\n\"requirements.txt\" = \
    \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n\
    [[tool.layerset.groups]]\nname = \"requirements\"\ninputs = [{ path = \"requirements.txt\" }]\n\
    [tool.layerset.images]\n\"python:3.13-slim\" = \
    \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n";

/// A part of a manifest, made whole: with a first line, and with a service if there is nothing to build.
pub(crate) fn completed(text: &str) -> String {
    let top = parsed(text);
    let mut whole = if text.starts_with("# syntax=") { text.to_owned() } else { syntax() + text };
    if !top.is_null() && top.get("services").is_none() && top.get("stages").is_none() {
        whole.push_str("services:\n  any: {from: \"busybox:1.37\"}\n");
    }
    whole
}

/// Checks a manifest in a context that has every path it selects.
pub(crate) fn check(manifest: &str) -> Output {
    let project = Project::new("check").unwrap();
    project.write("layerset.yaml", manifest).unwrap();
    let parsed = parsed(manifest);
    make_selected(&parsed, project.path());
    if parsed["lock"].is_string() {
        // It is for images too. The requirement files that were made are empty, which has a digest.
        project.write(parsed["lock"].as_str().unwrap(), LOCK).unwrap();
    }
    layerset(&["check"], project.path())
}

/// The value of a manifest; nothing of one that is no YAML, or that has aliases.
pub(crate) fn parsed(text: &str) -> Value {
    let plain = Parser::new_from_str(text)
        .all(|event| event.is_ok_and(|(event, _)| !matches!(event, Event::Alias(_))));
    if plain { to_json(text) } else { Value::Null }
}

/// Makes what `files`, `requirements` and `python` name: directories, and files without contents.
fn make_selected(value: &Value, root: &Path) {
    let Value::Object(map) = value else {
        value.as_array().into_iter().flatten().for_each(|entry| make_selected(entry, root));
        return;
    };
    for (key, value) in map {
        let list = value.as_array().into_iter().flatten();
        let paths: Vec<&str> = match key.as_str() {
            "files" | "mounts" => {
                list.filter_map(|entry| entry.as_str().or_else(|| entry["source"].as_str())).collect()
            }
            "requirements" => {
                for group in list.clone().filter(|entry| entry.is_object()) {
                    make_group(root, group);
                }
                list.filter_map(Value::as_str).collect()
            }
            "lock" | "wheels" | "certificates" => value.as_str().into_iter().collect(),
            _ => {
                make_selected(value, root);
                continue;
            }
        };
        for path in paths {
            make(root, path);
        }
    }
}

/// A last part without a dot is a directory's name, or with `-link` at its end a link's. What a page says is not there
/// stays away, and what it says is large has two kilobytes.
fn make(root: &Path, path: &str) {
    if path.starts_with('/') || path.contains("..") || path == "." || path.starts_with("no-such") {
        return;
    }
    let at = root.join(path);
    if path.ends_with("-link") {
        symlink(".", at).unwrap();
        return;
    }
    let is_file = !path.ends_with('/') && at.extension().is_some();
    let directory = if is_file { at.parent().unwrap() } else { &at };
    fs::create_dir_all(directory).unwrap();
    if is_file {
        let empty_lock = "lock-version = \"1.0\"\ncreated-by = \"nobody\"\npackages = []\n";
        let text = match at.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => empty_lock.to_owned(),
            Some("bin") => "large".repeat(400),
            _ => String::new(),
        };
        fs::write(&at, text).unwrap();
    }
}

/// A project with the group or extra that an entry of `requirements` names.
fn make_group(root: &Path, entry: &Value) {
    let file = root.join(entry["file"].as_str().unwrap_or("pyproject.toml"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut text = "[project]\nname = \"any\"\nversion = \"1\"\n".to_owned();
    for (key, table) in [("group", "dependency-groups"), ("extra", "project.optional-dependencies")] {
        if let Some(name) = entry[key].as_str() {
            let _ = writeln!(text, "[{table}]\n{name} = []");
        }
    }
    fs::write(file, text).unwrap();
}
