//! What `--call=NAME` answers instead of building: one file a call. BuildKit's own four, in the JSON
//! that buildx knows how to print, and ours, which buildx prints from the text as it is.

mod bake;
mod check;
mod describe;
mod listing;
mod outline;
mod plan;
mod plan_diff;
mod plan_packages;
mod plan_page;
mod targets;

pub use bake::{BakeOptions, SYNTAX, bake};
pub use check::check;
pub use describe::{describe, names, version};
pub use listing::{dot, llb};
pub use outline::outline;
pub use plan::plan;
pub use plan_diff::{plan_diff, read_figures};
pub use plan_page::plan_page;
pub use targets::targets;

use serde_json::Value;

use crate::diagnostic::{Source, Span};
use crate::failure::range_json;

/// An answer, both for programs and for people.
#[derive(Clone, Debug)]
pub struct Answer {
    /// `result.json`.
    pub json: Value,
    /// `result.txt`.
    pub text: String,
    /// Exit code that buildx ends with, if not 0.
    pub status: i32,
}

/// JSON Schema of the manifest.
pub fn schema() -> Answer {
    let json = crate::manifest::schema();
    Answer { text: pretty(&json), json, status: 0 }
}

/// JSON for people.
fn pretty(json: &Value) -> String {
    format!("{json:#}\n")
}

/// A place as BuildKit's Go types marshal it: index of the source and line ranges, never null.
fn location(source: &Source, span: Span) -> Value {
    serde_json::json!({"ranges": [range_json(source.range(span))]})
}
