//! The documentation: every command in it is run, and every manifest in it is valid. `docs_table` says what pages need.

use crate::docs_check::{check, completed};
use crate::docs_markdown::{Kind, blocks, commands, pages, read};
use crate::docs_table::PAGES;

#[test]
fn every_page_with_commands_is_run() {
    for page in pages() {
        let blocks = blocks(&read(&page));
        let found: Vec<String> = blocks.iter().flat_map(commands).collect();
        let is_run = PAGES.iter().any(|entry| entry.path == page);
        assert!(is_run || found.is_empty(), "{page} has commands, and no entry in docs_table.rs: {found:#?}");
    }
    for entry in PAGES {
        let found = blocks(&read(entry.path)).iter().flat_map(commands).count();
        assert!(found > 0, "{} has an entry in docs_table.rs, and no commands", entry.path);
    }
}

/// Those of rules are wrong on purpose: `docs_rules` looks at them.
#[test]
fn every_manifest_is_valid() {
    let mut wrong = Vec::new();
    for page in pages().into_iter().filter(|page| !page.starts_with("docs/rules/")) {
        for block in blocks(&read(&page)) {
            let is_manifest = matches!(block.kind, Kind::Manifest | Kind::Part);
            if is_manifest && let Err(told) = check(&completed(&block.text)).checked() {
                wrong.push(format!("{page}:{}: {told}", block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
