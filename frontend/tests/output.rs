//! Where the command line writes: pipes that nobody reads, full disks, and files that are there already.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

mod project;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use project::Project;

/// Over its budget, which is shown; and a warning.
const MANIFEST: &str = "\
args: {UNUSED: '1'}
services:
  api: {from: scratch, files: [lib/], budget: {size: 10}}
";

fn shop(name: &str) -> Project {
    Project::new(name, &[("layerset.yaml", MANIFEST), ("lib/a.py", "more than ten bytes")])
}

fn command(project: &Project, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_layerset"));
    command.args(args).current_dir(&project.0);
    command
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// A pipe whose reader is gone.
fn unread() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// What prints, with its exit code.
const PRINTING: [(&[&str], i32); 6] = [
    (&["schema"], 0),
    (&["bake"], 0),
    (&["llb"], 0),
    (&["plan", "--format", "json"], 1),
    (&["plan", "--help"], 0),
    (&["--version"], 0),
];

#[test]
fn who_reads_no_more_changes_no_exit_code() {
    let project = shop("output-unread");
    for (args, expected) in PRINTING {
        let output = command(&project, args).stdout(unread()).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), Some(expected), "{args:?}: {told}");
        assert!(!told.contains("standard output") && !told.contains("panicked"), "{args:?}: {told}");
    }
    // Nor does who does not read what is told.
    for (args, expected) in [(&["bake"][..], 0), (&["check"], 1), (&["plan"], 1), (&["nonsense"], 1)] {
        for stderr in [unread(), full()] {
            let output = command(&project, args).stdout(Stdio::piped()).stderr(stderr).output().unwrap();
            assert_eq!(code(&output), Some(expected), "{args:?}");
        }
    }
}

#[test]
fn a_full_disk_is_told() {
    let project = shop("output-full");
    for (args, _) in PRINTING {
        let output = command(&project, args).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), Some(75), "{args:?}: {told}");
        let expected = "layerset: cannot write to standard output: No space left on device";
        assert!(told.contains(expected), "{args:?}: {told}");
    }
    let output = project.run(&["plan", "--html", "/dev/full", "--force"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), Some(75), "{told}");
    assert!(told.contains("layerset: cannot write /dev/full: No space left on device"), "{told}");
    assert!(!fs::metadata("/dev/full").unwrap().is_file(), "a device stays one");
}

/// A project with a lock of many images and of no package, so that nobody has to be asked to make it again.
fn locked(name: &str) -> (Project, String) {
    let images = (0..40).map(|number| format!("registry.test/image:{number}"));
    let (mut manifest, mut lock) = ("lock: pylock.toml\nservices:\n".to_owned(), String::new());
    for (number, image) in images.enumerate() {
        let _ = writeln!(manifest, "  s{number}: {{from: '{image}'}}");
        let _ = writeln!(lock, "\"{image}\" = \"sha256:{number:064x}\"");
    }
    let start =
        "lock-version = \"1.0\"\ncreated-by = \"layerset\"\npackages = []\n\n[tool.layerset]\nversion = 1\n";
    let lock = format!("{start}\n# by hand\n[tool.layerset.images]\n{lock}");
    (Project::new(name, &[("layerset.yaml", &manifest), ("pylock.toml", &lock)]), lock)
}

/// The names of the files that are there.
fn files(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(&project.0).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_lock_is_written_whole_or_not_at_all() {
    let (project, before) = locked("output-lock");
    let lock = project.0.join("pylock.toml");
    // A disk that is full after some of it.
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$0\" lock --write";
    let output = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_layerset")])
        .current_dir(&project.0)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), Some(75), "{told}");
    assert!(told.contains("layerset: cannot write ./pylock.toml: "), "{told}");
    assert_eq!(fs::read_to_string(&lock).unwrap(), before);
    assert_eq!(files(&project), ["layerset.yaml", "pylock.toml"]);

    // Through a link, with the permissions that the file has.
    fs::rename(&lock, project.0.join("real.toml")).unwrap();
    std::os::unix::fs::symlink("real.toml", &lock).unwrap();
    fs::set_permissions(project.0.join("real.toml"), fs::Permissions::from_mode(0o604)).unwrap();
    project.ok(&["lock", "--write"]);
    assert!(lock.is_symlink());
    let after = fs::read_to_string(project.0.join("real.toml")).unwrap();
    assert!(after.contains("registry.test/image:39") && !after.contains("by hand"), "{after}");
    assert_eq!(fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o604);
    assert_eq!(files(&project), ["layerset.yaml", "pylock.toml", "real.toml"]);

    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(code(&project.run(&["lock", "--write"])), Some(1));
}
