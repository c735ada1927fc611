//! `--call=check`: every error and warning. Format: moby/buildkit `frontend/subrequests/lint`.

use serde_json::json;

use super::{Answer, location};
use crate::diagnostic::{Diagnostic, Severity, Source, render};
use crate::failure::{excerpt, one_line, range_json};
use crate::options::base64;

/// All that is wrong or odd. Errors make buildx fail, warnings make it end with 1, as with a Dockerfile.
pub fn check(source: &Source, diagnostics: &[Diagnostic]) -> Answer {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    let warnings: Vec<_> = diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Warning)
        .map(|d| {
            json!({
                "ruleName": d.rule,
                "description": d.message,
                "detail": one_line(source, d),
                "location": location(source, d.span),
            })
        })
        .collect();
    let ranges = || diagnostics.iter().map(|d| source.range(d.span));
    let first = ranges().map(|range| range.start.line).min();
    let last = ranges().map(|range| range.end.line).max();
    let info = json!({
        "filename": source.name,
        "language": "yaml",
        "data": base64(excerpt(&source.text, first.unwrap_or_default(), last.unwrap_or_default()).as_bytes()),
    });
    let mut json = json!({"warnings": warnings, "sources": [info]});
    if let Some(first) = errors.first() {
        let lines: Vec<String> = errors.iter().map(|error| one_line(source, error)).collect();
        let ranges: Vec<_> = errors.iter().map(|e| range_json(source.range(e.span))).collect();
        let mut place = location(source, first.span);
        place["ranges"] = ranges.into();
        json["buildError"] = json!({"message": lines.join("\n"), "location": place});
    }
    let text = if diagnostics.is_empty() {
        "check complete, nothing found\n".to_owned()
    } else {
        render(source, diagnostics)
    };
    Answer { json, text, status: i32::from(!diagnostics.is_empty()) }
}
