//! What is wrong, where, and what to do about it.
//!
//! Readers collect all problems of all files before they give up, so that a user mends them in one go.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name;

/// A place in a text file of the build context.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Path from the context's root, `/`-separated.
    pub file: String,
    /// The line, from 1. The file as a whole is line 0.
    pub line: u32,
    /// The column in characters, from 1. The line as a whole is column 0.
    pub column: u32,
}

impl Place {
    /// The file as a whole.
    pub fn file(path: &str) -> Self {
        Self { file: path.to_owned(), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = printable(&self.file);
        match (self.line, self.column) {
            (0, _) => write!(f, "{file}"),
            (line, 0) => write!(f, "{file}:{line}"),
            (line, column) => write!(f, "{file}:{line}:{column}"),
        }
    }
}

/// What a caller may do about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A file or a setting is wrong: it must be mended.
    Input,
    /// Requirements that no set of versions fulfils.
    Conflict,
    /// A package, a version or a wheel that the index does not have.
    NotFound,
    /// The index could not be reached: the same may work later.
    Network,
    /// This machine could not read or write what the resolver needs, a full disk say: the same may work later.
    Machine,
    /// The resolver could not be run, or said what we do not understand.
    Resolver,
}

/// One thing that is wrong.
///
/// Displayed in one line: `requirements.txt:3:1: unknown option "--foo"; …`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[error("{}{message}{}", .place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default(),
    .hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct Problem {
    /// Where it is, if it is in a file.
    pub place: Option<Place>,
    /// What was found, and what was expected.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Other places that have to do with it, each with what is there.
    pub also: Vec<(Place, String)>,
    /// What kind of problem it is.
    pub kind: Kind,
    /// What the resolver said, trimmed; empty where it did not run.
    pub detail: String,
}

impl Problem {
    /// A problem of the user's input at a place.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), ..Self::new(Kind::Input, message) }
    }

    /// A problem without a place. Messages quote what stands in untrusted files, and are printed and logged: of
    /// addresses the credentials are taken off, control characters are written as escapes, and what is longer than
    /// anybody reads is cut.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            place: None,
            message: shown(&message.into()),
            hint: None,
            also: Vec::new(),
            kind,
            detail: String::new(),
        }
    }

    /// The same with an advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(shown(&hint.into()));
        self
    }
}

/// Characters of a message.
const LONGEST: usize = 4000;

fn shown(text: &str) -> String {
    let text = printable(&name::redacted(text));
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The text with what could move a terminal's cursor written as escapes.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        // Left-to-right and right-to-left marks show a text as another one.
        if char.is_control()
            || matches!(char, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}

/// Why files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Failure<E> {
    /// What the caller's own `read` failed with.
    #[error(transparent)]
    Read(E),
    /// All that is wrong in the files, in the order of files and lines.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Problems(Vec<Problem>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line() {
        let place = Place { file: "a.txt".into(), line: 3, column: 7 };
        let problem = Problem::at(place.clone(), "unknown option \"-x\"").hint("remove it");
        assert_eq!(problem.to_string(), "a.txt:3:7: unknown option \"-x\"; remove it");
        assert_eq!(Problem::new(Kind::Network, "no answer").to_string(), "no answer");
        assert_eq!(Place { column: 0, ..place }.to_string(), "a.txt:3");
        assert_eq!(Place::file("a.txt").to_string(), "a.txt");
        assert_eq!(Place::file("a\u{1b}[2J.txt").to_string(), "a\\u{1b}[2J.txt");
    }

    #[test]
    fn what_must_not_be_printed() {
        let message = |text: &str| Problem::new(Kind::Input, text).message;
        assert_eq!(message("x \u{1b}[31m\0\u{202e}é"), "x \\u{1b}[31m\\u{0}\\u{202e}é");
        assert_eq!(message("found \"https://u:p@h/x\""), "found \"https://h/x\"");
        assert_eq!(message(&"é".repeat(5000)).chars().count(), LONGEST + 1);
        assert_eq!(
            Problem::new(Kind::Input, "").hint("git+https://t@h").hint.as_deref(),
            Some("git+https://h")
        );
    }
}
