//! What is wrong with a manifest and where.

mod render;
mod source;

pub use render::{MOST, render};
pub use source::Source;

/// A range of byte offsets into the manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// The build goes on.
    Warning,
}

/// A further place that explains a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One thing wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Name of the rule, `unknown-key`.
    pub rule: &'static str,
    /// What was found and what was expected; lower case, no full stop.
    pub message: String,
    /// Where; every diagnostic has a place, the file's start if no better.
    pub span: Span,
    /// Further places.
    pub labels: Vec<Label>,
    /// What to do.
    pub hint: Option<String>,
}

impl Span {
    /// The span of `len` bytes from `start` on.
    pub fn new(start: usize, len: usize) -> Self {
        Self { start, end: start + len }
    }

    /// Whether another is within it.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl Diagnostic {
    /// An error: nothing is built.
    pub fn error(rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            rule,
            message: message.into(),
            span,
            labels: Vec::new(),
            hint: None,
        }
    }

    /// A warning: the build goes on.
    pub fn warning(rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(rule, span, message) }
    }

    /// With a further place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
