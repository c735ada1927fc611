//! The kinds of values a document is made of, and how each is read from YAML, described in the JSON
//! Schema and merged by `extends`. Every reader reports what is wrong and goes on.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::node::{Node, Value, quote};
use super::rules;
use crate::diagnostic::{Diagnostic, Span};

/// What readers share: the problems so far, and an example of the key that is being read.
pub(super) struct Reader<'a> {
    pub(super) problems: &'a mut Vec<Diagnostic>,
    pub(super) example: &'static str,
}

impl Reader<'_> {
    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(&mut self, node: &Node, expected: &str) {
        let message = format!("found {}, expected {expected}", node.found());
        let diagnostic = Diagnostic::error(rules::WRONG_TYPE, node.span, message);
        self.problems.push(if self.example.is_empty() {
            diagnostic
        } else {
            diagnostic.hint(format!("write for example: {}", self.example))
        });
    }
}

/// What can be read from YAML. `None`: what is wrong has been reported.
pub(super) trait Read: Sized {
    /// Reads one value.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// What stands for a named thing that could not be read, so that its name is known all the same.
    fn broken() -> Option<Self> {
        None
    }
}

impl<T: Read> Read for Box<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }
}

/// What `extends` does with two values of the same key.
pub(super) trait Merge: Clone {
    /// Puts what `base` says below what `self` says.
    fn merge(&mut self, base: &Self);

    /// How many entries it has, to bound what `extends` adds up to.
    fn entries(&self) -> usize {
        1
    }
}

/// A scalar: text, a number or a boolean, with its text as written. Compared by text, not by place.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text.
    pub value: String,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl Read for Text {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let Value::Scalar(value) = &node.value {
            return Some(Self { value: value.clone(), span: node.span });
        }
        reader.wrong_type(node, "text");
        None
    }
}

impl Merge for Text {
    fn merge(&mut self, _: &Self) {}
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

/// Where something stands, as part of a value: two values are equal wherever they stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub Span);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

/// A list; `extends` appends, without what is there already.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct List<T>(pub Vec<T>, pub Place);

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("List{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": generator.subschema_for::<T>()})
    }
}

impl<T: Read> Read for List<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::List(items) = &node.value else {
            reader.wrong_type(node, "a list");
            return None;
        };
        let items = items.iter().filter_map(|item| T::read(item, reader)).collect();
        Some(Self(items, Place(node.span)))
    }
}

impl<T: Clone + Ord> Merge for List<T> {
    fn merge(&mut self, base: &Self) {
        let inherited: BTreeSet<&T> = base.0.iter().collect();
        let own = self.0.iter().filter(|item| !inherited.contains(item)).cloned();
        let merged = base.0.iter().cloned().chain(own).collect();
        self.0 = merged;
    }

    fn entries(&self) -> usize {
        self.0.len()
    }
}

/// One value, or a list of them; `extends` replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(untagged, inline)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<T: Read> Read for OneOrMany<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::List(items) => {
                Some(Self::Many(items.iter().filter_map(|item| T::read(item, reader)).collect()))
            }
            Value::Scalar(_) => T::read(node, reader).map(Self::One),
            _ => {
                reader.wrong_type(node, "text or a list of texts");
                None
            }
        }
    }
}

impl<T: Clone> Merge for OneOrMany<T> {
    fn merge(&mut self, _: &Self) {}

    fn entries(&self) -> usize {
        self.as_slice().len()
    }
}

/// A mapping of names to scalars, or a list of `NAME=VALUE`; `extends` merges it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pairs {
    /// Names and values.
    pub entries: Vec<(Text, Option<Text>)>,
    /// Whether a part could not be read.
    pub broken: bool,
}

impl Read for Pairs {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut pairs = Vec::new();
        let before = reader.problems.len();
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    let key = Text { value: entry.key.value.clone(), span: entry.key.span };
                    match &entry.value.value {
                        Value::Null => pairs.push((key, None)),
                        _ => pairs.extend(Text::read(&entry.value, reader).map(|value| (key, Some(value)))),
                    }
                }
            }
            Value::List(items) => {
                let mut seen: BTreeMap<String, Span> = BTreeMap::new();
                for item in items {
                    let Some(text) = Text::read(item, reader) else { continue };
                    let (key, value) = match text.value.split_once('=') {
                        Some((key, value)) => (key, Some(Text { value: value.to_owned(), span: text.span })),
                        None => (text.value.as_str(), None),
                    };
                    if let Some(first) = seen.insert(key.to_owned(), text.span) {
                        let message = format!("{} is there twice", quote(key));
                        reader.problems.push(
                            Diagnostic::error(rules::DUPLICATE_KEY, text.span, message)
                                .label(first, "first here")
                                .hint("keep one of the two"),
                        );
                        continue;
                    }
                    pairs.push((Text { value: key.to_owned(), span: text.span }, value));
                }
            }
            Value::Null | Value::Scalar(_) => {
                reader.wrong_type(node, "a mapping or a list of NAME=VALUE");
                return None;
            }
        }
        Some(Self { entries: pairs, broken: reader.problems.len() > before })
    }
}

impl Merge for Pairs {
    fn merge(&mut self, base: &Self) {
        let own: BTreeSet<&Text> = self.entries.iter().map(|(key, _)| key).collect();
        let inherited: Vec<_> = base.entries.iter().filter(|(key, _)| !own.contains(key)).cloned().collect();
        self.entries.extend(inherited);
    }

    fn entries(&self) -> usize {
        self.entries.len()
    }
}

impl JsonSchema for Pairs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pairs".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
                {"type": "array", "items": {"type": "string"}},
            ]
        })
    }
}

/// What users name themselves: stages, services, templates. In the order written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named<T>(pub Vec<(Text, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Read + Default> Read for Named<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            reader.wrong_type(node, "a mapping of names");
            return None;
        };
        let mut named = Vec::new();
        for entry in entries {
            let name = Text { value: entry.key.value.clone(), span: entry.key.span };
            let value = match &entry.value.value {
                Value::Null => Some(T::default()),
                _ => T::read(&entry.value, reader).or_else(T::broken),
            };
            named.extend(value.map(|value| (name, value)));
        }
        Some(Self(named))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({
            "type": "object",
            "propertyNames": {"pattern": super::check::NAME_PATTERN},
            "additionalProperties": {"anyOf": [value, {"type": "null"}]},
        })
    }
}
