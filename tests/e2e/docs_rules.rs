//! `docs/rules/`: every rule of the sources is there, and its examples are what they are said to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use harness::place::workspace;

use crate::docs_check::{check, completed};
use crate::docs_links::anchors;
use crate::docs_markdown::{Kind, blocks, pages, read};
use crate::docs_run::fits;

/// Names of rules in the code of the frontend, with the files that say them: the first argument of a diagnostic, as text or
/// as a constant.
fn rules() -> BTreeMap<String, String> {
    let mut folders = vec![workspace().join("frontend/src")];
    let mut code = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                code.push_str(text.split("#[cfg(test)]\nmod ").next().unwrap());
            }
        }
    }
    let constants: BTreeMap<&str, &str> = code.lines().filter_map(constant).collect();
    let starts = ["Diagnostic::error(", "Diagnostic::warning(", "rule: "];
    let said = starts.iter().flat_map(|start| code.split(start).skip(1)).filter_map(|rest| {
        let word = rest.trim_start().split([',', ')', '\n']).next()?;
        let name = word.rsplit("::").next()?;
        let text = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
        Some((text.or_else(|| constants.get(name).copied())?.to_owned(), word.to_owned()))
    });
    // Those of the manifest go through other functions too; all of them are in one list.
    let list = read("frontend/src/manifest/rules.rs");
    let listed = list.lines().filter_map(constant).map(|(name, text)| (text.to_owned(), name.to_owned()));
    said.chain(listed).collect()
}

/// `const NAME: &str = "text";`, and `NAME = "text";` of the list of rules.
fn constant(line: &str) -> Option<(&str, &str)> {
    let (left, right) = line.trim().split_once(" = \"")?;
    let name = left.split(':').next()?.split_whitespace().last()?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_name.then_some((name, right.strip_suffix("\";")?))
}

fn rule_pages() -> impl Iterator<Item = String> {
    pages().into_iter().filter(|page| page.starts_with("docs/rules/"))
}

#[test]
fn every_rule_is_explained() {
    let rules = rules();
    assert!(
        rules.contains_key("missing-path") && rules.contains_key("unknown-key") && rules.len() > 40,
        "{rules:?}"
    );
    let listed = read("docs/rules/README.md");
    let explained: BTreeSet<String> = rule_pages().flat_map(|page| anchors(&read(&page))).collect();
    let mut wrong = Vec::new();
    for (rule, said) in &rules {
        if !listed.contains(&format!("| `{rule}` |")) {
            wrong.push(format!("{rule} ({said}) is not in the tables of docs/rules/README.md"));
        }
        if !explained.contains(rule) {
            wrong.push(format!("{rule} ({said}) has neither a page nor a section in docs/rules/"));
        }
    }
    for row in listed.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()) {
        if !rules.contains_key(row) {
            wrong.push(format!("{row} is in docs/rules/README.md, and no rule"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A manifest with text below it is wrong in that way; any other is without errors.
#[test]
fn examples_of_rules_are_what_they_are_said_to_be() {
    let (mut wrong, mut bad) = (Vec::new(), 0);
    for page in rule_pages() {
        let blocks = blocks(&read(&page));
        for (number, block) in blocks.iter().enumerate() {
            if !matches!(block.kind, Kind::Manifest | Kind::Part) {
                continue;
            }
            let said = blocks.get(number + 1).filter(|next| next.kind == Kind::Text);
            // Its places count the lines of the page.
            let output = if said.is_some() { check(&block.text) } else { check(&completed(&block.text)) };
            let printed = format!("{}{}", output.stderr, output.stdout);
            let place = format!("{page}:{}", block.line);
            let Some(said) = said else {
                if !output.success() {
                    wrong.push(format!("{place}: {printed}"));
                }
                continue;
            };
            bad += 1;
            for line in said.text.lines().filter(|line| !line.is_empty()) {
                if !printed.lines().any(|there| fits(line, there)) {
                    wrong.push(format!("{place}: not said: {line}\n{printed}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(bad > 20, "{bad} examples of mistakes were found");
}

/// The last column of the tables of options names tests.
#[test]
fn every_option_has_its_test() {
    let mut code = String::new();
    let mut folders = vec![workspace().join("tests/e2e")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                code.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let page = read("docs/reference/options.md");
    let rows = page.lines().filter_map(|line| line.strip_suffix("` |")?.rsplit('`').next());
    let rows: Vec<&str> = rows.collect();
    assert!(rows.len() >= 40, "{} rows", rows.len());
    let missing: Vec<_> = rows.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "options whose test is not there: {missing:?}");
}
