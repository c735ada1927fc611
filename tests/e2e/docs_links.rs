//! Links of the documentation within the repository: every one leads to a file, and to a heading of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use harness::place::workspace;

use crate::docs_markdown::{pages, read};

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        for link in links(&read(&page)) {
            let (file, anchor) = target(&page, &link);
            let found = anchor.is_none_or(|anchor| {
                fs::read_to_string(&file).is_ok_and(|text| anchors(&text).contains(&anchor))
            });
            if !file.exists() || !found {
                wrong.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
}

/// Links of a page that lead to a place in the repository: the target as it is written.
pub(crate) fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let after = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    after.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// The names by which links find the headings of a page.
pub(crate) fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| slug(line.trim_start_matches('#').trim())).collect()
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// A page without its code.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with("    ") {
            let outside = line.split('`').step_by(2);
            prose.push_str(&outside.collect::<Vec<_>>().join("`"));
            prose.push('\n');
        }
    }
    prose
}

/// The file that a link of a page leads to, and the heading in it.
pub(crate) fn target(page: &str, link: &str) -> (PathBuf, Option<String>) {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let page = workspace().join(page);
    let file = if path.is_empty() { page } else { page.parent().unwrap_or(Path::new("")).join(path) };
    (file, anchor.map(str::to_owned))
}

#[test]
fn links_and_anchors_are_found() {
    let page =
        "# `a`, and B-c\n[x](y.md#z) `[no](no)` [out](https://example.com) ![p](q.png)\n```\n[no](no)\n```\n";
    assert_eq!(links(page), ["y.md#z", "q.png"]);
    assert_eq!(anchors(page), BTreeSet::from(["a-and-b-c".to_owned()]));
}
