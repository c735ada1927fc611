//! Build arguments: their values in force, and who uses them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, names};
use crate::diagnostic::{Diagnostic, Span};
use crate::epoch::Epoch;
use crate::manifest::document::Document;
use crate::manifest::extends::cycle_error;
use crate::manifest::graph::{Order, order};
use crate::manifest::interpolate::{Piece, pieces};
use crate::manifest::node::quote;
use crate::manifest::read::{Pairs, Text};
use crate::manifest::rules;

/// The time that images say of themselves.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Build arguments that every engine accepts, defined or not.
const PROXIES: &[&str] = &["all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy"];

/// The target that is asked for, as a Dockerfile has it; `default` if none was named.
const TARGET_STAGE: &str = "TARGETSTAGE";

/// The build arguments of a manifest or of a stage.
#[derive(Default)]
pub(in crate::manifest) struct Args {
    values: BTreeMap<String, Arg>,
    /// Whether some may be missing because they could not be read.
    lost: bool,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    /// Nobody defines it.
    Undefined,
    /// It is defined, and nobody gave it a value.
    Unset,
    /// Its definition is wrong, which has been reported.
    Broken,
    /// A value.
    Set(String),
}

struct Arg {
    value: Argument,
    span: Span,
    used: Cell<bool>,
}

impl Args {
    /// Names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Values of those that have one.
    pub(super) fn values(&self) -> BTreeMap<String, String> {
        let set = self.values.iter().filter_map(|(name, arg)| match &arg.value {
            Argument::Set(value) => Some((name.clone(), value.clone())),
            _ => None,
        });
        set.collect()
    }

    /// The value of a name that is defined; it counts as used.
    fn get(&self, name: &str) -> Option<Argument> {
        let arg = self.values.get(name)?;
        arg.used.set(true);
        Some(arg.value.clone())
    }
}

impl Check<'_> {
    /// What a name stands for here.
    pub(super) fn argument(&self, name: &str) -> Argument {
        let lost = self.local.lost || self.global.lost;
        let missing = if lost { Argument::Broken } else { Argument::Undefined };
        let defined = self.local.get(name).or_else(|| self.global.get(name));
        defined.or_else(|| self.predefined(name).map(Argument::Set)).unwrap_or(missing)
    }

    /// The arguments of the stage itself that have values; its commands get all of them, so they count as used.
    pub(super) fn own_arguments(&self) -> BTreeMap<String, String> {
        let own = self.local.values.iter().filter_map(|(name, arg)| match &arg.value {
            Argument::Set(value) => Some((name.clone(), value.clone())),
            _ => None,
        });
        self.local.values.values().for_each(|arg| arg.used.set(true));
        own.collect()
    }

    /// What a name stands for that nobody has to define, as in a Dockerfile.
    fn predefined(&self, name: &str) -> Option<String> {
        let known = match name {
            TARGET_STAGE => Some(self.inputs.target.unwrap_or("default").to_owned()),
            _ => self.inputs.platforms?.argument(name),
        };
        known.map(|value| self.inputs.args.get(name).cloned().unwrap_or(value))
    }

    /// Build arguments with the values in force; defaults may name each other in any order.
    /// `broken` says that the mapping around them has keys that could not be read.
    pub(super) fn define(&mut self, pairs: Option<&Pairs>, broken: bool) -> Args {
        let lost = pairs.map_or(broken, |pairs| pairs.broken);
        let pairs: &[(Text, Option<Text>)] = pairs.map_or(&[], |pairs| &pairs.entries);
        let numbers: BTreeMap<&str, usize> =
            pairs.iter().enumerate().map(|(number, (name, _))| (name.value.as_str(), number)).collect();
        let needs: Vec<Vec<usize>> = pairs
            .iter()
            .map(|(name, default)| match default {
                Some(default) if !self.inputs.args.contains_key(&name.value) => pieces(&default.value)
                    .iter()
                    .filter_map(|piece| match piece {
                        Piece::Argument { name, .. } => numbers.get(name).copied(),
                        _ => None,
                    })
                    .collect(),
                _ => Vec::new(),
            })
            .collect();
        let Order { sorted, cycles, circular } = order(&needs);
        for cycle in &cycles {
            let hop = |&number: &usize| {
                let (name, default) = &pairs[number];
                (name.value.as_str(), default.as_ref().map_or(name.span, |default| default.span))
            };
            self.problems.push(cycle_error("needs", &cycle.iter().map(hop).collect::<Vec<_>>()));
        }
        // What is being defined is visible to what comes after it, as a local argument.
        let outer = std::mem::replace(&mut self.local, Args { lost, ..Args::default() });
        for number in sorted {
            let (name, default) = &pairs[number];
            self.report(name.span, names::argument(&name.value));
            let value = match (self.inputs.args.get(&name.value), default) {
                (Some(given), _) => Argument::Set(given.clone()),
                (None, Some(_)) if circular[number] => Argument::Broken,
                (None, Some(default)) => self.text(default).map_or(Argument::Broken, Argument::Set),
                // As in a Dockerfile's stage: the manifest's, if it has one.
                (None, None) => {
                    let known = || self.predefined(&name.value).map(Argument::Set);
                    self.global.get(&name.value).or_else(known).unwrap_or(Argument::Unset)
                }
            };
            self.local
                .values
                .insert(name.value.clone(), Arg { value, span: name.span, used: Cell::new(false) });
        }
        std::mem::replace(&mut self.local, outer)
    }

    /// Reports a time for all images that is none, where the manifest says it.
    pub(super) fn epoch(&mut self, pairs: Option<&Pairs>) {
        let pairs = pairs.iter().flat_map(|pairs| &pairs.entries);
        let said = pairs.filter(|(name, _)| name.value == EPOCH && !self.inputs.args.contains_key(EPOCH));
        for value in said.filter_map(|(_, value)| value.as_ref()).collect::<Vec<_>>() {
            let Some(Argument::Set(text)) = self.global.get(EPOCH) else { continue };
            if let Err(bad) = Epoch::parse(&text) {
                let diagnostic = Diagnostic::error(rules::INVALID_VALUE, value.span, bad.to_string());
                self.problems.push(diagnostic.hint("write for example 1767225600, or \"\" for none"));
            }
        }
    }

    /// Warns of build arguments that nobody used. What the engine or the frontend itself reads is of use without a `${…}`.
    pub(super) fn unused_args(&mut self, args: &Args) {
        for (name, arg) in &args.values {
            if !arg.used.get() && name != EPOCH && !is_proxy(name) {
                self.idle.push(
                    Diagnostic::warning(
                        rules::UNUSED_ARG,
                        arg.span,
                        format!("nothing uses the build argument {}", quote(name)),
                    )
                    .hint(format!("remove it, or use it as ${{{name}}}; a program that reads it needs it in a stage's args or environment")),
                );
            }
        }
    }

    /// Warns of build arguments given that no part of the manifest defines.
    pub(super) fn unknown_build_args(&mut self, document: &Document) {
        let defined = declared(document);
        let place = document.args.as_ref().and_then(|args| args.entries.first());
        for name in self.inputs.args.keys() {
            let predefined = name.starts_with("BUILDKIT_")
                || name == EPOCH
                || self.predefined(name).is_some()
                || is_proxy(name);
            if predefined || defined.contains(name) {
                continue;
            }
            self.problems.push(
                Diagnostic::warning(
                    rules::UNKNOWN_BUILD_ARG,
                    place.map(|(name, _)| name.span).unwrap_or_default(),
                    format!("unused build argument {}: the manifest does not define it", quote(name)),
                )
                .hint("define it in \"args\", or do not give it"),
            );
        }
    }
}

fn is_proxy(name: &str) -> bool {
    PROXIES.contains(&name.to_lowercase().as_str())
}

/// Names of the build arguments that the manifest or one of its stages declares.
pub(super) fn declared(document: &Document) -> BTreeSet<String> {
    let stages = document.stages.iter().flat_map(|named| &named.0);
    (document.args.iter())
        .chain(stages.filter_map(|(_, stage)| stage.args.as_ref()))
        .flat_map(|args| args.entries.iter().map(|(name, _)| name.value.clone()))
        .collect()
}
