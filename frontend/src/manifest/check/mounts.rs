//! `mounts` of a command: what it sees besides its stage.

use std::collections::BTreeMap;

use super::copies::is_address;
use super::{Check, path, quantity};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::document::{self, Copy, FileMapping};
use crate::manifest::model::{Mount, Mounted, Run};
use crate::manifest::node::quote;
use crate::manifest::read::Text;
use crate::manifest::rules;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bind,
    Tmpfs,
}

impl Check<'_> {
    /// A mount. `None`: an error was reported.
    pub(super) fn mount(&mut self, mount: &document::Mount) -> Option<Mount> {
        let span = mount.place.0;
        let kind = match &mount.r#type {
            Some(text) => self.mount_kind(text),
            None if mount.tmpfs.is_some() => Some(Kind::Tmpfs),
            None => Some(Kind::Bind),
        };
        let writable = mount.read_only.as_ref().map(|text| self.parse(text, quantity::boolean));
        let size = mount.tmpfs.as_ref().and_then(|tmpfs| tmpfs.size.as_ref());
        let size = size.map(|text| self.parse(text, quantity::size));
        let Some(target) = &mount.target else {
            if !mount.broken {
                self.missing(
                    span,
                    "a mount has no \"target\"",
                    "write for example {from: tools, target: /tools}",
                );
            }
            return None;
        };
        let path = self.parse(target, path::mounted)?;
        let writable = !writable.flatten().unwrap_or(true);
        let what = match kind? {
            Kind::Tmpfs => {
                self.only_of_binds(mount);
                Mounted::Tmpfs { size: size.flatten().unwrap_or_default() }
            }
            Kind::Bind => {
                if let Some(tmpfs) = &mount.tmpfs {
                    self.misplaced(tmpfs.place.0, "tmpfs", "tmpfs");
                }
                self.bind(mount, target, writable)?
            }
        };
        Some(Mount { span, target: path, what })
    }

    /// Files of the context or from elsewhere, by the rules of `files` and `copy`.
    fn bind(&mut self, mount: &document::Mount, target: &Text, writable: bool) -> Option<Mounted> {
        let all = |text: &str| Some(Text { value: text.to_owned(), span: target.span });
        let target = Some(target.clone());
        if mount.from.is_none() {
            let source = mount.source.clone().or_else(|| all("."));
            let mut selection = self.file(&document::File::Full(Box::new(FileMapping {
                source,
                target,
                place: mount.place,
                ..FileMapping::default()
            })))?;
            selection.directory = false;
            return Some(Mounted::Context { selection, writable });
        }
        let source = mount.source.clone().or_else(|| all("/"));
        let from = mount.from.clone();
        if let Some(text) = &from
            && is_address(&self.text(text)?)
        {
            let message = "found an address, expected a stage, an image or a named context";
            let hint = "have a stage copy the file, and name that stage";
            self.problems.push(Diagnostic::error(rules::INVALID_VALUE, text.span, message).hint(hint));
            return None;
        }
        let copy = self.copy(&Copy { from, source, target, place: mount.place, ..Copy::default() })?;
        Some(Mounted::From { copy, writable })
    }

    /// The kinds that have keys of their own here are named, since Dockerfiles write them as mounts.
    fn mount_kind(&mut self, text: &Text) -> Option<Kind> {
        const ELSEWHERE: [(&str, &str); 3] = [("cache", "cache"), ("secret", "secrets"), ("ssh", "ssh")];
        if let Some((kind, key)) = ELSEWHERE.iter().find(|(kind, _)| *kind == text.value) {
            let message = format!("found a mount of type {}, expected bind or tmpfs", quote(kind));
            let hint = format!("a {kind} belongs in the command's \"{key}\"");
            self.problems.push(Diagnostic::error(rules::INVALID_VALUE, text.span, message).hint(hint));
            return None;
        }
        self.one_of(text, "a type", [("bind", Kind::Bind), ("tmpfs", Kind::Tmpfs)])
    }

    fn only_of_binds(&mut self, mount: &document::Mount) {
        for (key, text) in [("from", &mount.from), ("source", &mount.source), ("read_only", &mount.read_only)]
        {
            if let Some(text) = text {
                self.misplaced(text.span, key, "bind");
            }
        }
    }

    fn misplaced(&mut self, span: Span, key: &str, kind: &str) {
        let message = format!("found \"{key}\", which only a mount of type {kind} has");
        let hint = format!("remove it, or write type: {kind}");
        self.problems.push(Diagnostic::error(rules::INVALID_VALUE, span, message).hint(hint));
    }

    /// Reports what one command sees at one place, where the last would hide the others. Secrets, agents and caches are
    /// mounts of the engine too.
    pub(super) fn one_at_each_place(&mut self, run: &Run) {
        let mut seen: Vec<(&str, Span)> = Vec::new();
        seen.extend(run.secrets.iter().filter_map(|one| Some((one.target.as_deref()?, one.span))));
        seen.extend(run.ssh.iter().filter_map(|one| Some((one.target.as_deref()?, one.span))));
        seen.extend(run.cache.iter().map(|one| (one.target.as_str(), one.span)));
        seen.extend(run.mounts.iter().map(|one| (one.target.as_str(), one.span)));
        let mut places: BTreeMap<&str, Span> = BTreeMap::new();
        for (target, span) in seen {
            if let Some(first) = places.insert(target, span) {
                let message = format!("two mounts have the target {}", quote(target));
                self.problems.push(
                    Diagnostic::error(rules::DUPLICATE_KEY, span, message)
                        .label(first, "first here")
                        .hint("keep one of the two, or give one another target"),
                );
            }
        }
    }
}
