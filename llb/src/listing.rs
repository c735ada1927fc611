//! A definition for people: as text, as JSON, as a DOT graph.
//!
//! Reads what is sent rather than the graph it came from, so it also shows definitions of others.

mod describe;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use buildkit_proto::pb;
use prost::Message as _;
use serde_json::{Value, json};

use crate::op::digest;

/// The ops of a definition in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// All ops but the last, which has only an input.
    pub ops: Vec<Entry>,
    /// That input: what the definition is a definition of. `None` is scratch.
    pub head: Option<Input>,
}

/// One op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The op's name for the engine.
    pub digest: String,
    /// `image`, `local`, `http`, `git`, `oci-layout`, `exec`, `file`, `merge`, `diff` or `unknown`.
    pub kind: &'static str,
    /// The name that progress output shows.
    pub name: Option<String>,
    /// `os/architecture[/variant]`, if the op depends on it.
    pub platform: Option<String>,
    /// What it stands on.
    pub inputs: Vec<Input>,
    /// What it does, in a line.
    pub summary: String,
    /// Attributes, actions, mounts: a line each.
    pub details: Vec<String>,
    /// What it asks of the engine.
    pub caps: Vec<String>,
    /// Whether it is done though its result is known.
    pub ignore_cache: bool,
}

/// An output of an earlier op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The op's place in [`Listing::ops`].
    pub op: usize,
    /// Which of its outputs.
    pub output: i64,
}

/// Why bytes are no definition.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// The bytes are no op.
    #[error("op {position} of the definition is not readable: {source}")]
    Unreadable {
        /// Its place, from 1.
        position: usize,
        /// What is wrong with them.
        source: prost::DecodeError,
    },
    /// An input is not among the ops before it.
    #[error("op {position} of the definition needs {digest}, expected an op that comes before it")]
    UnknownInput {
        /// Its place, from 1.
        position: usize,
        /// The input.
        digest: String,
    },
}

impl Listing {
    /// Reads a definition.
    pub fn of(definition: &pb::Definition) -> Result<Self, ListingError> {
        let mut places = BTreeMap::new();
        let mut listing = Self::default();
        let last = definition.def.len().saturating_sub(1);
        for (place, bytes) in definition.def.iter().enumerate() {
            let position = place + 1;
            let op =
                pb::Op::decode(&bytes[..]).map_err(|source| ListingError::Unreadable { position, source })?;
            let mut inputs = Vec::with_capacity(op.inputs.len());
            for input in &op.inputs {
                let Some(&op) = places.get(&input.digest) else {
                    return Err(ListingError::UnknownInput { position, digest: input.digest.clone() });
                };
                inputs.push(Input { op, output: input.index });
            }
            if place == last && op.op.is_none() {
                listing.head = inputs.first().copied();
                break;
            }
            let digest = digest(bytes);
            listing.ops.push(Entry::of(&op, digest.clone(), inputs, definition.metadata.get(&digest)));
            places.insert(digest, place);
        }
        Ok(listing)
    }

    /// A line for each op, with indented lines for what is in it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let width = self.ops.len().to_string().len();
        for (place, op) in self.ops.iter().enumerate() {
            let short = op.digest.get(..19).unwrap_or(&op.digest);
            let _ = write!(text, "{:>width$}  {short}  {:<10}  {}", place + 1, op.kind, op.summary);
            for note in [op.platform.clone(), op.ignore_cache.then(|| "ignore cache".to_owned())] {
                let _ = note.map_or(Ok(()), |note| write!(text, "  ({note})"));
            }
            text.push('\n');
            for line in op.name.iter().map(|name| format!("name {name}")).chain(op.details.iter().cloned()) {
                let _ = writeln!(text, "{:width$}    {line}", "");
            }
        }
        let head = self.head.map_or_else(|| "scratch".to_owned(), Input::label);
        let _ = writeln!(text, "result: {head}");
        text
    }

    /// Everything, for programs; `inputs` and `result` count ops from 0.
    pub fn json(&self) -> Value {
        let input = |input: &Input| json!({"op": input.op, "output": input.output});
        let ops: Vec<_> = self
            .ops
            .iter()
            .map(|op| {
                json!({
                    "digest": op.digest,
                    "kind": op.kind,
                    "name": op.name,
                    "platform": op.platform,
                    "inputs": op.inputs.iter().map(input).collect::<Vec<_>>(),
                    "summary": op.summary,
                    "details": op.details,
                    "caps": op.caps,
                    "ignoreCache": op.ignore_cache,
                })
            })
            .collect();
        json!({"ops": ops, "result": self.head.as_ref().map(input)})
    }

    /// For Graphviz; edges point from an op to what uses it.
    pub fn dot(&self) -> String {
        let mut dot = String::from("digraph llb {\n  rankdir=LR;\n  node [shape=box];\n");
        for (place, op) in self.ops.iter().enumerate() {
            let title = op.name.as_deref().unwrap_or(&op.summary);
            let _ = writeln!(dot, "  op{} [label={}];", place + 1, quoted(&format!("{}\n{title}", op.kind)));
            for input in &op.inputs {
                let label =
                    if input.output == 0 { String::new() } else { format!(" [label=\"{}\"]", input.output) };
                let _ = writeln!(dot, "  op{} -> op{}{label};", input.op + 1, place + 1);
            }
        }
        if let Some(head) = self.head {
            let _ = writeln!(dot, "  result [shape=oval];\n  op{} -> result;", head.op + 1);
        }
        dot.push_str("}\n");
        dot
    }
}

impl Entry {
    fn of(op: &pb::Op, digest: String, inputs: Vec<Input>, metadata: Option<&pb::OpMetadata>) -> Self {
        let (kind, summary, details) = describe::op(op, &inputs);
        let name = metadata.and_then(|metadata| metadata.description.get(crate::metadata::CUSTOM_NAME));
        Self {
            digest,
            kind,
            name: name.cloned(),
            platform: op.platform.as_ref().map(describe::platform),
            inputs,
            summary,
            details,
            caps: metadata.map(|metadata| metadata.caps.keys().cloned().collect()).unwrap_or_default(),
            ignore_cache: metadata.is_some_and(|metadata| metadata.ignore_cache),
        }
    }
}

impl Input {
    /// The op's number as the text has it, with the output unless it is the first.
    fn label(self) -> String {
        match self.output {
            0 => format!("{}", self.op + 1),
            output => format!("{}.{output}", self.op + 1),
        }
    }
}

/// A string of DOT, its lines broken as in the source.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::{Input, Listing, ListingError};
    use crate::{Copy, Definition, Exec, File, Graph, Image, Local, Metadata, Mount, Platform};

    fn example() -> Definition {
        let mut graph = Graph::new();
        let linux = Platform { os: "linux".into(), architecture: "arm".into(), ..Platform::default() };
        let base = graph.add(Image::new("busybox").platform(linux), Metadata::default());
        let context = graph.add(Local::new("context").include(["a"]), Metadata::default());
        let copy = Copy { from: Some(context), src: "/a".into(), dest: "/b".into(), ..Copy::default() };
        let copied = graph.add(File::on(base).copy(copy), Metadata::named("say \"a\""));
        let exec = Exec::new(copied, ["sh", "-c", "make all"]).env("A", "1").mount(Mount::scratch("/out"));
        let output = exec.output_of("/out").unwrap();
        let built = graph.add(exec, Metadata::default().ignore_cache()).output(output);
        graph.definition(built)
    }

    #[test]
    fn text_has_a_line_for_each_op_and_its_parts() {
        let text = Listing::of(&example()).unwrap().text();
        // Digests are covered by the golden tests.
        let lines: Vec<_> = text
            .lines()
            .map(|line| match line.split_once("sha256:") {
                Some((before, after)) => format!("{before}{}", &after[14..]),
                None => line.to_owned(),
            })
            .collect();
        assert_eq!(
            lines,
            [
                "1  image       busybox  (linux/arm)",
                "2  local       context",
                "     local.includepattern=[\"a\"]",
                "3  file        on 1: copy 2:/a to /b",
                "     name say \"a\"",
                "4  exec        on 3: sh -c 'make all'  (linux/arm)  (ignore cache)",
                "     env A=1",
                "     bind /out from scratch, output 1",
                "result: 4.1",
            ]
        );
    }

    #[test]
    fn json_and_dot_show_the_same_edges() {
        let listing = Listing::of(&example()).unwrap();
        assert_eq!(listing.head, Some(Input { op: 3, output: 1 }));
        let json = listing.json();
        assert_eq!(
            json["ops"][2]["inputs"],
            serde_json::json!([{"op": 0, "output": 0}, {"op": 1, "output": 0}])
        );
        assert_eq!(json["ops"][2]["name"], "say \"a\"");
        let dot = listing.dot();
        assert!(
            dot.contains("  op3 [label=\"file\\nsay \\\"a\\\"\"];\n  op1 -> op3;\n  op2 -> op3;\n"),
            "{dot}"
        );
        assert!(dot.contains("op4 -> result;"), "{dot}");
    }

    #[test]
    fn scratch_is_an_empty_listing() {
        assert_eq!(Listing::of(&Definition::default()).unwrap().text(), "result: scratch\n");
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        let mut definition = example();
        definition.def.swap_remove(0);
        assert!(matches!(Listing::of(&definition), Err(ListingError::UnknownInput { position: 1, .. })));
        definition.def = vec![vec![0xff]];
        assert!(matches!(Listing::of(&definition), Err(ListingError::Unreadable { position: 1, .. })));
    }
}
