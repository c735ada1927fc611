//! What is in a page of the documentation: its blocks and commands.

use std::fs;

use harness::place::workspace;
use harness::run;
use serde_json::Value;

use crate::docs_check::parsed;
use crate::yaml::to_json;

/// What an indented block of commands begins with. Other indented blocks are what a command prints, or a picture.
const PROGRAMS: [&str; 18] = [
    "cargo", "cat", "cp", "docker", "echo", "export", "git", "layerset", "make", "mkdir", "mv", "printf",
    "rm", "sed", "sh", "touch", "unset", "uv",
];

/// A block of code.
#[derive(Debug)]
pub(crate) struct Block {
    /// Line of the page where its text begins.
    pub(crate) line: usize,
    /// What it is there for.
    pub(crate) kind: Kind,
    /// Its text, without fence and indentation.
    pub(crate) text: String,
}

/// What a block is there for.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    /// Commands for a shell.
    Commands,
    /// What a command prints, or a picture.
    Text,
    /// A file of this name: the comment on its first line says so.
    File(String),
    /// A manifest that is whole: it begins with `# syntax=`.
    Manifest,
    /// A manifest, or part of one, to be looked at only.
    Part,
    /// Jobs of a CI system.
    Jobs,
    /// Something else: a compose file without a name, a Dockerfile.
    Other,
}

/// Every page: README.md and what is below docs/, by its path in the repository.
pub(crate) fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    let mut folders = vec![workspace().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.strip_prefix(workspace()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    pages.sort();
    pages
}

/// The text of a page.
pub(crate) fn read(page: &str) -> String {
    fs::read_to_string(workspace().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// The blocks of code of a text: fenced ones, and those indented by four that are no part of a paragraph.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    let mut after_empty = true;
    while let Some(line) = lines.get(at) {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let end = (at + 1..lines.len()).find(|end| lines[*end].trim_start().starts_with("```")).unwrap();
            let text = lines[at + 1..end].join("\n") + "\n";
            blocks.push(Block { line: at + 2, kind: fenced(language, &text), text });
            at = end;
        } else if after_empty && line.starts_with("    ") {
            let inside = |line: &&&str| line.starts_with("    ") || line.is_empty();
            let length = lines[at..].iter().take_while(inside).count();
            indented(&lines[at..at + length], at + 1, &mut blocks);
            at += length - 1;
        }
        after_empty = lines[at].is_empty() || lines[at].starts_with('#');
        at += 1;
    }
    blocks
}

/// Commands and what they print may stand in one block, with an empty line between.
fn indented(lines: &[&str], first: usize, blocks: &mut Vec<Block>) {
    let start = blocks.len();
    for (number, line) in lines.iter().enumerate() {
        let line = line.strip_prefix("    ").unwrap_or(line);
        let begins = number == 0 || lines[number - 1].is_empty();
        let program = line.split_whitespace().next().unwrap_or_default();
        let kind = if PROGRAMS.contains(&program) { Kind::Commands } else { Kind::Text };
        if blocks.len() == start
            || begins && !line.is_empty() && blocks.last().is_some_and(|last| last.kind != kind)
        {
            blocks.push(Block { line: first + number, kind, text: String::new() });
        }
        if let Some(block) = blocks.last_mut() {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
}

fn fenced(language: &str, text: &str) -> Kind {
    match language.trim() {
        "" | "text" => named(text).map_or(Kind::Text, Kind::File),
        "sh" | "bash" | "console" => named(text).map_or(Kind::Commands, Kind::File),
        "yaml" | "yml" if text.starts_with("# syntax=") => Kind::Manifest,
        "yaml" | "yml" => named(text).map_or_else(|| of_yaml(text), Kind::File),
        _ => named(text).map_or(Kind::Other, Kind::File),
    }
}

/// The file that a comment on the first line names: one word with a dot or slash in it.
fn named(text: &str) -> Option<String> {
    let first = text.lines().next()?;
    let comment = ["# ", "// ", "/* ", "<!-- "].iter().find_map(|sign| first.strip_prefix(sign))?;
    let name = comment.trim_end_matches("*/").trim_end_matches("-->").trim();
    let is_name = !name.contains(' ') && name.contains(['.', '/']) && !name.ends_with(['.', '/']);
    is_name.then(|| name.to_owned())
}

fn of_yaml(text: &str) -> Kind {
    // What is no YAML is shown as a mistake.
    let Value::Object(top) = parsed(text) else { return Kind::Part };
    let has = |value: &Value, key: &str| value.as_object().is_some_and(|map| map.contains_key(key));
    let any = |key: &str, inner: &str| {
        top.get(key).and_then(Value::as_object).is_some_and(|map| map.values().any(|value| has(value, inner)))
    };
    if top.contains_key("jobs") || top.values().any(|value| has(value, "script")) {
        Kind::Jobs
    } else if any("services", "build") || any("services", "ports") {
        Kind::Other
    } else if ["args", "stages", "templates", "services", "python"].iter().any(|key| top.contains_key(*key)) {
        Kind::Part
    } else {
        Kind::Other
    }
}

/// The commands of a block, each with those of its lines that belong together: bash says whether one is complete.
pub(crate) fn commands(block: &Block) -> Vec<String> {
    let lines = match &block.kind {
        Kind::Jobs => scripts(&to_json(&block.text)),
        Kind::File(name) if name.starts_with(".github/workflows/") || name == ".gitlab-ci.yml" => {
            scripts(&to_json(&block.text))
        }
        Kind::Commands => vec![block.text.clone()],
        _ => Vec::new(),
    };
    lines.iter().flat_map(|text| split(text)).collect()
}

fn split(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        if open.is_empty() && (line.trim().is_empty() || line.starts_with('#')) {
            continue;
        }
        open.push_str(line);
        if !line.ends_with('\\') && complete(&open) {
            commands.push(std::mem::take(&mut open));
        } else {
            open.push('\n');
        }
    }
    assert!(open.is_empty(), "no end of the command:\n{open}");
    commands
}

/// Without a quote, loop or here-document that is still open.
fn complete(text: &str) -> bool {
    let output = run::command("bash").args(["-n", "-c", text]).output().unwrap();
    output.stderr.is_empty()
}

/// Values of `run` and the lists of `script`, with those before and after, in order.
fn scripts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Object(map) => {
            let lists = ["before_script", "script", "after_script"].iter().filter_map(|key| map.get(*key));
            let listed = lists.flat_map(|list| list.as_array().into_iter().flatten().filter_map(text));
            let own = map.get("run").and_then(text).into_iter().chain(listed);
            own.chain(map.values().flat_map(scripts)).collect()
        }
        Value::Array(list) => list.iter().flat_map(scripts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn blocks_and_commands_are_found() {
    let page = "\
# A page
Text.

    docker build \\
      --tag a .
    sh -c 'a
    b'   # a comment

    layerset.yaml:1:1: error: no

```yaml
# syntax=layerset/frontend:1
services: {a: {from: b}}
```
```yaml
# .github/workflows/a.yml
jobs: {a: {steps: [{run: one}, {run: \"two\\nthree\"}]}}
```
```yaml
a: {before_script: [one], script: [two]}
```
```yaml
stages: {a: {from: b}}
```
```console
$ for a in 1
$ do echo
$ done
```
";
    let blocks = blocks(page);
    let kinds: Vec<&Kind> = blocks.iter().map(|block| &block.kind).collect();
    let file = Kind::File(".github/workflows/a.yml".into());
    let expected =
        [&Kind::Commands, &Kind::Text, &Kind::Manifest, &file, &Kind::Jobs, &Kind::Part, &Kind::Commands];
    assert_eq!(kinds, expected, "{blocks:#?}");
    let commands: Vec<String> = blocks.iter().flat_map(commands).collect();
    let expected = [
        "docker build \\\n  --tag a .",
        "sh -c 'a\nb'   # a comment",
        "one",
        "two",
        "three",
        "one",
        "two",
        "for a in 1\ndo echo\ndone",
    ];
    assert_eq!(commands, expected);
}
