//! Merge lays inputs over one another without copying; diff is what an upper adds to a lower.

use buildkit_proto::pb;

use crate::op::Draft;
use crate::{Edge, Graph, Metadata, caps};

/// Inputs on top of one another, the last one uppermost.
///
/// An input that stands on another input brings all of that again: merge only ops that stand on
/// scratch, and diffs. The engine wants two inputs or more; [`Graph::merge`] sees to it.
#[derive(Clone, Debug)]
pub struct Merge {
    inputs: Vec<Edge>,
}

impl Merge {
    /// From the lowest to the uppermost.
    pub fn new(inputs: impl IntoIterator<Item = Edge>) -> Self {
        Self { inputs: inputs.into_iter().collect() }
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::MergeOp {
        draft.cap(caps::MERGE_OP);
        draft.inherit(self.inputs.first().copied());
        let inputs =
            self.inputs.into_iter().map(|edge| pb::MergeInput { input: draft.own_input(edge) }).collect();
        pb::MergeOp { inputs }
    }
}

/// What upper has over lower, deletions too; `None` is scratch.
#[derive(Clone, Debug)]
pub struct Diff {
    lower: Option<Edge>,
    upper: Option<Edge>,
}

impl Diff {
    /// What has to be laid over `lower` to get `upper`.
    pub fn new(lower: impl Into<Option<Edge>>, upper: impl Into<Option<Edge>>) -> Self {
        Self { lower: lower.into(), upper: upper.into() }
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::DiffOp {
        draft.cap(caps::DIFF_OP);
        draft.inherit(self.lower);
        let mut number = |edge: Option<Edge>| edge.map_or(crate::op::NONE, |edge| draft.own_input(edge));
        let lower = Some(pb::LowerDiffInput { input: number(self.lower) });
        let upper = Some(pb::UpperDiffInput { input: number(self.upper) });
        pb::DiffOp { lower, upper }
    }
}

impl Graph {
    /// A merge where one is needed: scratch is left out, nothing is scratch, one input is itself.
    pub fn merge<E: Into<Option<Edge>>>(
        &mut self,
        inputs: impl IntoIterator<Item = E>,
        metadata: Metadata,
    ) -> Option<Edge> {
        let inputs: Vec<Edge> = inputs.into_iter().filter_map(Into::into).collect();
        match inputs[..] {
            [] => None,
            [only] => Some(only),
            _ => Some(self.add(Merge { inputs }, metadata)),
        }
    }

    /// A diff where one is needed: over scratch everything is new.
    pub fn diff(
        &mut self,
        lower: impl Into<Option<Edge>>,
        upper: impl Into<Option<Edge>>,
        metadata: Metadata,
    ) -> Option<Edge> {
        match (lower.into(), upper.into()) {
            (None, upper) => upper,
            (lower, upper) => Some(self.add(Diff { lower, upper }, metadata)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Image, Metadata};

    #[test]
    fn nothing_is_added_where_nothing_is_merged() {
        let mut graph = Graph::new();
        let base = graph.add(Image::new("busybox"), Metadata::default());
        assert_eq!(graph.merge([None, None], Metadata::default()), None);
        assert_eq!(graph.merge([None, Some(base)], Metadata::default()), Some(base));
        assert_eq!(graph.diff(None, base, Metadata::default()), Some(base));
        assert_eq!(graph.diff(None, None, Metadata::default()), None);
        assert_eq!(graph.len(), 1);
    }

    #[test]
    fn an_input_may_come_twice() {
        let mut graph = Graph::new();
        let base = graph.add(Image::new("busybox"), Metadata::default());
        let merged = graph.merge([base, base], Metadata::default()).unwrap();
        assert_eq!(graph.vertices[merged.vertex].inputs, [base, base]);
    }
}
