//! The log's entries.

use buildkit_proto::gateway as gw;
use buildkit_proto::pb;
use prost::Message as _;

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Ping,
    ResolveImageConfig(gw::ResolveImageConfigRequest),
    ResolveSourceMeta(gw::ResolveSourceMetaRequest),
    Solve(gw::SolveRequest),
    ReadFile(gw::ReadFileRequest),
    ReadDir(gw::ReadDirRequest),
    StatFile(gw::StatFileRequest),
    Evaluate(gw::EvaluateRequest),
    Inputs,
    Warn(gw::WarnRequest),
    Return(gw::ReturnRequest),
}

impl Call {
    /// The definition of a solve, or an empty one.
    pub(crate) fn definition(&self) -> pb::Definition {
        match self {
            Self::Solve(request) => request.definition.clone().unwrap_or_default(),
            _ => pb::Definition::default(),
        }
    }

    /// Whether this solves more than a source: the image itself.
    pub(crate) fn builds(&self) -> bool {
        matches!(self, Self::Solve(_)) && self.definition().def.len() != 2
    }
}

/// The ops of a definition, without the last, which has only an input.
pub(crate) fn ops(definition: &pb::Definition) -> Vec<pb::Op> {
    let readable = definition.def.iter().filter_map(|bytes| pb::Op::decode(&bytes[..]).ok());
    readable.filter(|op| op.op.is_some()).collect()
}
