//! `--call=targets`: the services and stages. Format: moby/buildkit `frontend/subrequests/targets`.

use std::fmt::Write as _;

use serde_json::json;

use super::{Answer, location};
use crate::diagnostic::Source;
use crate::manifest::model::Manifest;
use crate::options::base64;

/// Lists what `--target` takes, services first.
pub fn targets(source: &Source, manifest: &Manifest) -> Answer {
    let only = manifest.services.len() == 1;
    let mut rows = Vec::new();
    let mut text = String::from("TARGET\tKIND\tBASE\n");
    let services = manifest.services.iter().map(|(name, s)| (name, "service", &s.from.value, s.span));
    let stages = manifest.stages.iter().map(|(name, s)| (name, "stage", &s.from.value, s.span));
    for (name, kind, base, span) in services.chain(stages) {
        let mut row = json!({
            "name": name,
            "description": kind,
            "base": base.to_string(),
            "location": location(source, span),
        });
        if only && kind == "service" {
            row["default"] = true.into();
        }
        rows.push(row);
        let _ = writeln!(text, "{name}\t{kind}\t{base}");
    }
    let json = json!({"targets": rows, "sources": [base64(source.text.as_bytes())]});
    Answer { json, text, status: 0 }
}
