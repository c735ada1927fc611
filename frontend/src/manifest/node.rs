//! YAML as a tree of values that know where they stand; the parser's events go in, documents read it.

use crate::diagnostic::{Span, Spanned};
use crate::printable::printable;

/// A YAML value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it stands; for an alias: where its anchor's value stands.
    pub(super) span: Span,
    /// The value.
    pub(super) value: Value,
    /// How much reading it costs, to stop aliases of aliases of aliases.
    pub(super) weight: usize,
}

/// A YAML value; scalars keep the text as written.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing at all, `~` or `null`.
    Null,
    /// Text, number or boolean.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping without duplicate keys, merge keys applied.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: Spanned<String>,
    /// The value.
    pub(super) value: Node,
}

impl Node {
    /// A leaf.
    pub(super) fn leaf(span: Span, value: Value) -> Self {
        let weight = match &value {
            Value::Scalar(text) => 1 + text.len() / 64,
            _ => 1,
        };
        Self { span, value, weight }
    }

    /// What it is, for messages: `found a list`.
    pub(super) fn found(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar(text) => quote(text),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// A text for messages: in quotes, on one line, not too long.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let cut = text.char_indices().nth(LONGEST).and_then(|(end, _)| text.get(..end));
    format!("\"{}{}\"", printable(cut.unwrap_or(text)), if cut.is_some() { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stay_on_one_line() {
        assert_eq!(quote("a\nb"), "\"a\\nb\"");
        assert_eq!(quote(&"x".repeat(100)).chars().count(), 63);
    }
}
