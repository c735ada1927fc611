//! The manifest: bytes become a [`Document`], as written, and a [`Manifest`], as meant.
//! `yaml` reads values with their places, `document` is the table of keys, `check` resolves and
//! validates. Everything that is wrong is reported at once, in order of place; nothing here panics.

mod check;
mod checks;
mod document;
mod extends;
mod graph;
mod interpolate;
mod keys;
pub mod model;
mod node;
mod read;
mod reference;
mod rules;
mod scan;
mod suggest;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

pub use check::size;
pub use checks::Checks;
pub use document::Document;
pub use model::Manifest;
pub use reference::{familiar, normalise};
pub use scan::syntax;
pub use suggest::nearest;

use crate::diagnostic::{Diagnostic, Severity, Source, Span};
use crate::platform::Platforms;
use node::{Node, Value};
use read::{Read, Reader};

/// What the builder gives besides the manifest.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Values of `--build-arg`.
    pub args: &'a BTreeMap<String, String>,
    /// Names of named contexts.
    pub contexts: &'a BTreeSet<String>,
    /// What `TARGETPLATFORM`, `BUILDPLATFORM` and the like stand for; `None`: for nothing.
    pub platforms: Option<&'a Platforms>,
    /// The target that is asked for: `TARGETSTAGE`.
    pub target: Option<&'a str>,
}

impl Default for Inputs<'_> {
    fn default() -> Self {
        static ARGS: BTreeMap<String, String> = BTreeMap::new();
        static CONTEXTS: BTreeSet<String> = BTreeSet::new();
        Self { args: &ARGS, contexts: &CONTEXTS, platforms: None, target: None }
    }
}

/// A manifest read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its text, for places.
    pub source: Source,
    /// The manifest; `None` exactly if there is an error.
    pub manifest: Option<Manifest>,
    /// Errors and warnings, by place, as far as `checks` leaves them.
    pub diagnostics: Vec<Diagnostic>,
    /// What to make of warnings.
    pub checks: Checks,
    /// The manifest as written, as far as it could be read.
    pub document: Option<Document>,
}

/// Reads and checks a manifest.
pub fn load(name: &str, bytes: &[u8], inputs: &Inputs<'_>) -> Loaded {
    let (source, not_utf8) = Source::from_bytes(name, bytes);
    if let Some(mut problem) = not_utf8 {
        problem.rule = rules::NOT_UTF8;
        let checks = Checks::default();
        return Loaded { source, manifest: None, diagnostics: vec![problem], checks, document: None };
    }
    let mut problems = Vec::new();
    let checks = Checks::read(&source, inputs.args, &mut problems);
    let root = yaml::parse(&source, &mut problems);
    scan::late_syntax(&source, &mut problems);
    let document = root.as_ref().and_then(|root| {
        let mut reader = Reader { problems: &mut problems, example: "services: {api: {from: base}}" };
        Document::read(root, &mut reader)
    });
    let mut manifest = None;
    if let (Some(root), Some(document)) = (&root, &document) {
        nothing_to_build(root, document, &mut problems);
        manifest = Some(check::check(document, &source, inputs, &mut problems));
    }
    let diagnostics = checks.of(sorted(problems));
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        manifest = None;
    }
    Loaded { source, manifest, diagnostics, checks, document }
}

/// The JSON Schema of a manifest.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// Where a top-level key stands, for what concerns the whole section.
pub fn section_span(source: &Source, key: &str) -> Option<Span> {
    let mut offset = 0;
    for line in source.text.split_inclusive('\n') {
        if line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')) {
            return Some(Span::new(offset, key.len()));
        }
        offset += line.len();
    }
    None
}

/// Reports a manifest without services and stages.
fn nothing_to_build(root: &Node, document: &Document, problems: &mut Vec<Diagnostic>) {
    let services = document.services.as_ref().map_or(0, |services| services.0.len());
    let stages = document.stages.as_ref().map_or(0, |stages| stages.0.len());
    // What could not be read has been reported, and may be the services.
    if services + stages > 0 || document.broken {
        return;
    }
    let key = match &root.value {
        Value::Map(entries) => entries.iter().find(|entry| entry.key.value == "services"),
        _ => None,
    };
    let (span, message) = match key {
        Some(entry) => (entry.key.span, "found no services, expected at least one"),
        None => (Span::new(root.span.start, 0), "the manifest has no \"services\""),
    };
    problems.push(
        Diagnostic::error(rules::EMPTY, span, message)
            .hint("write for example: services: {api: {from: python:3.13-slim, files: [api/]}}"),
    );
}

/// In order of place, each once: a mistake in a template is found in every service that extends it.
fn sorted(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by(|a, b| (a.span, a.rule, &a.message).cmp(&(b.span, b.rule, &b.message)));
    problems.dedup_by(|a, b| (a.span, a.rule, &a.message) == (b.span, b.rule, &b.message));
    problems
}
