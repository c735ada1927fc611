//! What is said of an op without being part of it: it changes no digest.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;

use crate::LinuxResources;

/// The description key that progress output prints.
pub(crate) const CUSTOM_NAME: &str = "llb.customname";

/// Name, caps, cache and resource settings, and where the user asked for the op.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    pub(crate) description: BTreeMap<String, String>,
    pub(crate) caps: BTreeSet<Cow<'static, str>>,
    pub(crate) ignore_cache: bool,
    pub(crate) progress_group: Option<pb::ProgressGroup>,
    pub(crate) linux_resources: Option<LinuxResources>,
    pub(crate) locations: Vec<Location>,
}

impl Metadata {
    /// With the name that progress output shows.
    pub fn named(name: impl Into<String>) -> Self {
        Self::default().describe(CUSTOM_NAME, name)
    }

    /// The name that progress output shows.
    pub fn name(&self) -> Option<&str> {
        self.description.get(CUSTOM_NAME).map(String::as_str)
    }

    /// A text that the engine hands on without reading it.
    #[must_use]
    pub fn describe(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.description.insert(key.into(), value.into());
        self
    }

    /// Folds all ops of one id into one line of progress, by this name. A group whose ops are all `weak` is not shown,
    /// unless one fails. Source: moby/buildkit `util/progress/progressui/display.go`.
    #[must_use]
    pub fn progress_group(mut self, id: impl Into<String>, name: impl Into<String>, weak: bool) -> Self {
        self.progress_group = Some(pb::ProgressGroup { id: id.into(), name: name.into(), weak });
        self
    }

    /// One more cap that the engine must have, over those that the op records by itself.
    #[must_use]
    pub fn cap(mut self, cap: &'static str) -> Self {
        self.caps.insert(Cow::Borrowed(cap));
        self
    }

    /// Runs the op though its result is known.
    #[must_use]
    pub fn ignore_cache(mut self) -> Self {
        self.ignore_cache = true;
        self
    }

    /// Limits of the step, outside its cache key.
    #[must_use]
    pub fn linux_resources(mut self, resources: LinuxResources) -> Self {
        self.linux_resources = Some(resources);
        self
    }

    /// Where in a file the user asked for the op; the engine shows it when the op fails.
    #[must_use]
    pub fn at(mut self, source: SourceId, range: Range) -> Self {
        self.locations.push(Location { source, range });
        self
    }

    pub(crate) fn to_pb(&self) -> pb::OpMetadata {
        pb::OpMetadata {
            ignore_cache: self.ignore_cache,
            description: self.description.clone(),
            export_cache: None,
            caps: self.caps.iter().map(|cap| (cap.to_string(), true)).collect(),
            progress_group: self.progress_group.clone(),
            linux_resources: self.linux_resources.clone(),
        }
    }
}

/// A file registered with [`crate::Graph::source_info`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(pub(crate) usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    pub(crate) source: SourceId,
    pub(crate) range: Range,
}

/// An area of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// Where it begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

/// A place in a file: lines count from 1, characters from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 0.
    pub character: u32,
}

impl Range {
    /// Whole lines, the last one included.
    pub fn lines(first: u32, last: u32) -> Self {
        Self { start: Position { line: first, character: 0 }, end: Position { line: last, character: 0 } }
    }
}

impl From<Range> for pb::Range {
    fn from(range: Range) -> Self {
        Self { start: Some(range.start.into()), end: Some(range.end.into()) }
    }
}

impl From<Position> for pb::Position {
    fn from(position: Position) -> Self {
        let number = |value| i32::try_from(value).unwrap_or(i32::MAX);
        Self { line: number(position.line), character: number(position.character) }
    }
}
