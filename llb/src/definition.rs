//! From the graph to what is sent: the ops that one edge needs, and what is said of them.

use std::collections::BTreeMap;

use buildkit_proto::pb;
use prost::Message as _;

use crate::op::{digest, input};
use crate::{Edge, Graph, caps};

impl Graph {
    /// The definition of an edge; that of scratch is empty.
    ///
    /// Inputs come before what uses them, each op once, in an order that depends on nothing but
    /// the ops: not on when they were added, nor on what else the graph holds.
    pub fn definition(&self, edge: impl Into<Option<Edge>>) -> pb::Definition {
        let Some(edge) = edge.into() else { return pb::Definition::default() };
        let order = self.reachable(edge);

        let mut definition = pb::Definition::default();
        // A server takes these two for granted from whoever sends a definition.
        let mut head_caps = vec![caps::CONSTRAINTS, caps::PLATFORM];
        for &number in &order {
            let vertex = &self.vertices[number];
            if vertex.metadata.ignore_cache {
                head_caps.push(caps::META_IGNORE_CACHE);
            }
            if !vertex.metadata.description.is_empty() {
                head_caps.push(caps::META_DESCRIPTION);
            }
            definition.def.push(vertex.bytes.clone());
            definition.metadata.insert(vertex.digest.clone(), vertex.metadata.to_pb());
        }

        // The last entry is an op with nothing but an input: the edge that is asked for.
        let head = pb::Op { inputs: vec![input(self, edge)], ..pb::Op::default() }.encode_to_vec();
        let caps = head_caps.into_iter().map(|cap| (cap.to_owned(), true)).collect();
        definition.metadata.insert(digest(&head), pb::OpMetadata { caps, ..pb::OpMetadata::default() });
        definition.def.push(head);
        definition.source = self.source(&order);
        definition
    }

    /// Inputs first, depth first. Without recursion: a chain may be as long as a file has lines.
    fn reachable(&self, edge: Edge) -> Vec<usize> {
        let mut order = Vec::new();
        let mut entered = vec![false; self.vertices.len()];
        let mut path = vec![(edge.vertex, 0)];
        entered[edge.vertex] = true;
        while let Some((number, next)) = path.last_mut() {
            if let Some(input) = self.vertices[*number].inputs.get(*next) {
                *next += 1;
                if !entered[input.vertex] {
                    entered[input.vertex] = true;
                    path.push((input.vertex, 0));
                }
            } else {
                order.push(*number);
                path.pop();
            }
        }
        order
    }

    /// Source maps of these vertices, with only the files they point into.
    fn source(&self, order: &[usize]) -> Option<pb::Source> {
        let mut source = pb::Source::default();
        let mut numbers = BTreeMap::new();
        for vertex in order.iter().map(|&number| &self.vertices[number]) {
            let locations: Vec<_> = vertex
                .metadata
                .locations
                .iter()
                .map(|at| {
                    let source_index = *numbers.entry(at.source).or_insert_with(|| {
                        source.infos.push(self.infos[at.source.0].clone());
                        i32::try_from(source.infos.len() - 1).unwrap_or(i32::MAX)
                    });
                    pb::Location { source_index, ranges: vec![at.range.into()] }
                })
                .collect();
            if !locations.is_empty() {
                source.locations.insert(vertex.digest.clone(), pb::Locations { locations });
            }
        }
        (!source.infos.is_empty()).then_some(source)
    }
}

#[cfg(test)]
mod tests {
    use buildkit_proto::pb;

    use crate::{File, Graph, Image, Local, Merge, Metadata, Mkdir, Range};

    fn directory(path: &str) -> File {
        File::on(None).mkdir(Mkdir::new(path))
    }

    #[test]
    fn scratch_is_an_empty_definition() {
        assert_eq!(Graph::new().definition(None), pb::Definition::default());
    }

    #[test]
    fn holds_what_the_edge_needs_and_nothing_else() {
        let mut graph = Graph::new();
        let base = graph.add(Image::new("busybox"), Metadata::default());
        let other = graph.add(Local::new("context"), Metadata::default());
        let definition = graph.definition(base);
        assert_eq!(definition.def.len(), 2);
        assert_eq!(definition.metadata.len(), 2);
        assert!(definition.metadata.contains_key(graph.digest(base)));
        assert!(!definition.metadata.contains_key(graph.digest(other)));
        assert_eq!(definition.source, None);
    }

    #[test]
    fn does_not_depend_on_when_ops_were_added() {
        let build = |paths: [&str; 3]| {
            let mut graph = Graph::new();
            for path in paths {
                graph.add(directory(path), Metadata::default());
            }
            let a = graph.add(directory("/a"), Metadata::default());
            let b = graph.add(directory("/b"), Metadata::default());
            let merged = graph.add(Merge::new(vec![a, b]), Metadata::default());
            graph.definition(merged)
        };
        assert_eq!(build(["/a", "/b", "/c"]), build(["/c", "/b", "/a"]));
    }

    #[test]
    fn source_maps_carry_only_the_files_that_are_pointed_into() {
        let mut graph = Graph::new();
        let unused = graph.source_info("base.yaml", "x", "yaml", None);
        let used = graph.source_info("layerset.yaml", "y", "yaml", None);
        graph.add(directory("/a"), Metadata::default().at(unused, Range::lines(1, 1)));
        let edge = graph.add(directory("/b"), Metadata::default().at(used, Range::lines(2, 4)));
        let source = graph.definition(edge).source.unwrap();
        assert_eq!(
            source.infos.iter().map(|info| info.filename.as_str()).collect::<Vec<_>>(),
            ["layerset.yaml"]
        );
        let location = &source.locations[graph.digest(edge)].locations[0];
        assert_eq!(location.source_index, 0);
        assert_eq!(location.ranges, [pb::Range::from(Range::lines(2, 4))]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let mut graph = Graph::new();
        let mut edge = graph.add(directory("/0"), Metadata::default());
        for step in 1..20_000 {
            edge = graph.add(File::on(edge).mkdir(Mkdir::new(format!("/{step}"))), Metadata::default());
        }
        assert_eq!(graph.definition(edge).def.len(), 20_001);
    }
}
