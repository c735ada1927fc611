//! What a build did, from buildx's `--progress=rawjson`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::docker::{Docker, Output};

/// Vertices that buildx and BuildKit add, or that a frontend asks for before it knows what to build.
const OVERHEAD: &[&str] =
    &["internal] ", "resolve image config for ", "docker-image://", "exporting ", "importing "];

/// A vertex of a build, as it was when the build ended.
#[derive(Debug, Clone, Default)]
pub struct Vertex {
    /// Its name, without the target that a bake puts into the brackets.
    pub name: String,
    /// Whether its result was there.
    pub cached: bool,
    /// Whether it was done in this build; also true of what was there.
    pub completed: bool,
    /// What it printed.
    pub log: String,
    /// Bytes of context that were sent for it.
    pub sent: u64,
}

/// All vertices of a build, by their digests.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    vertices: BTreeMap<String, Vertex>,
}

impl Docker {
    /// Has the progress printed for [`Output::progress`].
    #[must_use]
    pub fn traced(self) -> Self {
        self.env("BUILDKIT_PROGRESS", "rawjson")
    }
}

impl Output {
    /// What a [`Docker::traced`] build did.
    pub fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        for line in self.stderr.lines() {
            // Warnings of buildx's own stand between the lines.
            let status: Value = serde_json::from_str(line).unwrap_or_default();
            progress.add(&status);
        }
        progress
    }
}

impl Progress {
    fn add(&mut self, status: &Value) {
        for vertex in list(&status["vertexes"]) {
            let known = self.vertex(&vertex["digest"]);
            text(&vertex["name"]).clone_into(&mut known.name);
            known.cached |= vertex["cached"] == true;
            known.completed |= vertex["completed"].is_string();
        }
        for status in list(&status["statuses"]) {
            if text(&status["id"]).starts_with("transferring context") {
                let known = self.vertex(&status["vertex"]);
                known.sent = known.sent.max(status["current"].as_u64().unwrap_or_default());
            }
        }
        for log in list(&status["logs"]) {
            let data = STANDARD.decode(text(&log["data"])).unwrap_or_default();
            self.vertex(&log["vertex"]).log.push_str(&String::from_utf8_lossy(&data));
        }
    }

    fn vertex(&mut self, digest: &Value) -> &mut Vertex {
        self.vertices.entry(text(digest).to_owned()).or_default()
    }

    /// The names of all steps, and whether each was there already. Sources of images are no steps: an engine
    /// looks at them again in every build. Nor is what buildx and BuildKit do around a build.
    pub fn steps(&self) -> Vec<(&str, bool)> {
        let mut steps: Vec<_> = self
            .vertices
            .values()
            .filter(|vertex| vertex.completed && is_step(&vertex.name))
            .map(|vertex| (vertex.name.as_str(), vertex.cached))
            .collect();
        steps.sort_unstable();
        steps
    }

    /// The names of the steps that were really done.
    pub fn done(&self) -> Vec<&str> {
        self.steps().into_iter().filter(|(_, cached)| !cached).map(|(name, _)| name).collect()
    }

    /// What all steps printed.
    pub fn log(&self) -> String {
        self.vertices.values().map(|vertex| vertex.log.as_str()).collect()
    }

    /// The bytes of context that were sent, over all transfers.
    pub fn context_bytes(&self) -> u64 {
        self.vertices.values().map(|vertex| vertex.sent).sum()
    }
}

/// `[base] python:3.13-slim` is a source, and so is `[base 1/2] FROM …`: a Dockerfile's name for it, which it has in
/// builds of manifests too while one of a Dockerfile uses it. `[base] merge` and `[base] run true` are steps.
fn is_step(name: &str) -> bool {
    let what = name.split_once("] ").map_or(name, |(_, what)| what);
    let source = OVERHEAD.iter().any(|overhead| name.contains(overhead)) || what.starts_with("FROM ");
    !source && (what == "merge" || what.contains(' '))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn vertices_are_put_together() {
        let stderr = r#"{"vertexes":[{"digest":"a","name":"[api base] run true","started":"t"},{"digest":"b","name":"[api] merge"}]}
WARNING: something
{"vertexes":[{"digest":"a","name":"[api base] run true","completed":"t"}],"logs":[{"vertex":"a","data":"aGVsbG8K"}]}
{"vertexes":[{"digest":"b","name":"[api] merge","cached":true,"completed":"t"}]}
{"vertexes":[{"digest":"c","name":"[internal] load build context","completed":"t"},{"digest":"d","name":"[base] busybox:1","completed":"t"},{"digest":"e","name":"[s2 base 1/2] FROM docker.io/library/busybox:1","completed":"t"}]}
{"statuses":[{"id":"transferring context:","vertex":"c","current":10},{"id":"transferring context:","vertex":"c","current":30}]}
"#;
        let (stdout, command) = (String::new(), String::new());
        let output = Output { command, status: ExitStatus::from_raw(0), stdout, stderr: stderr.to_owned() };
        let progress = output.progress();
        assert_eq!(progress.steps(), [("[api base] run true", false), ("[api] merge", true)]);
        assert_eq!(progress.done(), ["[api base] run true"]);
        assert_eq!(progress.log(), "hello\n");
        assert_eq!(progress.context_bytes(), 30);
    }
}
