//! Requirement files that somebody wrote to do harm, or with a tool that meant something else: each is refused where it is wrong, in
//! words that can be printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use layerset_lock::Origin;

use crate::{file, read};

/// What is wrong with a requirement file of one mistake.
fn wrong(bytes: impl Into<Vec<u8>>) -> String {
    let problems = read("a/r.txt", &file("a/r.txt", bytes)).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].clone()
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(
        wrong(b"a\nb\n\xff\n"),
        "a/r.txt:3: expected UTF-8, found other bytes; save the file as UTF-8"
    );
    assert_eq!(wrong(b"a\nb\xff\n"), "a/r.txt:2: expected UTF-8, found other bytes; save the file as UTF-8");
    let utf16: Vec<u8> = "\u{feff}a==1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(wrong(utf16), "a/r.txt:1: expected UTF-8, found UTF-16; save the file as UTF-8");
    assert_eq!(
        wrong("a\nb\0==1\n"),
        "a/r.txt:2:2: found the control character '\\0', expected text; remove it, and see whether the file is a text"
    );
    assert!(wrong("a; \u{1b}[2J\n").starts_with("a/r.txt:1:4: found the control character '\\u{1b}'"));
    assert!(
        wrong(vec![b'a'; 100_000]).starts_with("a/r.txt:1:1: a line of 100000 bytes, expected at most 65536")
    );
    // What other systems and editors add says nothing.
    let plain = read("r.txt", &file("r.txt", "a==1\nb \\\n  >=2\n# c\n")).unwrap();
    let other = read("r.txt", &file("r.txt", "\u{feff}a==1\r\nb \\\r\n  >=2\r\n# c")).unwrap();
    assert_eq!(plain.files, other.files);
    assert_eq!(other.inputs[0].requirements[1].to_string(), "b>=2");
}

#[test]
fn secrets_are_not_in_what_is_said() {
    for line in [
        "https://u:hunter2@h/x",
        "https://u:hunter2@h/a-1-py3-none-any.whl",
        "https://u:hun/ter2@h/a-1-py3-none-any.whl",
        "a @ https://u:hunter2@h/a-1.whl",
        "a @ https://hunter2@h/a-1.whl",
        "a @ hg+https://u:hunter2@h/a",
        "@https://u:hunter2@h/a",
        "a=https://u:hunter2@h/a",
        "-r https://u:hunter2@h/r.txt",
        "-c https://hunter2@h/r.txt",
        "-e git+https://u:hunter2@h/a#egg=a",
        "-i https://u:hunter2@h/simple",
        "--extra-index-url=https://u:hunter2@h/simple",
        "-f https://u:hunter2@h/links",
        "--no-such https://u:hunter2@h",
        "--no-such=https://u:hunter2@h",
        "a --hash=https://u:hunter2@h",
        "a; os_name == https://u:hunter2@h",
    ] {
        let said = wrong(line);
        assert!(!said.contains("ter2"), "{line}: {said}");
        assert!(said.starts_with("a/r.txt:1:"), "{line}: {said}");
    }
}

#[test]
fn addresses_and_paths_that_are_not_installed_from() {
    for (line, problem) in [
        ("file:///etc/a-1-py3-none-any.whl", "1:1: unknown kind of address \"file\""),
        ("a @ file:///etc/a-1-py3-none-any.whl", "1:5: unknown kind of address \"file\""),
        ("a @ file:a-1-py3-none-any.whl", "1:5: expected an address, found \"file:a-1-py3-none-any.whl\""),
        (
            "a @ ../../a-1-py3-none-any.whl",
            "1:3: the path ../../a-1-py3-none-any.whl leaves the build context",
        ),
        ("/etc/a-1-py3-none-any.whl", "1:1: the path /etc/a-1-py3-none-any.whl leaves the build context"),
        ("-r /etc/passwd", "1:1: the path /etc/passwd leaves the build context"),
        ("-r ../../x", "1:1: the path ../../x leaves the build context"),
        ("-c C:\\x", "1:1: the path C:\\x leaves the build context"),
        ("-f file:///etc", "1:1: expected an address with https://, found \"file:///etc\""),
        ("-f /etc", "1:1: the path /etc leaves the build context"),
        ("-i ../index", "1:1: expected an address with https://, found \"../index\""),
        ("--only-binary --config-file=/x", "1:1: expected names of packages after --only-binary, found"),
        ("a; python_version ~ '3'", "1:19: this is no marker: "),
        ("a; sys_platform == 'linux' and", "1:31: this is no marker: "),
        ("a --hash=sha256:00", "1:3: expected --hash=sha256: and 64 hex digits"),
        ("a --hash", "1:3: expected --hash=sha256: and 64 hex digits"),
    ] {
        let said = wrong(line);
        assert!(said.starts_with(&format!("a/r.txt:{problem}")), "{line}: {said}");
    }
}

#[test]
fn paths_of_a_project_are_its_own_and_stay_in_the_context() {
    let project = |dependency: &str| {
        file("p/pyproject.toml", format!("[project]\nname = \"p\"\ndependencies = [\"{dependency}\"]\n"))
    };
    let inputs = read("p/pyproject.toml", &project("a @ ./w/a-1-py3-none-any.whl")).unwrap();
    assert_eq!(inputs.inputs[0].requirements[0].origin, Origin::Path("p/w/a-1-py3-none-any.whl".into()));
    let said = read("p/pyproject.toml", &project("a @ ../../a-1-py3-none-any.whl")).unwrap_err();
    assert_eq!(
        said,
        [
            "p/pyproject.toml:3:20: the path ../../a-1-py3-none-any.whl leaves the build context; paths are relative to the \
          file and stay inside the build context"
        ]
    );
}

#[test]
fn a_text_of_a_marker_is_no_line_of_the_resolver() {
    let text = "[project]\nname = \"p\"\ndependencies = [\"a; os_name == 'x\\n--index-url https://h'\"]\n";
    let said = read("pyproject.toml", &file("pyproject.toml", text)).unwrap_err();
    assert!(said[0].starts_with("pyproject.toml:3:"), "{said:?}");
    assert!(said[0].contains("this is no marker: a text with a control character"), "{said:?}");
}

#[test]
fn ten_thousand_includes_and_cycles() {
    // In a row: too deep, said at the line that is.
    let mut chain = BTreeMap::new();
    for number in 0..10_000 {
        chain.insert(format!("r{number}.txt"), format!("a{number}\n-r r{}.txt\n", number + 1).into_bytes());
    }
    let said = read("r0.txt", &chain).unwrap_err();
    assert_eq!(said, ["r50.txt:2:1: more than 50 files that include each other"]);

    // Side by side: all are read, and those that are missing are all told.
    let mut all = String::new();
    for number in 0..10_000 {
        let _ = writeln!(all, "-r r{number}.txt");
    }
    chain.insert("all.txt".into(), all.clone().into_bytes());
    for number in 0..10_000 {
        chain.insert(
            format!("r{number}.txt"),
            format!("--extra-index-url https://h/{number}\na\n-r all.txt\n").into_bytes(),
        );
    }
    let inputs = read("all.txt", &chain).unwrap();
    assert_eq!(inputs.inputs[0].requirements.len(), 10_000);
    assert_eq!(inputs.settings.extra_indexes.len(), 10_000, "in cycles too each file is read once");
    let said = read("all.txt", &file("all.txt", all)).unwrap_err();
    assert_eq!(said.len(), 10_000);
    assert!(said.iter().any(|said| said.starts_with("all.txt:10000:1: there is no file \"r9999.txt\"")));
}
