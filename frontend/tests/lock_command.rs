//! `layerset lock` as a program: what it keeps of the lock there is, what it writes over, and how it runs uv.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

mod project;

use std::fs;

use project::Project;

/// Stands for uv: it finds one package, and writes down how it was called.
const UV: &str = r#"#!/bin/sh
echo "$*" >> "$(dirname "$0")/called"
cat "$SSL_CERT_FILE" >> "$(dirname "$0")/certificates"
case "$*" in
*pylock.toml*)
    cat > pylock.toml << 'END'
lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "one"
version = "1.0"
[[packages.wheels]]
name = "one-1.0-py3-none-any.whl"
url = "https://packages.test/one-1.0-py3-none-any.whl"
size = 1
hashes = { sha256 = "0000000000000000000000000000000000000000000000000000000000000001" }
END
    ;;
*) for input in *.in; do printf 'one==1.0\n    # via -r %s\n' "$input"; done ;;
esac
"#;

const MANIFEST: &str = "\
lock: pylock.toml
python: {lock: pylock.toml, certificates: company.pem}
services:
  api: {from: 'python:3.13-slim', requirements: [requirements.txt]}
";

const WRITE: [&str; 4] = ["lock", "--write", "--uv", "./tools/uv"];

fn shop(name: &str) -> Project {
    let project = Project::new(
        name,
        &[
            ("layerset.yaml", MANIFEST),
            ("requirements.txt", "one\n"),
            ("company.pem", "a certificate\n"),
            ("tools/uv.txt", UV),
        ],
    );
    // A shell writes it: a program that this process, with its other tests, has open for writing cannot be run.
    let copy = ["-c", "cat tools/uv.txt > tools/uv && chmod 755 tools/uv"];
    assert!(std::process::Command::new("sh").args(copy).current_dir(&project.0).status().unwrap().success());
    project
}

fn read(project: &Project, path: &str) -> String {
    fs::read_to_string(project.0.join(path)).unwrap_or_default()
}

/// What is said by a command that must end with the user's mistake.
fn error(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(output.stdout.is_empty());
    told
}

/// Locks a shop, with the digest of its image as an engine would have put it there.
fn locked(project: &Project, args: &[&str]) -> String {
    project.ok(&[&WRITE, args].concat());
    let groups = "\n[[tool.layerset.groups]]";
    let image = format!("\n[tool.layerset.images]\n\"python:3.13-slim\" = \"sha256:{:064x}\"\n{groups}", 7);
    let lock = read(project, "pylock.toml").replacen(groups, &image, 1);
    assert!(lock.contains("python:3.13-slim"), "{lock}");
    project.write("pylock.toml", &lock);
    lock
}

#[test]
fn uv_and_certificates_are_found_from_here() {
    let project = shop("lock-paths");
    let lock = project.ok(&["lock", "--uv", "./tools/uv"]);
    assert!(lock.contains("name = \"one\""), "{lock}");
    assert!(read(&project, "tools/certificates").starts_with("a certificate"));
    fs::remove_file(project.0.join("tools/certificates")).unwrap();
    fs::create_dir(project.0.join("below")).unwrap();
    let from_below = std::process::Command::new(env!("CARGO_BIN_EXE_layerset"))
        .args(["lock", "--uv", "../tools/uv", ".."])
        .current_dir(project.0.join("below"))
        .output()
        .unwrap();
    assert!(from_below.status.success(), "{}", String::from_utf8_lossy(&from_below.stderr));
    assert!(read(&project, "tools/certificates").starts_with("a certificate"));
}

#[test]
fn a_lock_is_made_again_with_the_digests_it_has() {
    let project = shop("lock-again");
    let before = locked(&project, &[]);
    project.ok(&WRITE);
    assert_eq!(read(&project, "pylock.toml"), before);
    // What a shell has emptied is none.
    project.write("pylock.toml", "\n");
    project.ok(&WRITE);
    let anew = read(&project, "pylock.toml");
    assert!(anew.contains("name = \"one\"") && !anew.contains("python:3.13-slim"), "{anew}");
}

#[test]
fn what_layerset_has_not_made_is_not_written_over() {
    let project = shop("lock-foreign");
    let others = "lock-version = \"1.0\"\ncreated-by = \"other\"\npackages = []\n";
    let of_uv = "version = 1\nrequires-python = \">=3.13\"\n\n[[package]]\nname = \"one\"\nversion = \"1.0\"\n\
                 source = { registry = \"https://packages.test/simple\" }\n";
    let project_file = "[project]\nname = \"shop\"\nversion = \"1\"\n";
    for (file, text, found) in [
        ("other.toml", others, "found a lock of another tool in \"other.toml\""),
        ("uv.lock", of_uv, "found the lock of uv in \"uv.lock\""),
        ("pyproject.toml", project_file, "pyproject.toml:1:1: expected a lock"),
        ("requirements.txt", "one\n", "requirements.txt:1:"),
    ] {
        project.write(file, text);
        let of_all = MANIFEST.replacen("lock: pylock.toml", &format!("lock: {file}"), 1);
        let of_packages = MANIFEST.replacen("lock: pylock.toml", "x-none: 1", 1).replacen(
            "lock: pylock.toml",
            &format!("lock: {file}"),
            1,
        );
        for (manifest, place) in [(of_all, "1:7"), (of_packages, "2:16")] {
            project.write("layerset.yaml", &manifest);
            let told = error(&project, &WRITE);
            assert!(told.starts_with(&format!("layerset.yaml:{place}: error: ")), "{told}");
            assert!(told.contains(found) && told.contains("name another file"), "{told}");
            assert_eq!(read(&project, file), text);
        }
    }
    assert_eq!(read(&project, "tools/called"), "", "it is said before anything is resolved");
}

#[test]
fn a_lock_that_cannot_be_read_is_an_error() {
    let project = shop("lock-unread");
    let before = locked(&project, &[]);
    let conflict = before.replacen("version = \"1.0\"", "<<<<<<< ours\nversion = \"1.0\"", 1);
    let newer = before.replacen("[tool.layerset]\nversion = 1", "[tool.layerset]\nversion = 2", 1);
    for (text, found, advice) in [
        (conflict, "pylock.toml:", "remove it first"),
        (newer, "expected version 1 of [tool.layerset], found 2", "use the layerset that made it"),
    ] {
        assert_ne!(text, before);
        project.write("pylock.toml", &text);
        for args in [&WRITE[..], &["lock", "--uv", "./tools/uv"]] {
            let told = error(&project, args);
            assert!(told.starts_with("layerset.yaml:1:7: error: pylock.toml:"), "{told}");
            assert!(told.contains(found) && told.contains(advice), "{told}");
        }
        assert_eq!(read(&project, "pylock.toml"), text);
    }
}

#[test]
fn without_a_name_nothing_is_resolved() {
    let project = shop("lock-nowhere");
    let manifest = MANIFEST.replacen("lock: pylock.toml\n", "", 1).replacen("lock: pylock.toml, ", "", 1);
    project.write("layerset.yaml", &manifest);
    assert!(error(&project, &WRITE).contains("--write needs to know where"));
    assert_eq!(read(&project, "tools/called"), "");
}

/// The machines that a lock is for.
fn machines(lock: &str) -> Vec<&str> {
    let all = ["x86_64", "aarch64"];
    all.into_iter().filter(|machine| lock.contains(&format!("platform_machine == '{machine}'"))).collect()
}

#[test]
fn platforms_of_the_lock_stay_unless_others_are_named() {
    let project = shop("lock-platforms");
    let both = locked(&project, &["--platform", "linux/amd64,linux/arm64"]);
    assert_eq!(machines(&both), ["x86_64", "aarch64"]);
    project.ok(&WRITE);
    assert_eq!(read(&project, "pylock.toml"), both);
    for (args, expected, told) in [
        (&["--platform", "linux/arm64", "--platform", "linux/amd64"][..], &["x86_64", "aarch64"][..], ""),
        (&["--platform", "linux/arm64"], &["aarch64"], "no more for linux/amd64"),
        (&[], &["aarch64"], ""),
    ] {
        let output = project.run(&[&WRITE, args].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && stderr.contains(told), "{args:?}: {stderr}");
        assert_eq!(stderr.contains("--platform"), !told.is_empty(), "{args:?}: {stderr}");
        assert_eq!(machines(&read(&project, "pylock.toml")), expected, "{args:?}");
    }
}

#[test]
fn digests_of_images_for_other_machines_stay() {
    let manifest = "lock: pylock.toml\nservices:\n  api: {from: 'base-${TARGETARCH}:1'}\n";
    let images = ["base-amd64:1", "base-arm64:1", "unnamed:1"];
    let images = images.map(|image| format!("\"{image}\" = \"sha256:{:064x}\"\n", 1)).concat();
    let lock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"layerset\"\npackages = []\n\n[tool.layerset]\nversion = 1\n\n\
         [tool.layerset.images]\n{images}"
    );
    let project = Project::new("lock-images", &[("layerset.yaml", manifest), ("pylock.toml", &lock)]);
    let made = project.ok(&["lock", "--platform", "linux/amd64"]);
    assert!(made.contains("base-amd64:1") && made.contains("base-arm64:1"), "{made}");
    assert!(!made.contains("unnamed:1"), "{made}");
}

#[test]
fn where_uv_cannot_write_it_may_be_tried_again() {
    let project = shop("lock-disk");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_layerset"))
        .args(["lock", "--uv", "./tools/uv"])
        .current_dir(&project.0)
        .env("TMPDIR", project.0.join("nowhere"))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(75), "{told}");
    assert!(told.contains("layerset: no temporary directory: "), "{told}");
}
