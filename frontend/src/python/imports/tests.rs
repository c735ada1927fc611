//! What is an import and what only looks like one.

use super::*;

fn found(source: &str) -> String {
    modules(source).into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn statements() {
    for (source, expected) in [
        ("import a", "a"),
        ("import a.b as c, d , e.f", "a d e"),
        ("import a; import b\nimport c", "a b c"),
        ("from a.b import c, d", "a"),
        ("from a import (b,\n  c, # import x\n  d)\nimport e", "a e"),
        ("from . import a, b", ""),
        ("from .a import b", ""),
        ("from...a import b", ""),
        ("import \\\n a, \\\r\n b", "a b"),
        ("try: import a\nexcept ImportError: import b", "a b"),
        ("def f():\n\timport a\n\n  \x0c  import b", "a b"),
        ("if x: from PIL import Image", "pil"),
        ("x = 1\r\nimport a\rimport b\n", "a b"),
        ("async def f(): import a", "a"),
        ("import été", "été"),
        ("", ""),
    ] {
        assert_eq!(found(source), expected, "{source}");
    }
}

#[test]
fn what_is_none() {
    for source in [
        "# import a",
        "x = 'import a'",
        "x = \"\"\"\nimport a\n\"\"\"",
        "x = '''\n'' import a\n\\''' import b\n'''",
        "x = r'\\' ; y = 'import a'",
        "x = b'\\\nimport a'",
        "yield_from = 1\ndef f():\n  yield from a\n  raise x from b",
        "x.import_ = from_ = 1",
        "important = fromage = 1",
        "x = {1: import_}",
        "x = (\nfrom_,\n)",
        "f'{x}import a{{import b}}'",
        "f\"{x[\"k k\"]} {y['import a']:>{w}}\"\n",
        "f'{x:\">4}'; y = 'import a'",
        "rf'\\{x[\"a b\"]}'",
    ] {
        assert_eq!(found(source), "", "{source}");
    }
}

#[test]
fn after_strings_it_goes_on() {
    for source in [
        "x = 'not closed\nimport a",
        "x = 'it  ''  s'\nimport a",
        "x = \"\"\"a b\"\"\"\nimport a",
        "x = f'{x!r:>{w}} {{ } '\nimport a",
        "x = f\"{d[\"b c\"]} {f'{1}'}\"\nimport a",
        "x = rb'\\'  ' \nimport a",
        "x = F'''{\n1 +\n2}'''\nimport a",
        "x = f'\\{1}'\nimport a",
        "x = 0x1f if 1else 2\nimport a",
        "x: dict[str, int] = {'b c': 1}; import a",
        "lambda: (yield)\nimport a",
        ")\nimport a",
    ] {
        assert_eq!(found(source), "a", "{source}");
    }
}

#[test]
fn names_in_strings() {
    for (source, expected) in [
        ("importlib.import_module('torch.nn')", "torch"),
        ("__import__(\"a\")", "a"),
        ("read(engine='pyarrow')", "pyarrow"),
        ("load('en-core-web-sm')", "en_core_web_sm"),
        ("x = 'two words'", ""),
        ("x = '1.0'", ""),
        ("x = ''", ""),
        ("x = f'torch{x}'", ""),
        ("x = '.a'", "a"),
    ] {
        assert_eq!(found(source), expected, "{source}");
    }
}

#[test]
fn by_kind_of_file() {
    let of = |path: &str, text: &str| {
        names_in(path, text.as_bytes()).map(|names| names.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(of("a/b.py", "import a").as_deref(), Some("a"));
    assert_eq!(of("setup.py", "x = ['torch']"), None);
    assert_eq!(of("b.txt", "import a"), None);
    assert_eq!(of("run.sh", "exec ray start").as_deref(), Some("exec ray start"));
    assert_eq!(of("manage", "#!/usr/bin/env python3\nimport a\nx = 'b c'").as_deref(), Some("a"));
    assert_eq!(of("start", "#!/bin/sh\nray start").as_deref(), Some("bin ray sh start"));
    assert_eq!(of("LICENSE", "import a"), None);
    let notebook = r#"{"cells": [{"source": ["import a\n", "import b"]}, {"source": "import c"}, {}, 3]}"#;
    assert_eq!(of("n.ipynb", notebook).as_deref(), Some("a b c"));
    assert_eq!(of("n.ipynb", "no JSON").as_deref(), Some(""));
    assert!(names_in("a.py", b"import \xff\xfe\nimport a\n").unwrap().contains("a"));
}

#[test]
fn words_of_commands() {
    let words = words("python -m ray.serve /venv/bin/jupyter-lab gunicorn app.main:app --bind=0.0.0.0:80");
    let words: Vec<String> = words.collect();
    assert_eq!(words, ["python", "m", "ray", "venv", "bin", "jupyter_lab", "gunicorn", "app", "app", "bind"]);
}

#[test]
fn nothing_makes_it_run_away() {
    let deep = format!("{}x{}", "f'{".repeat(10_000), "}'".repeat(10_000));
    for source in
        [&deep, &"f\"{'".repeat(20_000), &"(".repeat(100_000), &"\\".repeat(100_001), "f'{", "f'{x:", "'\\"]
    {
        modules(source);
    }
}
