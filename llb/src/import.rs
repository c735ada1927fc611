//! Definitions of others as part of a graph: what a client hands a frontend as its input.

use std::borrow::Cow;
use std::collections::BTreeMap;

use buildkit_proto::pb;
use prost::Message as _;

use crate::graph::Vertex;
use crate::op::digest;
use crate::{Edge, Graph, Metadata};

/// Why bytes cannot become part of a graph.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ImportError {
    /// The bytes are no op.
    #[error("op {0} of the definition cannot be read")]
    NoOp(usize),
    /// An input is none of the ops before it.
    #[error("op {0} of the definition stands on an op that is not there")]
    NoInput(usize),
}

impl Graph {
    /// Adds the ops of a definition as they are, byte for byte, with their names, caps and cache
    /// settings but without their source maps. Gives what it is a definition of; `None` is scratch.
    ///
    /// # Errors
    /// If the bytes are no ops in an order that puts inputs first.
    pub fn import(&mut self, definition: &pb::Definition) -> Result<Option<Edge>, ImportError> {
        let mut vertices: BTreeMap<String, usize> = BTreeMap::new();
        let mut head = None;
        for (place, bytes) in definition.def.iter().enumerate() {
            let op = pb::Op::decode(&bytes[..]).map_err(|_| ImportError::NoOp(place))?;
            let edge = |input: &pb::Input| {
                let vertex = *vertices.get(&input.digest).ok_or(ImportError::NoInput(place))?;
                let output = u32::try_from(input.index).map_err(|_| ImportError::NoInput(place))?;
                Ok(Edge { vertex, output })
            };
            let inputs: Vec<Edge> = op.inputs.iter().map(edge).collect::<Result<_, _>>()?;
            if op.op.is_none() {
                head = inputs.first().copied();
                continue;
            }
            let digest = digest(bytes);
            let vertex = Vertex::new(digest.clone(), bytes.clone(), inputs, op.platform);
            let number = self.insert(vertex);
            if let Some(said) = definition.metadata.get(&digest) {
                self.annotate(Edge { vertex: number, output: 0 }, metadata(said));
            }
            vertices.insert(digest, number);
        }
        Ok(head)
    }
}

fn metadata(said: &pb::OpMetadata) -> Metadata {
    Metadata {
        description: said.description.clone(),
        caps: said.caps.iter().filter(|(_, on)| **on).map(|(cap, _)| Cow::Owned(cap.clone())).collect(),
        ignore_cache: said.ignore_cache,
        progress_group: said.progress_group.clone(),
        linux_resources: said.linux_resources.clone(),
        locations: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::ImportError;
    use crate::{Exec, Graph, Image, Local, Merge, Metadata, Mount};

    #[test]
    fn a_definition_comes_out_as_it_went_in() {
        let mut graph = Graph::new();
        let base = graph.add(Image::new("docker.io/library/busybox:1"), Metadata::named("base"));
        let run = graph.add(Exec::new(base, ["true"]).mount(Mount::scratch("/out")), Metadata::default());
        let definition = graph.definition(run.output(1));

        let mut other = Graph::new();
        let local = other.add(Local::new("context"), Metadata::default());
        let edge = other.import(&definition).unwrap().unwrap();
        assert_eq!(edge.output, 1);
        assert_eq!(other.definition(edge), definition);
        let merged = other.add(Merge::new([local, edge]), Metadata::default());
        assert_eq!(other.definition(merged).def.len(), 5);
        assert_eq!(other.import(&definition), Ok(Some(edge)));
        assert_eq!(other.len(), 4);
    }

    #[test]
    fn scratch_is_nothing() {
        assert_eq!(Graph::new().import(&Graph::new().definition(None)), Ok(None));
    }

    #[test]
    fn broken_definitions_are_refused() {
        let mut graph = Graph::new();
        let base = graph.add(Image::new("docker.io/library/busybox:1"), Metadata::default());
        let mut definition = graph.definition(base);
        definition.def.remove(0);
        assert_eq!(Graph::new().import(&definition), Err(ImportError::NoInput(0)));
        definition.def[0] = vec![0xff];
        assert_eq!(Graph::new().import(&definition), Err(ImportError::NoOp(0)));
    }
}
