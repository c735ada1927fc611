//! Why nothing was built, for the user to read.

use buildkit_llb::{Position, Range};
use buildkit_proto::rpc;
use serde_json::json;

use crate::diagnostic::{Diagnostic, MOST, Severity, Source, Span};
use crate::gateway::rpc_status;
use crate::options::base64;

/// Lines of a file that the engine sees around a place.
const LINES_AROUND: usize = 10;
/// Characters of a line that the engine sees.
const LONGEST_LINE: usize = 400;

/// How a run of the frontend or the command line ends when it does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The manifest, or what it names, is wrong.
    #[error("{}", summary(file, diagnostics))]
    Manifest {
        /// The manifest.
        file: Box<Source>,
        /// What is wrong with it, at least one error.
        diagnostics: Vec<Diagnostic>,
    },
    /// The request is wrong: an option or argument.
    #[error("{0}")]
    Request(String),
    /// The engine refused a call, or a step failed. Its details go to the user unchanged.
    #[error("{}", .0.message())]
    Engine(Box<tonic::Status>),
    /// Something outside did not work this time.
    #[error("{0}")]
    TryAgain(String),
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        Self::Engine(Box::new(status))
    }
}

impl Failure {
    /// One diagnostic as a failure.
    pub fn at(source: &Source, diagnostic: Diagnostic) -> Self {
        Self::Manifest { file: Box::new(source.clone()), diagnostics: vec![diagnostic] }
    }

    /// As the engine wants it. Code 2 prints the bare message; the places travel as JSON, not as
    /// protobuf. Source: moby/buildkit `util/grpcerrors`, `solver/errdefs/source.go`.
    pub fn into_status(self) -> rpc::Status {
        match self {
            Self::Engine(status) => rpc_status(&status),
            Self::Manifest { file, diagnostics } => {
                let message = summary(&file, &diagnostics);
                let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
                let details = places(&file, errors.map(|d| d.span));
                rpc::Status { code: 2, message, details }
            }
            other => rpc::Status { code: 2, message: other.to_string(), details: Vec::new() },
        }
    }
}

/// Every error on a line of its own, each with its place: BuildKit's own excerpt has no columns.
fn summary(source: &Source, diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<String> =
        diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| one_line(source, d)).collect();
    match &errors[..] {
        [one] => one.clone(),
        many => {
            let shown = many.iter().take(MOST).cloned().collect::<Vec<_>>().join("\n");
            let more = many.len().saturating_sub(MOST);
            let rest = if more > 0 { format!("\nand {more} more") } else { String::new() };
            format!("{} errors in {}\n{shown}{rest}", many.len(), source.name)
        }
    }
}

/// `layerset.yaml:12:7: unknown key "requirments"; did you mean "requirements"?`
pub fn one_line(source: &Source, diagnostic: &Diagnostic) -> String {
    let (line, column) = source.position(diagnostic.span.start);
    let hint = diagnostic.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}:{line}:{column}: {}{hint}", source.name, diagnostic.message)
}

fn places(source: &Source, spans: impl Iterator<Item = Span>) -> Vec<buildkit_proto::Any> {
    let ranges: Vec<_> = spans.map(|span| source.range(span)).collect();
    let Some(first) = ranges.iter().map(|range| range.start.line).min() else { return Vec::new() };
    let last = ranges.iter().map(|range| range.end.line).max().unwrap_or(first);
    let data = base64(excerpt(&source.text, first, last).as_bytes());
    let value = json!({
        "info": {"filename": source.name, "data": data, "language": "yaml"},
        "ranges": ranges.into_iter().map(range_json).collect::<Vec<_>>(),
    });
    vec![buildkit_proto::Any {
        type_url: "github.com/moby/buildkit/errdefs.Source+json".into(),
        value: value.to_string().into_bytes(),
    }]
}

/// The lines of a file that the engine prints around places in lines `first` to `last`: it prints them as long as
/// they are, and takes no message of any size. Those far above are empty, since it counts them.
pub(crate) fn excerpt(text: &str, first: u32, last: u32) -> String {
    let number = |line: u32| usize::try_from(line).unwrap_or(usize::MAX);
    let above = number(first).saturating_sub(LINES_AROUND + 1);
    let cut = |(at, line): (usize, &str)| match line.char_indices().nth(LONGEST_LINE) {
        _ if at < above => "\n".to_owned(),
        Some((end, _)) => format!("{}…\n", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    };
    text.split_inclusive('\n').take(number(last).saturating_add(LINES_AROUND)).enumerate().map(cut).collect()
}

/// A range as BuildKit's Go types marshal it.
pub(crate) fn range_json(range: Range) -> serde_json::Value {
    let position = |at: Position| json!({"line": at.line, "character": at.character});
    json!({"start": position(range.start), "end": position(range.end)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_has_few_lines_and_short_ones() {
        assert_eq!(excerpt("a\r\nb\n", 1, 1), "a\r\nb\n");
        assert_eq!(excerpt(&"line\n".repeat(1000), 3, 3).lines().count(), 13);
        let far = excerpt(&"line\n".repeat(1000), 500, 501);
        assert_eq!((far.lines().count(), far.matches("line").count()), (511, 22));
        let long = excerpt(&format!("{}\nnext\n", "ä".repeat(100_000)), 1, 1);
        assert_eq!(long, format!("{}…\nnext\n", "ä".repeat(LONGEST_LINE)));
        assert_eq!(excerpt("", 1, u32::MAX), "");
    }
}
