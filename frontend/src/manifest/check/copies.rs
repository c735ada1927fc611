//! `files` and `copy`: what goes where, and how.

use super::{Check, Fault, names, path, quantity};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::manifest::document::{Copy, File, FileMapping};
use crate::manifest::model::{Base, CopyFrom, DOWNLOADED, Download, Filter, Selection};
use crate::manifest::node::quote;
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
        // What its arguments make of it counts.
        let place = target.as_ref().map(|target| self.text(target));
        let directory = matches!(&place, Some(Some(place)) if place.ends_with('/'));
        let target = match (target, place) {
            (Some(target), Some(place)) => {
                place.and_then(|place| self.report(target.span, path::target(&place)))
            }
            _ => source.clone(),
        };
        Some(Selection { span: text.span, source: source?, target: target?, directory, filter })
    }

    /// Copies from elsewhere.
    pub(super) fn copies(&mut self, copies: Option<&List<Copy>>) -> Vec<CopyFrom> {
        copies.iter().flat_map(|copies| &copies.0).filter_map(|copy| self.copy(copy)).collect()
    }

    pub(super) fn copy(&mut self, copy: &Copy) -> Option<CopyFrom> {
        let Copy { from, source, checksum, target, include, exclude, owner, mode, broken, place } = copy;
        let filter = self.filter(include.as_ref(), exclude.as_ref(), owner.as_ref(), mode.as_ref());
        let named = from.as_ref().and_then(|from| Some(Spanned { value: self.text(from)?, span: from.span }));
        if let Some(url) = named.as_ref().filter(|named| is_address(&named.value)) {
            return self.download(copy, url, filter);
        }
        // A `from` that cannot be read may be an address.
        let unread = from.is_some() && named.is_none();
        if let Some(checksum) = checksum.as_ref().filter(|_| !unread) {
            let message = "found \"checksum\", which only a file of the web has";
            self.problems.push(
                Diagnostic::error(rules::INVALID_VALUE, checksum.span, message)
                    .hint("remove it, or write the file's address in \"from\""),
            );
        }
        for (key, value) in [("from", from), ("source", source)] {
            if value.is_none() && !broken && !unread {
                self.missing(
                    place.0,
                    &format!("an entry of \"copy\" has no \"{key}\""),
                    "write for example {from: ui, source: /src/dist, target: /app/static}",
                );
            }
        }
        let base = named.and_then(|named| self.named(named));
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

    /// One file of the web, to one place.
    fn download(&mut self, copy: &Copy, from: &Spanned<String>, filter: Filter) -> Option<CopyFrom> {
        let url = self.report(from.span, address(&from.value));
        let checksum = copy.checksum.as_ref().map(|text| self.parse(text, sha256));
        for (key, span) in [
            ("source", copy.source.as_ref().map(|text| text.span)),
            ("include", copy.include.as_ref().map(|list| list.1.0)),
            ("exclude", copy.exclude.as_ref().map(|list| list.1.0)),
        ] {
            if let Some(span) = span {
                let message = format!("found \"{key}\", but an address is that of one file");
                self.problems.push(
                    Diagnostic::error(rules::INVALID_VALUE, span, message).hint(format!("remove \"{key}\"")),
                );
            }
        }
        let Some(target) = &copy.target else {
            if !copy.broken {
                self.missing(
                    copy.place.0,
                    "a file of the web has no \"target\"",
                    "write where it goes, for example target: /usr/local/bin/tool",
                );
            }
            return None;
        };
        let written = self.text(target)?;
        let place = self.report(target.span, path::target(&written))?;
        if place.is_empty() || written.ends_with('/') {
            let message =
                format!("found the target {}, expected the place of the file itself", quote(&written));
            self.problems.push(
                Diagnostic::error(rules::INVALID_PATH, target.span, message)
                    .hint("end it with the file's name, for example /usr/local/bin/tool"),
            );
            return None;
        }
        let value = Base::Download(Download { url: url?, checksum: checksum.flatten() });
        let from = Spanned { value, span: from.span };
        Some(CopyFrom { span: copy.place.0, from, source: DOWNLOADED.to_owned(), target: place, filter })
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

/// Whether it is the address of a file of the web.
pub(super) fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// An address without credentials: it is part of the build's graph, where secrets are never.
fn address(text: &str) -> Result<String, Fault> {
    let rest = text.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        let hint = "remove them; fetch it in a command with a secret, or name the file with --build-context";
        return Err(Fault::new(rules::INVALID_VALUE, "found an address with credentials", hint));
    }
    // Its page would be downloaded.
    let place = rest.split(['?', '#']).next().unwrap_or_default();
    if place.trim_end_matches('/').rsplit_once('.').is_some_and(|(_, kind)| kind == "git") {
        let hint = "write from: NAME, and name the repository with --build-context NAME=URL";
        return Err(Fault::new(
            rules::INVALID_VALUE,
            "found a git repository, expected the address of a file",
            hint,
        ));
    }
    let fine = !host.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if fine {
        return Ok(text.to_owned());
    }
    Err(Fault::value(text, "the address of a file", "write for example https://example.com/tool"))
}

/// `sha256:` and 64 digits.
fn sha256(text: &str) -> Result<String, Fault> {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    if digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(text.to_owned());
    }
    Err(Fault::value(text, "sha256: and 64 lower-case hexadecimal digits", "sha256sum prints them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_checksums() {
        assert!(address("https://example.com/a%20b?c=d@e").is_ok());
        assert!(address("https://user:word@example.com/a").is_err() && address("https:///a").is_err());
        assert!(
            address("https://example.com/a.git#v1").is_err()
                && address("https://example.com/a.git/b?c=.git").is_ok()
        );
        assert!(sha256(&format!("sha256:{}", "0a".repeat(32))).is_ok());
        assert!(sha256(&format!("sha256:{}", "0A".repeat(32))).is_err() && sha256("sha256:").is_err());
    }
}
