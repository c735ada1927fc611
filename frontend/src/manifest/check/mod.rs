//! The manifest as written becomes the manifest as meant: names resolved, templates applied, every
//! value parsed. Whatever is wrong is reported, and checking goes on with the rest.

mod args;
mod base;
mod config;
mod copies;
mod expanded;
mod images;
mod mounts;
mod names;
mod path;
mod platform;
mod python;
mod quantity;
mod reference;
mod service;
mod stage;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use args::{Args, Argument};
pub(super) use names::NAME_PATTERN;

use super::Inputs;
use super::document::Document;
use super::extends;
use super::interpolate::{Piece, pieces};
use super::model::{Manifest, Stage};
use super::node::quote;
use super::read::{Pairs, Text};
use super::rules;
use super::suggest::{Hints, list, suggest};
use crate::diagnostic::{Diagnostic, Source, Span, Spanned};

/// Why a text is not what its key needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    rule: &'static str,
    message: String,
    hint: Option<String>,
}

impl Fault {
    /// What was found and what was expected, and what to do.
    fn new(rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { rule, message: message.into(), hint: Some(hint.into()) }
    }

    /// `found "x", expected …`.
    fn value(found: &str, expected: &str, hint: impl Into<String>) -> Self {
        Self::new(rules::INVALID_VALUE, format!("found {}, expected {expected}", quote(found)), hint)
    }
}

/// Bytes of a size such as `900MB`; `None` if it is none.
pub fn size(text: &str) -> Option<u64> {
    quantity::size(text).ok()
}

/// What all checks share.
pub(super) struct Check<'a> {
    pub(super) problems: &'a mut Vec<Diagnostic>,
    /// Warnings of what nothing uses, for when there is no error: a mistyped use is an error already.
    pub(super) idle: Vec<Diagnostic>,
    /// How many ports services declare so far, ranges by what is in them.
    ports: usize,
    source: &'a Source,
    inputs: &'a Inputs<'a>,
    pub(super) hints: Hints,
    /// Stages by name, with their numbers in the order written.
    stages: BTreeMap<&'a str, usize>,
    /// Whether stages may be missing because their section could not be read.
    stages_lost: bool,
    /// Which stages anything names.
    used: Vec<bool>,
    /// For each stage, the stages it names and where.
    edges: Vec<Vec<(usize, Span)>>,
    /// The stage being checked.
    current: Option<usize>,
    /// Platforms that stages say, by the stage's name.
    platforms: BTreeMap<String, platform::Said>,
    /// Build arguments of the manifest.
    global: Args,
    /// Build arguments of the stage being checked.
    local: Args,
}

/// Checks a document. With an error among the problems, the manifest is only what was right.
pub(super) fn check(
    document: &Document,
    source: &Source,
    inputs: &Inputs<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Manifest {
    let stages = document.stages.as_ref().map_or(&[][..], |named| &named.0);
    let mut check = Check {
        problems,
        idle: Vec::new(),
        hints: Hints::default(),
        ports: 0,
        source,
        inputs,
        stages: stages.iter().enumerate().map(|(number, (name, _))| (name.value.as_str(), number)).collect(),
        stages_lost: document.broken && document.stages.is_none(),
        used: vec![false; stages.len()],
        edges: vec![Vec::new(); stages.len()],
        current: None,
        platforms: BTreeMap::new(),
        global: Args::default(),
        local: Args::default(),
    };
    check.global = check.define(document.args.as_ref(), document.broken);
    check.epoch(document.args.as_ref());
    check.unknown_build_args(document);
    check.names(document);

    let mut manifest = Manifest {
        name: document.name.as_ref().and_then(|name| check.parse(name, names::project)),
        declared: args::declared(document),
        python: check.python(document.python.as_ref()),
        lock: document.lock.as_ref().and_then(|text| check.spanned(text, python::lock_file)),
        ..Manifest::default()
    };
    if manifest.python.lock.is_none() {
        manifest.python.lock.clone_from(&manifest.lock);
    }
    for (number, (name, stage)) in stages.iter().enumerate() {
        check.current = Some(number);
        // Also of a stage that a context replaces: mistakes stay mistakes, and what it names stays in use.
        if let Some(checked) = check.stage(name, stage) {
            let replaced = inputs.contexts.contains(&name.value);
            let checked = if replaced { Stage::of_context(&name.value, name.span) } else { checked };
            manifest.stages.insert(name.value.clone(), checked);
        }
    }
    check.current = None;
    check.stage_cycles(stages);
    check.stage_platforms(&mut manifest);

    let resolved = extends::resolve(document, &mut check);
    let mut tagged = images::Tagged::default();
    for entry in &resolved {
        let service = check.service(entry);
        if let (Some(service), false) = (service, entry.is_template) {
            check.images(entry, &service, manifest.name.as_deref(), &mut tagged);
            check.service_platform(&entry.name.value, &service);
            manifest.services.insert(entry.name.value.clone(), service);
        }
    }
    check.unused(document);
    manifest.args = check.global.values();
    manifest
}

impl Check<'_> {
    /// A text with its `${…}` replaced.
    pub(super) fn text(&mut self, text: &Text) -> Option<String> {
        let mut out = String::new();
        let mut fine = true;
        for piece in pieces(&text.value) {
            match piece {
                Piece::Literal(literal) => out.push_str(literal),
                Piece::Argument { text: whole, name, default } => {
                    let value = self.argument(name);
                    match (value, default) {
                        (Argument::Set(value), Some(default)) if value.is_empty() && default.if_empty => {
                            out.push_str(default.text);
                        }
                        (Argument::Set(value), _) => out.push_str(&value),
                        (Argument::Unset | Argument::Undefined, Some(default)) => out.push_str(default.text),
                        (Argument::Broken, _) => fine = false,
                        (Argument::Unset, None) => {
                            fine = false;
                            self.unset(self.place(text, whole), name);
                        }
                        (Argument::Undefined, None) => {
                            fine = false;
                            self.undefined(self.place(text, whole), name);
                        }
                    }
                }
                Piece::Invalid(rest) => {
                    fine = false;
                    let shown = rest.find('}').map_or(rest, |end| &rest[..=end]);
                    self.problems.push(
                        Diagnostic::error(
                            rules::INVALID_INTERPOLATION,
                            self.place(text, shown),
                            format!(
                                "found {}, expected ${{NAME}}, ${{NAME:-default}} or ${{NAME-default}}",
                                quote(shown)
                            ),
                        )
                        .hint("write $${ for a literal ${"),
                    );
                }
            }
        }
        if fine && out.contains('\0') {
            fine = false;
            self.problems.push(
                Diagnostic::error(rules::INVALID_VALUE, text.span, "found a NUL character in a value")
                    .hint("no path, argument or variable can hold one; remove it"),
            );
        }
        fine.then_some(out)
    }

    /// A text, interpolated and parsed.
    fn parse<T>(&mut self, text: &Text, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let value = self.text(text)?;
        self.report(text.span, parse(&value))
    }

    /// As [`Self::parse`], and keeps the place.
    fn spanned<T>(
        &mut self,
        text: &Text,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<Spanned<T>> {
        self.parse(text, parse).map(|value| Spanned { value, span: text.span })
    }

    /// Reports the fault, if it is one.
    fn report<T>(&mut self, span: Span, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Fault { rule, message, hint }) => {
                self.problems.push(Diagnostic { hint, ..Diagnostic::error(rule, span, message) });
                None
            }
        }
    }

    /// Variables: names and values. `host` says that a name alone would mean the host's value.
    fn variables(&mut self, pairs: Option<&Pairs>, what: &str, host: bool) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for (key, value) in pairs.iter().flat_map(|pairs| &pairs.entries) {
            let name = self.report(key.span, names::variable(&key.value, what));
            let value = match value {
                Some(value) => self.text(value),
                None if host => {
                    self.problems.push(
                        Diagnostic::error(
                            rules::INVALID_VALUE,
                            key.span,
                            format!("the {what} {} has no value", quote(&key.value)),
                        )
                        .hint("an image takes no values from the host; write the value, or \"\" for none"),
                    );
                    None
                }
                None => Some(String::new()),
            };
            if let (Some(name), Some(value)) = (name, value) {
                out.insert(name, value);
            }
        }
        out
    }

    /// Where a part of a text stands; the whole text if escapes hide it.
    fn place(&self, text: &Text, part: &str) -> Span {
        match self.source.slice(text.span).find(part) {
            Some(at) if !part.is_empty() => Span::new(text.span.start + at, part.len()),
            _ => text.span,
        }
    }

    /// Reports `${NAME}` of a build argument without default that was not given.
    fn unset(&mut self, span: Span, name: &str) {
        let message = format!("the build argument {} has no value", quote(name));
        let hint = format!("give it a default, or build with --build-arg {name}=…");
        self.problems.push(Diagnostic::error(rules::UNDEFINED_ARGUMENT, span, message).hint(hint));
    }

    /// Reports `${NAME}` of a name that nobody defines.
    fn undefined(&mut self, span: Span, name: &str) {
        let hint = self.hints.of(rules::UNDEFINED_ARGUMENT, name, || {
            if name == "PATH" {
                return "an image's variables are not expanded: write the whole value, such as /opt/venv/bin:/usr/local/bin:/usr/bin:/bin".to_owned();
            }
            let known: BTreeSet<&str> = self.local.names().chain(self.global.names()).collect();
            suggest(name, known.iter().copied()).unwrap_or_else(|| {
                format!(
                    "{}; define it in \"args\", or write $${{{name}}} for the text itself",
                    list("build arguments", known.iter().copied())
                )
            })
        });
        let message = format!("undefined build argument {}", quote(name));
        self.problems
            .push(Diagnostic { hint, ..Diagnostic::error(rules::UNDEFINED_ARGUMENT, span, message) });
    }
}
