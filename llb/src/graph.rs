//! The arena: vertices by content, edges by number.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;

use crate::metadata::Location;
use crate::op::Draft;
use crate::{Metadata, Op, Platform, SourceId};

/// One output of a vertex; only the graph that made it can read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub(crate) vertex: usize,
    pub(crate) output: u32,
}

impl Edge {
    /// Another output of the same vertex; [`crate::Exec::output_of`] gives the numbers.
    #[must_use]
    pub fn output(self, output: u32) -> Self {
        Self { output, ..self }
    }

    /// The vertex's number: smaller than that of every vertex built on it.
    pub fn vertex(self) -> usize {
        self.vertex
    }
}

/// Ops by content: adding an op twice gives the same vertex twice.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) infos: Vec<pb::SourceInfo>,
    by_digest: BTreeMap<String, usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Vertex {
    pub(crate) digest: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) inputs: Vec<Edge>,
    /// What an exec on top of this runs as, unless it says so itself.
    pub(crate) platform: Option<Platform>,
    pub(crate) metadata: Metadata,
    /// The metadata's locations once more, to find repeats without a search.
    seen: BTreeSet<Location>,
}

impl Graph {
    /// A graph without vertices.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of vertices.
    pub fn len(&self) -> usize {
        self.vertices.len()
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.vertices.is_empty()
    }

    /// The digest of an edge's op.
    pub fn digest(&self, edge: Edge) -> &str {
        &self.vertices[edge.vertex].digest
    }

    /// What tells an edge from those of other graphs: it is the same for the same output of the same op.
    pub fn key(&self, edge: Edge) -> String {
        format!("{} {}", self.digest(edge), edge.output)
    }

    /// What an edge's op says it was made for.
    pub fn metadata(&self, edge: Edge) -> &Metadata {
        &self.vertices[edge.vertex].metadata
    }

    /// Adds an op, or joins the metadata to that of the op that is already there.
    pub fn add(&mut self, op: impl Into<Op>, metadata: Metadata) -> Edge {
        let mut draft = Draft::new(self);
        let kind = op.into().draft(&mut draft);
        if metadata.linux_resources.is_some() && matches!(kind, pb::op::Op::Exec(_)) {
            draft.cap(crate::caps::EXEC_META_LINUX_RESOURCES);
        }
        let (vertex, caps) = draft.finish(kind);
        let number = self.insert(vertex);
        let edge = Edge { vertex: number, output: 0 };
        self.vertices[number].metadata.caps.extend(caps.into_iter().map(Cow::Borrowed));
        self.annotate(edge, metadata);
        edge
    }

    /// The vertex's number, that of an equal one if there is any.
    pub(crate) fn insert(&mut self, vertex: Vertex) -> usize {
        if let Some(&number) = self.by_digest.get(&vertex.digest) {
            return number;
        }
        let number = self.vertices.len();
        self.by_digest.insert(vertex.digest.clone(), number);
        self.vertices.push(vertex);
        number
    }

    /// Joins metadata to an op: the first name, progress group and resources win, caps and
    /// ignore-cache add up, locations are appended without repeats.
    pub fn annotate(&mut self, edge: Edge, more: Metadata) {
        let vertex = &mut self.vertices[edge.vertex];
        let metadata = &mut vertex.metadata;
        for (key, value) in more.description {
            metadata.description.entry(key).or_insert(value);
        }
        metadata.caps.extend(more.caps);
        metadata.ignore_cache |= more.ignore_cache;
        metadata.progress_group = metadata.progress_group.take().or(more.progress_group);
        metadata.linux_resources = metadata.linux_resources.take().or(more.linux_resources);
        for location in more.locations {
            if vertex.seen.insert(location) {
                metadata.locations.push(location);
            }
        }
    }

    /// A file that [`Metadata::at`] can point into; only definitions that do carry it.
    pub fn source_info(
        &mut self,
        filename: impl Into<String>,
        data: impl Into<Vec<u8>>,
        language: impl Into<String>,
        definition: Option<pb::Definition>,
    ) -> SourceId {
        self.infos.push(pb::SourceInfo {
            filename: filename.into(),
            data: data.into(),
            definition,
            language: language.into(),
        });
        SourceId(self.infos.len() - 1)
    }
}

impl Vertex {
    pub(crate) fn new(digest: String, bytes: Vec<u8>, inputs: Vec<Edge>, platform: Option<Platform>) -> Self {
        Self { digest, bytes, inputs, platform, metadata: Metadata::default(), seen: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Exec, File, Graph, Image, Metadata, Mkdir, Range};

    #[test]
    fn equal_ops_are_one_vertex_with_joined_metadata() {
        let mut graph = Graph::new();
        let source = graph.source_info("layerset.yaml", "a: b", "yaml", None);
        let places = [Range::lines(1, 1), Range::lines(2, 3)];
        let first = graph.add(
            File::on(None).mkdir(Mkdir::new("/a")),
            Metadata::named("first").at(source, places[0]).cap("x"),
        );
        let second = graph.add(
            File::on(None).mkdir(Mkdir::new("/a")),
            Metadata::named("second").at(source, places[0]).at(source, places[1]).ignore_cache(),
        );
        assert_eq!(first, second);
        assert_eq!(graph.len(), 1);
        let metadata = graph.metadata(first);
        assert_eq!(metadata.name(), Some("first"));
        assert!(metadata.ignore_cache);
        assert_eq!(metadata.caps.iter().collect::<Vec<_>>(), ["file.base", "x"]);
        assert_eq!(metadata.locations.iter().map(|at| at.range).collect::<Vec<_>>(), places);
    }

    #[test]
    fn resources_are_a_cap_of_execs_only() {
        let mut graph = Graph::new();
        let limits = || crate::LinuxResources { memory: 1 << 20, ..Default::default() };
        let base = graph.add(Image::new("busybox"), Metadata::default().linux_resources(limits()));
        let run = graph.add(Exec::new(base, ["true"]), Metadata::default().linux_resources(limits()));
        assert!(!graph.metadata(base).caps.contains("exec.meta.linux.resources"));
        assert!(graph.metadata(run).caps.contains("exec.meta.linux.resources"));
        assert_eq!(graph.definition(run).metadata[graph.digest(run)].linux_resources, Some(limits()));
    }
}
