//! Bytes of YAML to one tree of [`Node`]s. Anchors are expanded and merge keys applied here, under
//! limits: what comes out is no deeper and not much larger than what a person would write.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput, Tag};

use super::node::{Entry, Node, Value, quote};
use super::rules;
use super::scan;
use crate::diagnostic::{Diagnostic, Source, Span, Spanned};

/// Deepest nesting; the manifest's own keys need 6.
const DEPTH: usize = 64;
/// Most weight that aliases may add. Five thousand services that merge 30 keys each stay below it.
const ALIASED: usize = 500_000;

/// Reads the one document of a source. `None`: there is nothing to work with, and a diagnostic says why.
pub(super) fn parse(source: &Source, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    if let Some(problem) = scan::control_character(source) {
        problems.push(problem);
        return None;
    }
    let before = problems.len();
    let mut builder = Builder {
        source,
        parser: Parser::new_from_str(&source.text),
        offsets: Offsets::new(&source.text),
        anchors: BTreeMap::new(),
        aliased: 0,
        problems,
    };
    let root = builder.document();
    match root {
        Ok(Some(node)) if !matches!(node.value, Value::Null) => Some(node),
        Ok(_) if problems.len() > before => None,
        Ok(_) => {
            problems.push(
                Diagnostic::error(rules::EMPTY, Span::default(), "the manifest is empty, expected services")
                    .hint("write for example: services: {api: {from: python:3.13-slim, files: [api/]}}"),
            );
            None
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

/// Byte offsets of the parser's marks, which count characters.
enum Offsets {
    Ascii,
    Characters(Vec<usize>),
}

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self::Ascii;
        }
        Self::Characters(text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect())
    }

    fn byte(&self, marker: Marker) -> usize {
        match self {
            Self::Ascii => marker.index(),
            Self::Characters(offsets) => {
                offsets.get(marker.index()).or(offsets.last()).copied().unwrap_or_default()
            }
        }
    }
}

struct Builder<'a> {
    source: &'a Source,
    parser: Parser<'a, StrInput<'a>>,
    offsets: Offsets,
    anchors: BTreeMap<usize, Node>,
    aliased: usize,
    problems: &'a mut Vec<Diagnostic>,
}

/// The end of reading: nothing after it makes sense.
type Stop = Diagnostic;

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.event()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(Diagnostic::error(
                        rules::SEVERAL_DOCUMENTS,
                        span,
                        "found a second document, expected one manifest",
                    )
                    .hint("remove the line \"---\" and what follows it"));
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.event()?;
                    root = Some(self.node(event, span, 0)?);
                }
                _ => {}
            }
        }
    }

    fn event(&mut self) -> Result<(Event<'a>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let span = Span { start: self.offsets.byte(span.start), end: self.offsets.byte(span.end) };
                Ok((event, span))
            }
            Some(Err(error)) => {
                Err(scan::explain(self.source, self.offsets.byte(*error.marker()), error.info()))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Stop> {
        if depth > DEPTH {
            return Err(Diagnostic::error(
                rules::TOO_DEEP,
                span,
                format!("nested more than {DEPTH} levels deep"),
            )
            .hint("a manifest needs six levels; look for a bracket too many"));
        }
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = Self::tag(tag.as_deref(), span)? || style != ScalarStyle::Plain;
                let value = if !is_text && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Value::Null
                } else {
                    Value::Scalar(text.into_owned())
                };
                (anchor, Node::leaf(scan::trim(self.source, span), value))
            }
            Event::SequenceStart(anchor, tag) => {
                Self::tag(tag.as_deref(), span)?;
                (anchor, self.list(span, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                Self::tag(tag.as_deref(), span)?;
                (anchor, self.map(span, depth)?)
            }
            _ => (0, Node::leaf(span, Value::Null)),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Whether the tag makes a scalar text, whatever it looks like.
    fn tag(tag: Option<&Tag>, span: Span) -> Result<bool, Stop> {
        let Some(tag) = tag else { return Ok(false) };
        let known = ["str", "int", "float", "bool", "null", "map", "seq"];
        if tag.is_yaml_core_schema() && known.contains(&tag.suffix.as_str()) {
            return Ok(tag.suffix == "str");
        }
        Err(Diagnostic::error(rules::UNKNOWN_TAG, span, format!("found the tag {}", quote(&tag.to_string())))
            .hint("a manifest has no tags of its own; remove it"))
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<Node, Stop> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Diagnostic::error(rules::ALIAS, span, "an alias inside the value of its own anchor")
                .hint("repeat what is meant, without the part around it"));
        };
        self.aliased += node.weight;
        if self.aliased > ALIASED {
            return Err(Diagnostic::error(
                rules::ALIAS,
                span,
                format!("aliases repeat more than {ALIASED} values in all"),
            )
            .hint("an alias of aliases grows fast; use \"extends\" to share"));
        }
        if depth + deep(node) > DEPTH {
            return Err(Diagnostic::error(
                rules::TOO_DEEP,
                span,
                format!("aliases nest more than {DEPTH} levels deep"),
            )
            .hint("an alias of an alias of an alias grows deep; use \"extends\" to share"));
        }
        Ok(node.clone())
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.event()?;
            if matches!(event, Event::SequenceEnd) {
                let span = self.whole(start, items.last().map(|item: &Node| item.span), span);
                let weight = 1 + items.iter().map(|item| item.weight).sum::<usize>();
                return Ok(Node { span, value: Value::List(items), weight });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merges: Vec<(Span, Node)> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let mut last = None;
        loop {
            let (event, span) = self.event()?;
            if matches!(event, Event::MappingEnd) {
                let span = self.whole(start, last, span);
                self.merge(&mut entries, merges, &seen);
                let weight = 1 + entries.iter().map(|entry| 1 + entry.value.weight).sum::<usize>();
                return Ok(Node { span, value: Value::Map(entries), weight });
            }
            let plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.event()?;
            let value = self.node(event, span, depth + 1)?;
            last = Some(Span { start: key.span.start, end: value.span.end.max(key.span.end) });
            let text = match key.value {
                Value::Scalar(text) => text,
                Value::Null => self.source.slice(key.span).to_owned(),
                Value::List(_) | Value::Map(_) => {
                    self.problems.push(
                        Diagnostic::error(
                            rules::WRONG_TYPE,
                            key.span,
                            format!("found {} as a key, expected text", key.found()),
                        )
                        .hint("put a value that begins with a bracket or a brace in quotes"),
                    );
                    continue;
                }
            };
            if plain && text == "<<" && !seen.contains_key("<<") {
                seen.insert(text, key.span);
                merges.push((key.span, value));
            } else if let Some(first) = seen.get(&text) {
                self.problems.push(
                    Diagnostic::error(
                        rules::DUPLICATE_KEY,
                        key.span,
                        format!("key {} is there twice", quote(&text)),
                    )
                    .label(*first, "first here")
                    .hint("keep one of the two"),
                );
            } else {
                seen.insert(text.clone(), key.span);
                entries.push(Entry { key: Spanned { value: text, span: key.span }, value });
            }
        }
    }

    /// Merge keys (`<<: *defaults`): what the mapping says itself wins, then the first of a list.
    fn merge(&mut self, entries: &mut Vec<Entry>, merges: Vec<(Span, Node)>, own: &BTreeMap<String, Span>) {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for (span, node) in merges {
            let maps = match node.value {
                Value::List(items) => items,
                _ => vec![node],
            };
            for map in maps {
                let Value::Map(inherited) = map.value else {
                    self.problems.push(
                        Diagnostic::error(
                            rules::WRONG_TYPE,
                            span,
                            format!("found {} to merge, expected a mapping", map.found()),
                        )
                        .hint("write for example: <<: *defaults"),
                    );
                    continue;
                };
                for entry in inherited {
                    let key = &entry.key.value;
                    if !own.contains_key(key) && taken.insert(key.clone()) {
                        entries.push(entry);
                    }
                }
            }
        }
    }

    /// The span of a collection: to its closing bracket, or to the end of its last entry in block style.
    fn whole(&self, start: Span, last: Option<Span>, end: Span) -> Span {
        let bracket = matches!(self.source.text.as_bytes().get(start.start), Some(b'[' | b'{'));
        let end = match last {
            Some(last) if !bracket => last.end,
            _ => end.end,
        };
        Span { start: start.start, end: end.max(start.end) }
    }
}

/// Levels below a node; nodes are never deeper than [`DEPTH`], so this recursion is bounded.
fn deep(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Scalar(_) => 0,
        Value::List(items) => 1 + items.iter().map(deep).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|entry| deep(&entry.value)).max().unwrap_or(0),
    }
}
