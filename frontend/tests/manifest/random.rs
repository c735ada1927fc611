//! Whatever the bytes are: no panic, an error or a manifest, and every diagnostic can be shown.

use std::fs;

use layerset::diagnostic::{Severity, render};
use proptest::prelude::*;

use crate::{load_with, manifests};

fn check(bytes: &[u8]) {
    let loaded = load_with(bytes, &[("GIVEN", "x")], &["vendor"]);
    let errors = loaded.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(loaded.manifest.is_none(), errors);
    let starts: Vec<usize> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.span.start).collect();
    assert!(starts.is_sorted());
    for diagnostic in &loaded.diagnostics {
        assert!(
            diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= loaded.source.text.len()
        );
        assert!(!diagnostic.message.contains('\n'), "{}", diagnostic.message);
    }
    let text = render(&loaded.source, &loaded.diagnostics);
    assert!(
        text.lines().filter(|line| line.starts_with("layerset.yaml:")).count() >= loaded.diagnostics.len()
    );
}

fn examples() -> Vec<Vec<u8>> {
    manifests("good").into_iter().chain(manifests("bad")).map(|file| fs::read(file).unwrap()).collect()
}

/// Pieces of YAML and of manifests, which random text seldom has.
const WORDS: &[&str] = &[
    "services",
    "stages",
    "templates",
    "args",
    "from",
    "files",
    "extends",
    "run",
    "command",
    ": ",
    ":",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|",
    ">",
    "&a ",
    "*a",
    "<<: ",
    "${",
    "}",
    "$",
    "#",
    "!!str ",
    "---",
    "...",
    "%",
    "@",
    "`",
    "?",
    "~",
    "null",
    "ä",
    "\u{feff}",
    "\r\n",
    "\r",
    "\0",
    "\u{2028}",
    "\u{85}",
    "0644",
    "a:1",
    "..",
    "/",
    "\\",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn random_text(text in "\\PC{0,200}") {
        check(text.as_bytes());
    }

    #[test]
    fn random_words(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        check(words.concat().as_bytes());
    }

    #[test]
    fn examples_with_something_else_in_them(
        example in prop::sample::select(examples()),
        at in any::<prop::sample::Index>(),
        remove in 0_usize..12,
        word in prop::sample::select(WORDS),
    ) {
        let mut bytes = example;
        if !bytes.is_empty() {
            let start = at.index(bytes.len());
            let end = (start + remove).min(bytes.len());
            bytes.splice(start..end, word.bytes());
        }
        check(&bytes);
    }
}
