//! From an op as it was described to the bytes that name it.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::graph::Vertex;
use crate::{Diff, Edge, Exec, File, Git, Graph, Http, Image, Local, Merge, OciLayout, Platform};

/// The input number that means scratch, and the output number that means none.
pub(crate) const NONE: i64 = -1;

/// Whatever a graph can hold.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant is the type it holds")]
pub enum Op {
    Image(Image),
    Local(Local),
    Http(Http),
    Git(Git),
    OciLayout(OciLayout),
    Exec(Box<Exec>),
    File(File),
    Merge(Merge),
    Diff(Diff),
}

macro_rules! from {
    ($($op:ident)*) => {
        $(impl From<$op> for Op {
            fn from(op: $op) -> Self {
                Self::$op(op)
            }
        })*
    };
}

from!(Image Local Http Git OciLayout File Merge Diff);

impl From<Exec> for Op {
    fn from(op: Exec) -> Self {
        Self::Exec(Box::new(op))
    }
}

impl Op {
    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::op::Op {
        match self {
            Self::Image(op) => pb::op::Op::Source(op.draft(draft)),
            Self::Local(op) => pb::op::Op::Source(op.draft(draft)),
            Self::Http(op) => pb::op::Op::Source(op.draft(draft)),
            Self::Git(op) => pb::op::Op::Source(op.draft(draft)),
            Self::OciLayout(op) => pb::op::Op::Source(op.draft(draft)),
            Self::Exec(op) => pb::op::Op::Exec(op.draft(draft)),
            Self::File(op) => pb::op::Op::File(op.draft(draft)),
            Self::Merge(op) => pb::op::Op::Merge(op.draft(draft)),
            Self::Diff(op) => pb::op::Op::Diff(op.draft(draft)),
        }
    }
}

/// What an op gathers while it is written: inputs, caps, platform.
pub(crate) struct Draft<'g> {
    graph: &'g Graph,
    inputs: Vec<Edge>,
    numbers: BTreeMap<Edge, i64>,
    caps: BTreeSet<&'static str>,
    platform: Option<Platform>,
    inherited: Option<Platform>,
}

impl<'g> Draft<'g> {
    pub(crate) fn new(graph: &'g Graph) -> Self {
        Self {
            graph,
            inputs: Vec::new(),
            numbers: BTreeMap::new(),
            caps: BTreeSet::new(),
            platform: None,
            inherited: None,
        }
    }

    /// The number of an input, the same for the same edge.
    pub(crate) fn input(&mut self, edge: Option<Edge>) -> i64 {
        let Some(edge) = edge else { return NONE };
        if let Some(&number) = self.numbers.get(&edge) {
            return number;
        }
        let number = self.own_input(edge);
        self.numbers.insert(edge, number);
        number
    }

    /// The number of an input that is listed again however often it was listed before.
    pub(crate) fn own_input(&mut self, edge: Edge) -> i64 {
        self.inputs.push(edge);
        index(self.inputs.len() - 1)
    }

    /// How many inputs there are: the number of the first action's result.
    pub(crate) fn inputs(&self) -> i64 {
        index(self.inputs.len())
    }

    pub(crate) fn cap(&mut self, cap: &'static str) {
        self.caps.insert(cap);
    }

    /// Runs or resolves on this platform, and so does what stands on it.
    pub(crate) fn platform(&mut self, platform: Option<Platform>) {
        self.platform.clone_from(&platform);
        self.inherited = platform;
    }

    /// Has no platform of its own, but hands on that of an input.
    pub(crate) fn inherit(&mut self, from: Option<Edge>) {
        self.inherited = self.platform_of(from);
    }

    pub(crate) fn platform_of(&self, edge: Option<Edge>) -> Option<Platform> {
        edge.and_then(|edge| self.graph.vertices[edge.vertex].platform.clone())
    }

    pub(crate) fn finish(self, kind: pb::op::Op) -> (Vertex, BTreeSet<&'static str>) {
        let inputs = self.inputs.iter().map(|&edge| input(self.graph, edge)).collect();
        let bytes = encode(inputs, self.platform, kind);
        (Vertex::new(digest(&bytes), bytes, self.inputs, self.inherited), self.caps)
    }
}

pub(crate) fn input(graph: &Graph, edge: Edge) -> pb::Input {
    pb::Input { digest: graph.digest(edge).to_owned(), index: i64::from(edge.output) }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

pub(crate) fn index(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// Go writes a oneof after all other fields, prost among them by number. The digest is of Go's
/// bytes, so the op proper goes last, as a message of its own: parts of a message may be joined.
fn encode(inputs: Vec<pb::Input>, platform: Option<Platform>, kind: pb::op::Op) -> Vec<u8> {
    let constraints = Some(pb::WorkerConstraints::default());
    let mut bytes = pb::Op { inputs, platform, constraints, op: None }.encode_to_vec();
    bytes.extend(pb::Op { op: Some(kind), ..pb::Op::default() }.encode_to_vec());
    bytes
}

#[cfg(test)]
mod tests {
    use buildkit_proto::pb;
    use prost::Message as _;

    use super::{digest, encode};

    #[test]
    fn the_op_proper_is_written_last_and_read_back_whole() {
        let kind = pb::op::Op::Merge(pb::MergeOp::default());
        let platform = pb::Platform { os: "linux".to_owned(), ..Default::default() };
        let bytes = encode(Vec::new(), Some(platform.clone()), kind.clone());
        assert_eq!(bytes, b"\x52\x07\x12\x05linux\x5a\x00\x32\x00");
        let op = pb::Op::decode(&bytes[..]).unwrap();
        assert_eq!((op.op, op.platform), (Some(kind), Some(platform)));
    }

    #[test]
    fn digests_are_sha256_in_lower_hex() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
    }
}
