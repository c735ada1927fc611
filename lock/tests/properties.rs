//! Whatever the bytes are, readers answer: with what they read, or with problems.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

use std::convert::Infallible;

use layerset_lock::{Failure, InputId, Inputs, Lock, Marker, MarkerEnvironment, Part, Selection};
use proptest::prelude::*;

/// Bytes that are nearly what is read, and bytes that are anything.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "a",
        "-r",
        "r.txt",
        " ",
        "\n",
        "\\\n",
        "#",
        "==",
        "1.0",
        ";",
        "[",
        "]",
        "(",
        ")",
        "@",
        "https://h/a-1.whl",
        "--hash=",
        "sha256:",
        "'",
        "\"",
        "python_version",
        "\u{b}",
        "\\n",
        "os_name == 'x",
        " in ",
        " and ",
        "é",
        "${X}",
        "=",
        "{",
        "}",
        ",",
        "./",
        "..",
        "\n[project]\n",
        "dependencies",
        "name",
        "[dependency-groups]\n",
        "include-group",
        "lock-version = \"1.0\"\n",
        "[[packages]]\n",
        "wheels",
        "url",
        "hashes",
        "version = 1\n",
        "[[package]]\n",
        "source",
        "git",
        "size",
        "0x",
        "[tool.layerset]\n",
        "marker",
        "-",
        "\u{feff}",
        "\r",
    ]);
    let near = prop::collection::vec(words, 0..40).prop_map(|words| words.concat().into_bytes());
    prop_oneof![4 => near, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn inputs_are_read_or_refused(bytes in bytes()) {
        for (path, part) in [
            ("r.txt", Part::All),
            ("pyproject.toml", Part::All),
            ("pyproject.toml", Part::Extra("a".into())),
            ("pyproject.toml", Part::Group("a".into())),
        ] {
            let id = InputId { path: path.into(), part };
            match Inputs::read(&[id], |_| Ok::<_, Infallible>(Some(bytes.clone()))) {
                Ok(inputs) => {
                    prop_assert_eq!(inputs.inputs.len(), 1);
                    // Each becomes a line of the resolver's: it must be one.
                    let lines = inputs.inputs[0].requirements.iter().map(ToString::to_string);
                    for line in lines {
                        prop_assert!(!line.contains(char::is_control) && !line.starts_with('-'), "{:?}", line);
                    }
                }
                Err(Failure::Problems(problems)) => {
                    prop_assert!(!problems.is_empty());
                    for said in problems.iter().map(ToString::to_string) {
                        prop_assert!(!said.contains(char::is_control), "{:?}", said);
                    }
                }
                Err(Failure::Read(never)) => match never {},
            }
        }
    }

    #[test]
    fn what_is_read_reads_the_same_again(bytes in bytes()) {
        let read = |bytes: Vec<u8>| Inputs::read(&[InputId::file("r.txt")], |_| Ok::<_, Infallible>(Some(bytes.clone())));
        if let Ok(inputs) = read(bytes) {
            let lines = |inputs: &Inputs| -> Vec<String> {
                inputs.inputs[0].requirements.iter().map(ToString::to_string).collect()
            };
            let written = lines(&inputs).join("\n");
            prop_assert_eq!(lines(&read(written.into_bytes()).unwrap()), lines(&inputs));
        }
    }

    #[test]
    fn locks_are_read_or_refused(bytes in bytes()) {
        match Lock::read("pylock.toml", &bytes) {
            Ok(lock) => {
                let environment = MarkerEnvironment::linux("3.12", "x86_64");
                let _ = lock.closures(&environment);
                let _ = lock.write();
            }
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }

    #[test]
    fn markers_are_written_as_read(text in "[a-z_'<>=! ()0-9.]{0,40}|(python_version|extra|'a') (==|<|in|not in) ('3'|os_name)( (and|or) os_name == 'x')?") {
        if let Ok(marker) = text.parse::<Marker>() {
            prop_assert_eq!(marker.to_string().parse::<Marker>().unwrap(), marker.clone());
            let _ = marker.holds(&MarkerEnvironment::linux("3.12", "x86_64"), &Selection::default());
        }
    }
}
