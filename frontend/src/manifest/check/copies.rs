//! `files` and `copy`: what goes where, and how.

use super::{Check, names, path, quantity};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::document::{Copy, File, FileMapping};
use crate::manifest::model::{Base, CopyFrom, Filter, Selection};
use crate::manifest::read::{List, Text};
use crate::manifest::rules;

impl Check<'_> {
    /// Selections of the context.
    pub(super) fn files(&mut self, files: Option<&List<File>>) -> Vec<Selection> {
        files.iter().flat_map(|files| &files.0).filter_map(|file| self.file(file)).collect()
    }

    pub(super) fn file(&mut self, file: &File) -> Option<Selection> {
        let mapping = match file {
            File::Path(source) => &FileMapping { source: Some(source.clone()), ..FileMapping::default() },
            File::Full(mapping) => mapping,
        };
        let FileMapping { source, target, include, exclude, owner, mode, broken, place } = mapping;
        let filter = self.filter(include.as_ref(), exclude.as_ref(), owner.as_ref(), mode.as_ref());
        let Some(text) = source else {
            if !broken {
                self.missing(
                    place.0,
                    "an entry of \"files\" has no \"source\"",
                    "write for example {source: src/, target: /app}",
                );
            }
            return None;
        };
        let source = self.parse(text, path::context);
        let directory = target.as_ref().is_some_and(|target| target.value.ends_with('/'));
        let target = match target {
            Some(target) => self.parse(target, path::target),
            None => source.clone(),
        };
        Some(Selection { span: text.span, source: source?, target: target?, directory, filter })
    }

    /// Copies from elsewhere.
    pub(super) fn copies(&mut self, copies: Option<&List<Copy>>) -> Vec<CopyFrom> {
        copies.iter().flat_map(|copies| &copies.0).filter_map(|copy| self.copy(copy)).collect()
    }

    pub(super) fn copy(&mut self, copy: &Copy) -> Option<CopyFrom> {
        let Copy { from, source, target, include, exclude, owner, mode, broken, place } = copy;
        let filter = self.filter(include.as_ref(), exclude.as_ref(), owner.as_ref(), mode.as_ref());
        for (key, value) in [("from", from), ("source", source)] {
            if value.is_none() && !broken {
                self.missing(
                    place.0,
                    &format!("an entry of \"copy\" has no \"{key}\""),
                    "write for example {from: ui, source: /src/dist, target: /app/static}",
                );
            }
        }
        let base = from.as_ref().and_then(|from| self.base(from));
        let base = base.filter(|base| {
            let scratch = base.value == Base::Scratch;
            if scratch {
                self.problems.push(
                    Diagnostic::error(
                        rules::INVALID_VALUE,
                        base.span,
                        "found \"scratch\", which has no files to copy",
                    )
                    .hint("name a stage, an image or a named context"),
                );
            }
            !scratch
        });
        let path = source.as_ref().and_then(|source| self.parse(source, path::elsewhere));
        let target = match target {
            Some(target) => self.parse(target, path::target),
            None => path.clone(),
        };
        Some(CopyFrom { span: place.0, from: base?, source: path?, target: target?, filter })
    }

    fn filter(
        &mut self,
        include: Option<&List<Text>>,
        exclude: Option<&List<Text>>,
        owner: Option<&Text>,
        mode: Option<&Text>,
    ) -> Filter {
        let include = self.all(include, path::pattern);
        let exclude = self.all(exclude, path::pattern);
        let owner = owner.and_then(|owner| self.parse(owner, names::owner));
        let mode = mode.and_then(|mode| self.parse(mode, quantity::mode));
        Filter { include, exclude, owner, mode }
    }

    /// Reports a key that must be there.
    pub(super) fn missing(&mut self, span: Span, message: &str, hint: &str) {
        self.problems.push(Diagnostic::error(rules::MISSING_KEY, span, message).hint(hint));
    }
}
