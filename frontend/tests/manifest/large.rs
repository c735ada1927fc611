//! Large manifests: the work grows with the text and not with its square.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

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

fn time(text: &str) -> Duration {
    let run = || {
        let start = Instant::now();
        std::hint::black_box(load_with(text.as_bytes(), &[], &[]));
        start.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap()
}

#[test]
fn five_thousand_services_take_ten_times_five_hundred() {
    let (small, large) = (services(500), services(5_000));
    let loaded = load_with(large.as_bytes(), &[], &[]);
    assert_eq!(loaded.diagnostics, []);
    let manifest = loaded.manifest.unwrap();
    assert_eq!(manifest.services.len(), 5_000);
    assert_eq!(manifest.services["s4999"].files.len(), 3);
    // A quadratic loop anywhere would make it a hundred times.
    let (small, large) = (time(&small), time(&large));
    assert!(large < small * 30, "{small:?} for 500, {large:?} for 5,000");
}

#[test]
fn five_thousand_mistakes_too() {
    let broken = |count| services(count).replace("command:", "comand:");
    let (small, large) = (broken(500), broken(5_000));
    assert_eq!(load_with(large.as_bytes(), &[], &[]).diagnostics.len(), 5_000);
    let render = |text: &str| {
        let loaded = load_with(text.as_bytes(), &[], &[]);
        let start = Instant::now();
        std::hint::black_box(layerset::diagnostic::render(&loaded.source, &loaded.diagnostics));
        start.elapsed()
    };
    let (small, large) = (render(&small) + time(&small), render(&large) + time(&large));
    assert!(large < small * 30, "{small:?} for 500, {large:?} for 5,000");
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
