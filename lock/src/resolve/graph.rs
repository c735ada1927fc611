//! Reads uv's annotated `requirements.txt`: which packages there are, and through which.

use std::collections::{BTreeMap, BTreeSet};

use crate::name;

/// The packages of a closure, by name, each with those that require it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Graph {
    pub(super) packages: BTreeMap<String, BTreeSet<String>>,
}

/// Reads the text of `--annotation-style split`: a package in each line that is not indented, and below it a
/// comment `# via`, with one requirer or with one in each line. Requirers are packages, `-r FILE` or
/// `-c FILE`. The error is a line that is none of these.
pub(super) fn parse(text: &str) -> Result<Graph, String> {
    let mut graph = Graph::default();
    let mut current: Option<String> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(comment) = line.trim_start().strip_prefix('#') {
            let comment = comment.trim();
            let requirer = comment.strip_prefix("via").map_or(comment, str::trim);
            let requirer = name::leading(requirer).and_then(name::normalise);
            let requirers = current.as_ref().and_then(|name| graph.packages.get_mut(name));
            if let (Some(requirer), Some(requirers)) = (requirer, requirers) {
                requirers.insert(requirer);
            }
            continue;
        }
        let package = name::leading(line).and_then(name::normalise);
        let Some(package) = package.filter(|_| !line.starts_with(char::is_whitespace)) else {
            return Err(line.chars().take(200).collect());
        };
        graph.packages.entry(package.clone()).or_default();
        current = Some(package);
    }
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_uv_writes_it() {
        let text = "jinja2==3.1\n    # via -r in/a.txt\nmarkupsafe[x]==3.0\n    # via\n    #   -c pins.txt\n    #   \
                    flask[async]\n    #   Jinja2\nidna @ file:///x/idna-3.whl\n";
        let graph = parse(text).unwrap();
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let expected = [("jinja2", set(&[])), ("markupsafe", set(&["flask", "jinja2"])), ("idna", set(&[]))];
        assert_eq!(graph.packages, expected.map(|(name, set)| (name.to_owned(), set)).into_iter().collect());
        assert_eq!(parse("  a==1\n").unwrap_err(), "  a==1");
        assert_eq!(parse("./wheels/a-1.whl\n").unwrap_err(), "./wheels/a-1.whl");
    }
}
