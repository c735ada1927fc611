//! Large manifests. How long they take is measured in bench/, not asserted here.

use std::fmt::Write as _;

use crate::load_with;

fn services(count: usize) -> String {
    let mut text = String::from(
        "x-common: &common {user: \"1000\", labels: {a: b}}\nargs: {V: \"1\"}\nstages:\n  base: {from: \"a:${V}\"}\n\
         templates:\n  t: {from: base, files: [common/, lib/], environment: {A: 1}}\nservices:\n",
    );
    for number in 0..count {
        let _ = writeln!(
            text,
            "  s{number}:\n    <<: *common\n    extends: t\n    files: [src/{number}/]\n    command: [run, \"{number}\"]"
        );
    }
    text
}

#[test]
fn five_thousand_services() {
    let text = services(5_000);
    let loaded = load_with(text.as_bytes(), &[], &[]);
    assert_eq!(loaded.diagnostics, []);
    let manifest = loaded.manifest.unwrap();
    assert_eq!(manifest.services.len(), 5_000);
    assert_eq!(manifest.services["s4999"].files.len(), 3);
}

#[test]
fn five_thousand_mistakes() {
    let text = services(5_000).replace("command:", "comand:");
    let loaded = load_with(text.as_bytes(), &[], &[]);
    assert_eq!(loaded.diagnostics.len(), 5_000);
    let rendered = layerset::diagnostic::render(&loaded.source, &loaded.diagnostics);
    assert_eq!(rendered.matches("unknown key \"comand\"").count(), 100);
    assert!(rendered.ends_with("and 4900 more\n"), "{}", &rendered[rendered.len() - 100..]);
}

#[test]
fn long_chains_end() {
    let mut text = String::from("services:\n  s0: {from: \"a:1\", files: [f0]}\n");
    for number in 1..5_000 {
        let _ = writeln!(text, "  s{number}: {{extends: s{}, files: [f{number}]}}", number - 1);
    }
    let loaded = load_with(text.as_bytes(), &[], &[]);
    let rules: Vec<_> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.rule).collect();
    assert_eq!(rules, ["too-large"]);

    let mut text = String::from("services:\n  s: {from: t4999}\nstages:\n  t0: {from: \"a:1\"}\n");
    for number in 1..5_000 {
        let _ = writeln!(text, "  t{number}: {{from: t{}}}", number - 1);
    }
    assert_eq!(load_with(text.as_bytes(), &[], &[]).manifest.unwrap().stages.len(), 5_000);
}

#[test]
fn deep_brackets_need_no_stack() {
    for text in ["[".repeat(1_000_000), "a: ".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        assert!(load_with(text.as_bytes(), &[], &[]).manifest.is_none());
    }
}
