//! Explains a failed resolution by the files and lines of the user.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::Said;
use super::{Environment, Resolution};
use crate::input::{Input, Requirement};
use crate::name;
use crate::problem::{Kind, Place, Problem};

/// What uv said as a problem of the inputs.
pub(super) fn problem(
    said: Said,
    inputs: &[&Input],
    environment: &Environment,
    resolution: Resolution,
) -> Problem {
    let lines = involved(&said.full, inputs, environment);
    let mut kind = said.kind;
    // Of versions that do not exist, uv speaks as of a conflict.
    let absent = [
        "there is no version of",
        "there are no versions of",
        "has no wheels",
        "have no wheels",
        "no usable wheels",
    ];
    if kind == Kind::Conflict && lines.len() <= 1 && absent.iter().any(|words| said.full.contains(words)) {
        kind = Kind::NotFound;
    }
    let target = format!("Python {} on {}", environment.python, environment.platform);
    let several: BTreeSet<&str> = lines.iter().map(|(input, _)| input.group.as_str()).collect();
    let mut problem = match kind {
        Kind::Conflict => {
            let message = match disputed(&lines) {
                Some((name, lines)) => format!("no version of {name} fulfils all of {}", listed(&lines)),
                None if lines.is_empty() => "no set of versions fulfils all requirements".to_owned(),
                None => {
                    let lines: Vec<&Requirement> =
                        lines.iter().map(|(_, requirement)| *requirement).collect();
                    format!("no set of versions fulfils all of {}", listed(&lines))
                }
            };
            let hint = if several.len() > 1 && resolution == Resolution::Together {
                "let them agree, or set python.resolution to separate: then services may have different versions"
            } else {
                "let them agree"
            };
            Problem::new(kind, format!("{message}, for {target}")).hint(hint)
        }
        Kind::NotFound => {
            let names: Vec<&Requirement> = lines.iter().map(|(_, requirement)| *requirement).collect();
            let what = if names.is_empty() { "a file or a package".to_owned() } else { listed(&names) };
            Problem::new(kind, format!("the index has nothing for {what}, for {target}"))
                .hint("mind the spelling, the version, and whether there are wheels for this platform")
        }
        Kind::Network => {
            Problem::new(kind, "the index cannot be reached").hint("try again, or use a committed lock")
        }
        Kind::Input if said.refused => Problem::new(kind, "the index wants other credentials")
            .hint("give a user name and a password as build secrets for uv"),
        Kind::Input => Problem::new(kind, "uv refuses the requirements"),
        Kind::Resolver if said.full.contains("No interpreter found") => {
            Problem::new(kind, "uv finds no Python").hint("install one of any version, or say where one is")
        }
        Kind::Machine | Kind::Resolver => Problem::new(kind, "uv failed").hint("see what it says"),
    };
    if matches!(kind, Kind::Conflict | Kind::NotFound) {
        problem.place = lines.first().map(|(_, requirement)| requirement.place.clone());
        problem.also =
            lines.iter().skip(1).map(|(_, line)| (line.place.clone(), line.text.clone())).collect();
    }
    problem.detail = said.text;
    problem
}

/// The lines whose packages uv names, each once.
fn involved<'a>(
    said: &str,
    inputs: &[&'a Input],
    environment: &Environment,
) -> Vec<(&'a Input, &'a Requirement)> {
    let separates = |char: char| !(char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.'));
    let words: BTreeSet<String> = said.split(separates).filter_map(name::normalise).collect();
    let markers = environment.markers();
    let mut seen: BTreeSet<&Place> = BTreeSet::new();
    let mut lines = Vec::new();
    for input in inputs {
        for requirement in input.requirements.iter().chain(&input.constraints) {
            let applies = requirement.marker.as_ref();
            let applies = applies.is_none_or(|marker| marker.holds(&markers, &crate::Selection::default()));
            if applies && words.contains(&requirement.name) && seen.insert(&requirement.place) {
                lines.push((*input, requirement));
            }
        }
    }
    lines
}

/// The package that several lines require differently, if there is just one such.
fn disputed<'a>(lines: &[(&Input, &'a Requirement)]) -> Option<(&'a str, Vec<&'a Requirement>)> {
    let mut by_name: BTreeMap<&str, Vec<&Requirement>> = BTreeMap::new();
    for (_, requirement) in lines.iter().filter(|(_, line)| !line.specifiers.is_empty()) {
        by_name.entry(&requirement.name).or_default().push(requirement);
    }
    let differ = |lines: &Vec<&Requirement>| lines.iter().any(|line| line.specifiers != lines[0].specifiers);
    let mut disputed = by_name.into_iter().filter(|(_, lines)| differ(lines));
    disputed.next().filter(|_| disputed.next().is_none())
}

/// `"a<3" (x.txt:1:1) and "a>=3" (y.txt:2:1)`
fn listed(lines: &[&Requirement]) -> String {
    const MOST: usize = 8;
    let mut shown: Vec<String> =
        lines.iter().take(MOST).map(|line| format!("\"{}\" ({})", line.text, line.place)).collect();
    if lines.len() > MOST {
        shown.push(format!("{} more", lines.len() - MOST));
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => shown.join(""),
    }
}
