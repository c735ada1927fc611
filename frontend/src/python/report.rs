//! Problems of requirements and locks as diagnostics of the manifest that names them.

use layerset_lock::{Inputs, Kind, Problem};

use super::Asked;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::failure::Failure;

/// Rule of all of them.
const RULE: &str = "requirements";

/// A failure that says all of it. An index that does not answer may do so next time, and a full disk have room.
pub fn failure(source: &Source, asked: &Asked, otherwise: Span, problems: &[Problem]) -> Failure {
    let may_pass = |problem: &Problem| matches!(problem.kind, Kind::Network | Kind::Machine);
    if !problems.is_empty() && problems.iter().all(may_pass) {
        let text = |problem: &Problem| {
            let hint = hint(problem).map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{}{hint}", message(problem))
        };
        return Failure::TryAgain(problems.iter().map(text).collect::<Vec<_>>().join("\n"));
    }
    let diagnostics = problems.iter().map(|problem| {
        let diagnostic = Diagnostic::error(RULE, span(asked, otherwise, problem), message(problem));
        Diagnostic { hint: hint(problem), ..diagnostic }
    });
    Failure::Manifest { file: Box::new(source.clone()), diagnostics: diagnostics.collect() }
}

/// The same as warnings.
pub fn warnings(asked: &Asked, otherwise: Span, problems: &[Problem]) -> Vec<Diagnostic> {
    let warning = |problem: &Problem| {
        let diagnostic = Diagnostic::warning(RULE, span(asked, otherwise, problem), message(problem));
        Diagnostic { hint: hint(problem), ..diagnostic }
    };
    problems.iter().map(warning).collect()
}

/// Where the manifest names the file of a problem.
fn span(asked: &Asked, otherwise: Span, problem: &Problem) -> Span {
    let file = problem.place.as_ref().map(|place| place.file.as_str());
    let entries = || asked.values().flatten();
    let named = entries().find(|(id, _)| Some(id.path.as_str()) == file);
    match named {
        Some((_, span)) => *span,
        None if otherwise != Span::default() => otherwise,
        None => entries().next().map(|(_, span)| *span).unwrap_or_default(),
    }
}

/// Where a stage or service names the file that a requirement is in, or one that includes it.
pub fn entry_of(asked: &Asked, inputs: &Inputs, consumer: &str, file: &str) -> Span {
    let entries = asked.get(consumer).into_iter().flatten();
    let mut has = entries.filter(|(id, _)| {
        id.path == file || inputs.get(id).is_some_and(|input| input.files.iter().any(|one| one == file))
    });
    has.next().map(|(_, span)| *span).unwrap_or_default()
}

/// What is wrong, with the other places that it does not name itself.
fn message(problem: &Problem) -> String {
    let place = problem.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let unnamed = problem.also.iter().filter(|(place, _)| !problem.message.contains(&place.to_string()));
    let also: Vec<String> = unnamed.map(|(place, what)| format!("; {place}: {what}")).collect();
    format!("{place}{}{}", problem.message, also.concat())
}

/// What to do, then what the resolver said: it is long.
fn hint(problem: &Problem) -> Option<String> {
    match (&problem.hint, problem.detail.as_str()) {
        (None, "") => None,
        (Some(hint), "") => Some(hint.clone()),
        (None, detail) => Some(format!("the resolver said:\n{detail}")),
        (Some(hint), detail) => Some(format!("{hint}; the resolver said:\n{detail}")),
    }
}
