//! Interpreters that are none, and the one of the machine (a `python3` with venv is needed).

use super::*;
use crate::Runtime;

/// A folder with `bin/{name}`, a shell script.
fn fake(name: &str, script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("bin")).expect("a folder");
    let python = folder.path().join("bin").join(name);
    fs::write(&python, format!("#!/bin/sh\n{script}\n")).expect("a script");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).expect("a mode");
    folder
}

fn bin(folder: &tempfile::TempDir) -> String {
    folder.path().join("bin").display().to_string()
}

fn on_path(path: &str) -> Search {
    Search { path: path.to_owned(), virtual_env: None }
}

fn real(search: &Search) -> Interpreter {
    probe(search).expect("the facts of this machine's python3")
}

/// What this machine's `python3` says; it need not be on a plain `PATH`.
fn said(arguments: &[&str]) -> String {
    let output = Command::new("python3").args(arguments).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// A `PATH` that leads to the Python behind `python3`.
fn here() -> String {
    said(&["-c", "import os, sys; print(os.path.join(sys.prefix, 'bin'))"])
}

#[test]
fn unwheel_finds_the_python_that_a_shell_would() {
    let (three, two) = (fake("python3", ""), fake("python", ""));
    let path = format!("relative::{}:{}", bin(&two), bin(&three));
    assert_eq!(find(&on_path(&path)), Ok(three.path().join("bin/python3")));
    assert_eq!(find(&on_path(&bin(&two))), Ok(two.path().join("bin/python")));
    let environment = |folder: &str| Search { path: path.clone(), virtual_env: Some(folder.to_owned()) };
    assert_eq!(find(&environment(&two.path().display().to_string())), Ok(two.path().join("bin/python")));
    assert_eq!(find(&environment("/nowhere")), Ok(three.path().join("bin/python3")));
    assert_eq!(find(&environment("")), Ok(three.path().join("bin/python3")));
}

#[test]
fn unwheel_says_where_it_looked_for_python() {
    let search = Search { path: "/nowhere:/else".to_owned(), virtual_env: Some("/venv".to_owned()) };
    assert_eq!(
        find(&search).expect_err("nothing is there").to_string(),
        "no python was found, looked for /venv/bin/python, /nowhere/python3, /else/python3, /nowhere/python, \
         /else/python; install one in the stage, or add its folder to PATH"
    );
    let none = find(&on_path("")).expect_err("no PATH").to_string();
    assert!(none.contains("on an empty PATH"), "{none}");
    // A file that cannot be run is no interpreter.
    let folder = fake("python3", "");
    let python = folder.path().join("bin/python3");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o644)).expect("a mode");
    assert!(find(&on_path(&bin(&folder))).is_err());
}

#[test]
fn unwheel_says_why_a_python_gives_no_facts() {
    let message = |script: &str| {
        let folder = fake("python3", script);
        let error = probe(&on_path(&bin(&folder))).expect_err("no facts");
        error.to_string().replace(&bin(&folder), "BIN")
    };
    assert_eq!(message(r#"echo '{"too_old": "2.7"}'"#), "BIN/python3 is python 2.7, expected 3.8 or later");
    assert_eq!(
        message("echo something broke >&2; exit 3"),
        "BIN/python3 failed with exit status: 3 when it was asked for its facts: something broke"
    );
    let found = message("echo hello; echo oops >&2");
    assert!(found.starts_with("BIN/python3 did not answer with its facts ("), "{found}");
    assert!(found.ends_with("it said: hello\noops"), "{found}");
    let found = message("exec /nowhere/at/all");
    assert!(found.contains("failed with exit status: 127"), "{found}");
}

#[test]
fn unwheel_asks_a_virtual_environment_for_its_own_paths() {
    let folder = tempfile::tempdir().expect("a folder");
    let venv = folder.path().join("venv").display().to_string();
    said(&["-m", "venv", "--without-pip", &venv]);
    let base = real(&on_path(&here()));
    // By VIRTUAL_ENV and by PATH.
    let activated = real(&Search { path: here(), virtual_env: Some(venv.clone()) });
    let by_path = real(&on_path(&format!("{venv}/bin")));
    assert_eq!(activated.scheme.executable, format!("{venv}/bin/python"));
    assert_eq!(by_path.scheme.executable, format!("{venv}/bin/python3"));
    for found in [activated, by_path] {
        let xy = &base.scheme.python;
        assert_eq!(found.scheme.purelib, format!("{venv}/lib/python{xy}/site-packages"));
        assert_eq!(found.scheme.scripts, format!("{venv}/bin"));
        assert_eq!(found.scheme.data, venv);
        assert_eq!(found.scheme.headers, format!("{venv}/include/site/python{xy}"));
        assert!(found.virtual_environment && !found.externally_managed);
        // It is the same interpreter all the same.
        assert_eq!(found.markers, base.markers);
        assert_eq!(crate::supported(&found), crate::supported(&base));
    }
}

#[test]
fn unwheel_knows_what_an_interpreter_needs_alone() {
    let Runtime { executable, paths } = real(&on_path(&here())).runtime.expect("what it needs");
    let library =
        said(&["-c", "import os, sysconfig; print(os.path.realpath(sysconfig.get_path('stdlib')))"]);
    assert!(paths.contains(&executable) && paths.contains(&library), "{executable} {library} {paths:?}");
    assert!(paths.iter().any(|path| path.contains("/libc.")), "{paths:?}");
    for path in &paths {
        assert!(Path::new(path).exists(), "{path}");
        assert!(!paths.iter().any(|other| path.starts_with(&format!("{other}/"))), "{path} in {paths:?}");
    }
}

#[test]
fn unwheel_sees_nothing_of_where_and_how_it_is_run() {
    let facts = real(&on_path(&here()));
    // Folders with modules of their own, as an image may have in its root, do not get in the way.
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("json.py"), "raise SystemExit('wrong module')").expect("a file");
    let python = find(&on_path(&here())).expect("python3");
    let output = command(&python).current_dir(folder.path()).env("PYTHONPATH", folder.path()).output();
    let output = output.expect("run");
    let again: Interpreter = serde_json::from_slice(&output.stdout).expect("facts");
    assert_eq!(again, facts);
    assert!(facts.markers.platform_release.is_empty() && facts.markers.platform_version.is_empty());
}

#[test]
fn unwheel_keeps_the_micro_version_out_of_all_but_the_full_version() {
    let mut facts = real(&on_path(&here()));
    let full = facts.full_version.clone();
    assert_eq!(facts.markers.python_full_version, full);
    facts.full_version.clear();
    facts.markers.python_full_version.clear();
    facts.markers.implementation_version.clear();
    facts.implementation.version.clear();
    // Paths may have it where somebody put it; here that is the prefix only.
    let prefix = said(&["-c", "import sys; print(sys.prefix)"]);
    let text = serde_json::to_string(&facts).expect("JSON").replace(&prefix, "");
    assert!(!text.contains(&full), "{full}: {text}");
}

/// A 64-bit little-endian executable that has nothing but the name of its loader.
fn elf(loader: &str) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    let fields: [(u64, usize); 13] = [
        (2, 2),
        (62, 2),
        (1, 4),
        (0, 8),
        (64, 8), // the program header's offset
        (0, 8),
        (0, 4),
        (64, 2),
        (56, 2),
        (1, 2),
        (0, 6),
        (3, 4), // PT_INTERP
        (4, 4),
    ];
    for (value, size) in fields {
        bytes.extend(&value.to_le_bytes()[..size.min(8)]);
    }
    let length = loader.len() as u64 + 1;
    for value in [120, 0, 0, length, length, 1] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(loader.as_bytes());
    bytes.push(0);
    bytes
}

#[test]
fn unwheel_asks_the_loader_of_musl_for_its_version() {
    let folder =
        fake("ld-musl-x86_64.so.1", "printf 'musl libc (x86_64)\\nVersion 1.2.5\\nUsage: x\\n' >&2; exit 1");
    let loader = folder.path().join("bin/ld-musl-x86_64.so.1").display().to_string();
    let python = folder.path().join("bin/python3");
    fs::write(&python, elf(&loader)).expect("a file");
    // The machine's Python, made to take itself for that one, as where confstr knows no GNU.
    let start = format!(
        "import os, sys\nsys.executable = {:?}\ndef none(name): raise ValueError(name)\nos.confstr = none\n",
        python.display().to_string()
    );
    let facts: Interpreter = serde_json::from_str(&said(&["-c", &(start + SCRIPT)])).expect("facts");
    assert_eq!(facts.libc, Some(crate::Libc::Musl { major: 1, minor: 2 }));
    assert!(facts.manylinux);
}
