//! Directories in which one selection meets another. The layer of an inner selection makes its own
//! directory as it makes every directory on the way, root's with mode 0755; the layer of the outer one
//! leaves it out with all that is in it. An image that has both gets it as the context has it.

use buildkit_llb::{Copy, File};

use super::layer::copy_attributes;
use super::{Emitter, FILE_TIME};
use crate::plan::{Attributes, Found, Layer, Look, Origin, Part, escape_pattern};

/// An outer part, and the directories in it that other parts hold, from it.
pub(super) struct Inner<'a> {
    outer: &'a Part,
    paths: Vec<String>,
}

/// Finds them. `context` says what the sources are; a directory that a layer makes right anyway is left out.
pub(super) fn find<'a>(layers: &[&'a Layer], context: &Look) -> Vec<Inner<'a>> {
    let of_context = layers.iter().filter(|layer| layer.origin == Origin::Context);
    let mut parts: Vec<(Vec<&str>, &Part)> = of_context
        .flat_map(|layer| &layer.parts)
        .map(|part| (part.target.split('/').collect(), part))
        .collect();
    // Sorted by names, so that every part comes right before those in it.
    parts.sort();
    let mut found: Vec<Inner<'a>> = Vec::new();
    let mut stack: Vec<(&[&str], &'a Part)> = Vec::new();
    for (names, part) in &parts {
        while stack.last().is_some_and(|(outer, _)| !starts_with(names, outer)) {
            stack.pop();
        }
        let outer = stack.iter().rev().find_map(|(_, outer)| Some((*outer, path_in(outer, part)?)));
        if let Some((outer, path)) = outer
            && differs(part, context)
        {
            match found.iter_mut().rev().find(|inner| std::ptr::eq(inner.outer, outer)) {
                Some(inner) => inner.paths.push(path),
                None => found.push(Inner { outer, paths: vec![path] }),
            }
        }
        stack.push((names, part));
    }
    found
}

/// Whether `names` are below `outer`; the root's names are two empty ones.
fn starts_with(names: &[&str], outer: &[&str]) -> bool {
    if outer == ["", ""] { names.len() > 1 } else { names.len() > outer.len() && names.starts_with(outer) }
}

/// The path of `inner` in `outer`, if it is the same in source and target and treated alike.
fn path_in(outer: &Part, inner: &Part) -> Option<String> {
    let below = |outer: &str, inner: &str| {
        let rest = inner.strip_prefix(outer.trim_end_matches('/'))?;
        Some(rest.strip_prefix('/')?.to_owned()).filter(|path| !path.is_empty())
    };
    let path = below(&outer.source, &inner.source)?;
    let same = below(&outer.target, &inner.target)? == path;
    (same && outer.attributes == inner.attributes && outer.patterns.include.is_empty()).then_some(path)
}

fn differs(part: &Part, context: &Look) -> bool {
    match context.get(part.source.trim_start_matches('/')) {
        Some(Found::Directory { mode, .. }) => *mode != 0o755 || part.attributes != Attributes::default(),
        _ => false,
    }
}

impl Emitter<'_> {
    /// Adds copies of the directories themselves, without what is in them.
    pub(super) fn copy_directories(&mut self, op: File, inner: &[Inner<'_>]) -> File {
        inner.iter().fold(op, |op, inner| {
            let names = |path: &String| path.split('/').map(escape_pattern).collect::<Vec<_>>().join("/");
            let include: Vec<String> = inner.paths.iter().map(names).collect();
            let from = Some(self.context());
            op.copy(Copy {
                src: inner.outer.source.clone(),
                dest: inner.outer.target.clone(),
                timestamp: Some(FILE_TIME),
                exclude_patterns: include.iter().map(|path| format!("{path}/**")).collect(),
                include_patterns: include,
                ..copy_attributes(inner.outer, from, self.input.settings)
            })
        })
    }
}

/// For people: the directories.
pub(super) fn shown(inner: &[Inner<'_>]) -> Vec<String> {
    let path = |outer: &Part, path: &String| format!("{}/{path}", outer.target.trim_end_matches('/'));
    inner.iter().flat_map(|inner| inner.paths.iter().map(|p| path(inner.outer, p))).collect()
}
