//! Requirements of services and stages, and how they become packages.

use super::{Check, Fault, names, path, quantity};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::manifest::document::{self, RequirementMapping};
use crate::manifest::model::{Index, Part, Python, Requirement, Resolution};
use crate::manifest::read::{List, Text};
use crate::manifest::rules;

/// Where groups and extras are, if an entry does not say.
const PYPROJECT: &str = "pyproject.toml";

impl Check<'_> {
    /// `requirements`, in the order written; what is said twice counts once.
    pub(super) fn requirements(&mut self, list: Option<&List<document::Requirement>>) -> Vec<Requirement> {
        let mut requirements: Vec<Requirement> = Vec::new();
        for entry in list.iter().flat_map(|list| &list.0) {
            let requirement = match entry {
                document::Requirement::File(file) => self
                    .spanned(file, requirement_file)
                    .map(|file| Requirement { span: file.span, path: file.value, part: Part::All }),
                document::Requirement::Group(mapping) => self.part(mapping),
            };
            let known = |one: &Requirement| {
                requirements.iter().any(|other| (&other.path, &other.part) == (&one.path, &one.part))
            };
            requirements.extend(requirement.filter(|one| !known(one)));
        }
        requirements
    }

    fn part(&mut self, mapping: &RequirementMapping) -> Option<Requirement> {
        let path = match &mapping.file {
            Some(file) => self.parse(file, requirement_file)?,
            None => PYPROJECT.to_owned(),
        };
        let span = mapping.place.0;
        let part = match (&mapping.group, &mapping.extra) {
            (Some(group), None) => Part::Group(self.parse(group, names::project)?),
            (None, Some(extra)) => Part::Extra(self.parse(extra, names::project)?),
            (None, None) => {
                if !mapping.broken {
                    let hint = "write for example {group: ml}";
                    self.missing(
                        span,
                        "an entry of \"requirements\" has no \"group\" and no \"extra\"",
                        hint,
                    );
                }
                return None;
            }
            (Some(_), Some(extra)) => {
                let hint = "write two entries";
                let message = "found \"extra\" beside \"group\", expected one of them";
                self.wrong(extra.span, message, hint);
                return None;
            }
        };
        Some(Requirement { span, path, part })
    }

    /// `python`.
    pub(super) fn python(&mut self, mapping: Option<&document::Python>) -> Python {
        let Some(mapping) = mapping else { return Python::default() };
        let indexes = mapping.index.iter().flat_map(|list| &list.0);
        let index: Vec<Index> = indexes.filter_map(|index| self.index(index)).collect();
        let offline = mapping.no_index.as_ref().and_then(|value| self.parse(value, quantity::boolean));
        let wheels = mapping.wheels.as_ref().and_then(|text| self.spanned(text, path::context));
        if let (Some(true), Some(first)) = (offline, index.first()) {
            let hint = "remove one of them";
            self.wrong(first.url.span, "found an index beside \"no_index: true\"", hint);
        }
        Python {
            lock: mapping.lock.as_ref().and_then(|text| self.spanned(text, lock_file)),
            index,
            no_index: offline.unwrap_or_default(),
            wheels,
            certificates: mapping.certificates.as_ref().and_then(|text| self.spanned(text, certificates)),
            resolution: (mapping.resolution.as_ref())
                .and_then(|text| self.parse(text, resolution))
                .unwrap_or_default(),
            bytecode: (mapping.bytecode.as_ref())
                .and_then(|value| self.parse(value, quantity::boolean))
                .unwrap_or_default(),
            span: mapping.place.0,
        }
    }

    fn index(&mut self, index: &document::Index) -> Option<Index> {
        let mapping = match index {
            document::Index::Url(url) => {
                return Some(Index { url: self.spanned(url, address)?, secret: None });
            }
            document::Index::Full(mapping) => mapping,
        };
        let Some(url) = &mapping.url else {
            if !mapping.broken {
                let hint = "write for example {url: https://packages.example.com/simple}";
                self.missing(mapping.place.0, "an index has no \"url\"", hint);
            }
            return None;
        };
        let secret: Option<Spanned<String>> =
            mapping.secret.as_ref().and_then(|secret: &Text| self.spanned(secret, names::id));
        Some(Index { url: self.spanned(url, address)?, secret: secret.map(|secret| secret.value) })
    }
}

impl Check<'_> {
    fn wrong(&mut self, span: Span, message: &str, hint: &str) {
        self.problems.push(Diagnostic::error(rules::INVALID_VALUE, span, message).hint(hint));
    }
}

/// A file in the context, not the context itself.
fn requirement_file(text: &str) -> Result<String, Fault> {
    file(text, "write for example requirements.txt")
}

pub(super) fn lock_file(text: &str) -> Result<String, Fault> {
    file(text, "write for example pylock.toml")
}

fn certificates(text: &str) -> Result<String, Fault> {
    file(text, "write for example company.pem")
}

fn file(text: &str, hint: &str) -> Result<String, Fault> {
    let path = path::context(text)?;
    if path.is_empty() { Err(Fault::value(text, "a file of the context", hint)) } else { Ok(path) }
}

fn resolution(text: &str) -> Result<Resolution, Fault> {
    match text {
        "together" => Ok(Resolution::Together),
        "separate" => Ok(Resolution::Separate),
        _ => {
            let hint = "together: one version of each package for all services; separate: for each set of requirements";
            Err(Fault::value(text, "together or separate", hint))
        }
    }
}

/// The address of an index. Credentials in it would end up in the lock and in the graph.
fn address(text: &str) -> Result<String, Fault> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let hint = "write for example https://packages.example.com/simple";
    let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
        return Err(Fault::value(text, "an address that begins with https://", hint));
    };
    if rest.split('/').next().is_some_and(|host| host.contains('@')) {
        let without = rest.split_once('@').map_or("", |(_, rest)| rest);
        return Err(Fault::new(
            rules::INVALID_VALUE,
            format!("found credentials in the address of the index {without}"),
            "write {url: …, secret: ID}, and pass the Authorization header as the build secret ID",
        ));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Fault::value(text, "an address without spaces", hint));
    }
    Ok(text.to_owned())
}
