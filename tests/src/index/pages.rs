//! The pages of a simple repository (PEP 503 names, PEP 691 JSON, PEP 658 metadata), and entries of a lock (PEP 751).

use std::fmt::Write as _;

use serde_json::json;

use super::State;
use crate::wheel::sha256;

/// An answer: status line, media type, body.
pub(super) type Answer = (&'static str, &'static str, Vec<u8>);

const MISSING: (&str, &str) = ("404 Not Found", "text/plain");

/// What is at a path. Only `GET` of a file is a download.
pub(super) fn answer(state: &mut State, method: &str, path: &str, authorization: Option<&str>) -> Answer {
    let wanted = state.authorization.as_deref();
    if wanted.is_some() && wanted != authorization {
        return ("401 Unauthorized", "text/plain", b"who are you\n".to_vec());
    }
    let missing = || (MISSING.0, MISSING.1, b"no such page\n".to_vec());
    if let Some(name) = path.strip_prefix("/files/") {
        let of = name.strip_suffix(".metadata").and_then(|name| state.files.get(name));
        if let Some(metadata) = of.and_then(|file| file.metadata.clone()) {
            return ("200 OK", "text/plain", metadata.into_bytes());
        }
        let Some(file) = state.files.get(name) else { return missing() };
        if method == "GET" {
            *state.downloads.entry(name.to_owned()).or_default() += 1;
        }
        return ("200 OK", "application/octet-stream", file.bytes.to_vec());
    }
    match path.strip_prefix("/simple/").and_then(|project| project_page(state, project.trim_end_matches('/')))
    {
        Some(page) => ("200 OK", "application/vnd.pypi.simple.v1+json", page.into_bytes()),
        None => missing(),
    }
}

/// All files of a project; nothing if there are none.
fn project_page(state: &State, project: &str) -> Option<String> {
    let of_project = |name: &&String| parts(name).0 == project;
    let files: Vec<_> = state
        .files
        .iter()
        .filter(|(name, _)| of_project(name))
        .map(|(name, file)| {
            let metadata = file.metadata.as_ref();
            json!({
                "filename": name,
                // As seen from `/simple/PROJECT/`, whatever that is below.
                "url": format!("../../files/{name}"),
                "size": file.bytes.len(),
                "hashes": {"sha256": file.sha256},
                "core-metadata": metadata.map_or(json!(false), |text| json!({"sha256": sha256(text.as_bytes())})),
            })
        })
        .collect();
    if files.is_empty() {
        return None;
    }
    Some(json!({"meta": {"api-version": "1.1"}, "name": project, "versions": [], "files": files}).to_string())
}

/// Normalised name and version out of a wheel's file name.
fn parts(filename: &str) -> (String, &str) {
    let mut parts = filename.split('-');
    let name = parts.next().unwrap_or_default().replace(['_', '.'], "-").to_lowercase();
    (name, parts.next().unwrap_or_default())
}

/// A package of a lock with one wheel.
pub(super) fn locked(filename: &str, needs: &[&str], url: &str, state: &State) -> String {
    let (name, version) = parts(filename);
    let mut text = format!("\n[[packages]]\nname = {name:?}\nversion = {version:?}\n");
    if !needs.is_empty() {
        let needs: Vec<String> = needs.iter().map(|need| format!("{{ name = {need:?} }}")).collect();
        let _ = writeln!(text, "dependencies = [{}]", needs.join(", "));
    }
    let (size, sha256) =
        state.files.get(filename).map(|file| (file.bytes.len(), file.sha256.as_str())).unwrap_or_default();
    let _ = writeln!(
        text,
        "wheels = [{{ name = {filename:?}, url = {url:?}, size = {size}, hashes = {{ sha256 = {sha256:?} }} }}]"
    );
    text
}
