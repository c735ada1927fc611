//! `--call=subrequests.describe`: the calls there are. Format: moby/buildkit `frontend/subrequests`.

use serde_json::json;

use super::Answer;

/// Name, version and description of every call. buildx takes the versions of BuildKit's own four
/// into account when it chooses between its own printer and our text.
const CALLS: [(&str, &str, &str); 10] = [
    ("frontend.outline", "1.0.0", "arguments, secrets, agents and caches of a target"),
    ("frontend.targets", "1.0.0", "the services and stages that can be built"),
    ("frontend.lint", "1.0.0", "errors and warnings of the manifest"),
    ("frontend.plan", "1.0.0", "layers and images, and what they share"),
    ("frontend.bake", "1.0.0", "a bake file that builds every service"),
    ("frontend.llb", "1.0.0", "the graph of a target, as text or JSON"),
    ("frontend.llb.dot", "1.0.0", "the graph of a target for graphviz"),
    ("frontend.lock", "1.0.0", "a pylock.toml of the Python packages of all services"),
    ("frontend.schema", "1.0.0", "JSON Schema of the manifest"),
    ("frontend.subrequests.describe", "1.0.0", "this list"),
];

/// Version of the call `name` (without `frontend.`), or `None` if there is no such call.
pub fn version(name: &str) -> Option<&'static str> {
    CALLS.iter().find(|(id, ..)| id.strip_prefix("frontend.") == Some(name)).map(|(_, version, _)| *version)
}

/// Names of all calls, as `--call` takes them.
pub fn names() -> Vec<&'static str> {
    CALLS.iter().filter_map(|(id, ..)| id.strip_prefix("frontend.")).collect()
}

/// Lists the calls.
pub fn describe() -> Answer {
    let json = CALLS.map(|(name, version, description)| {
        json!({
            "Name": name,
            "Version": version,
            "Type": "rpc",
            "Description": description,
            "Opts": null,
            "Inputs": null,
            "Metadata": [{"Name": "result.json"}, {"Name": "result.txt"}],
            "Refs": null,
        })
    });
    let text =
        CALLS.map(|(name, version, description)| format!("{name} {version}: {description}\n")).concat();
    Answer { json: json.to_vec().into(), text, status: 0 }
}
