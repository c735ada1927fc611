//! Compiles the modules of a layer of packages.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use unwheel::{Runtime, Scheme};

use crate::failure::Failure;

/// The time of every file of ours: 1980-01-01.
const FILE_TIME: Duration = Duration::from_secs(315_532_800);

/// The first version whose `compileall` can leave out the layer's directory from the paths that it writes into modules. Source:
/// docs.python.org, `compileall`, `-s` and `-p`.
const OLDEST: (u32, u32) = (3, 9);

/// Says the version, and whether there is a `compileall`.
const VERSION: &str = "import compileall, sys; print('%d.%d.%d' % sys.version_info[:3])";

/// Ends with 3 where a module could not be read or written.
const COMPILE: &str = include_str!("compile.py");

/// Compiles what an interpreter finds below `scheme`'s directories of the layer at `root`. It is there by itself, without
/// the rest of its image. The compiled files say nothing of the time; they have the hash of their source, which Python
/// compares when it loads them, since `files`, `copy` and steps may put another source in its place.
pub(super) fn compile(runtime: &Runtime, scheme: &Scheme, root: &Path) -> Result<(), Failure> {
    let python = || alone(runtime);
    let failed = |why: String| {
        Failure::Request(format!(
            "{} could not compile the packages: {why}; without bytecode: true they are compiled when they are first imported",
            runtime.executable
        ))
    };
    let started = python().args(["-c", VERSION]).output();
    let started = started.map_err(|error| failed(error.to_string()))?;
    if !started.status.success() {
        return Err(failed(String::from_utf8_lossy(&started.stderr).trim().to_owned()));
    }
    let said = String::from_utf8_lossy(&started.stdout);
    let version = said.trim();
    if minor(version).is_none_or(|version| version < OLDEST) {
        return Err(failed(format!(
            "it is Python {version}, expected 3.9 or later, as newer base images have"
        )));
    }
    let mut directories = vec![&scheme.purelib, &scheme.platlib];
    directories.dedup();
    let inside = |directory: &String| root.join(directory.trim_start_matches('/'));
    let present: Vec<PathBuf> = directories.into_iter().map(inside).filter(|path| path.is_dir()).collect();
    let mut command = python();
    // By force: what a wheel has compiled itself may compare times, which all files of a layer have alike.
    command.args(["-c", COMPILE, "-q", "-f", "--invalidation-mode", "checked-hash", "-s"]);
    command.arg(root).args(["-p", "/"]).args(&present).stdout(Stdio::inherit());
    let ended = command.output().map_err(|error| failed(error.to_string()))?;
    // 1: some packages hold modules for other versions, which do not compile, and are left as they are. With anything else
    // it has not even looked at all of them.
    let code = ended.status.code();
    if !matches!(code, Some(0 | 1)) {
        // After the warnings of the modules before.
        let said = String::from_utf8_lossy(&ended.stderr);
        let said = said.trim().lines().next_back().unwrap_or_default();
        let expected = "expected 0, or 1 where modules do not compile";
        return Err(failed(match code {
            Some(3) => said.to_owned(),
            _ => format!("compileall of Python {version} ended with {}, {expected}: {said}", ended.status),
        }));
    }
    settle(root).map_err(|error| failed(error.to_string()))
}

/// Major and minor version.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// The interpreter, which finds its libraries without the loader's cache and takes no other settings.
fn alone(runtime: &Runtime) -> Command {
    let folders: BTreeSet<&str> =
        runtime.paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
    let folders: Vec<&str> = folders.into_iter().collect();
    let mut command = Command::new(&runtime.executable);
    command.args(["-S", "-s"]).env_clear().env("LD_LIBRARY_PATH", folders.join(":"));
    // What a set's members come to depends on it.
    command.env("PYTHONHASHSEED", "0").stdin(Stdio::null());
    command
}

/// Gives everything the one time, directories after what is in them.
fn settle(directory: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            settle(&entry.path())?;
        } else if kind.is_file() {
            set_time(&entry.path())?;
        }
    }
    set_time(directory)
}

fn set_time(path: &Path) -> std::io::Result<()> {
    let time = SystemTime::UNIX_EPOCH + FILE_TIME;
    let file = File::open(path)?;
    // What has it already must not be written to: it would be stored once more.
    if file.metadata()?.modified()? == time {
        return Ok(());
    }
    file.set_times(FileTimes::new().set_modified(time).set_accessed(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An interpreter of this version whose `compileall` ends so. A shell writes it: a program that this process, with its other
    /// tests, has open for writing cannot be run.
    fn fake(folder: &Path, version: &str, code: i32) -> Runtime {
        let path = folder.join(format!("python{version}"));
        let script =
            format!("#!/bin/sh\ncase $# in 4) echo {version};; *) echo why >&2; exit {code};; esac\n");
        let write = ["-c", "printf %s \"$0\" > \"$1\"; chmod 755 \"$1\"", &script];
        assert!(Command::new("sh").args(write).arg(&path).status().unwrap().success());
        Runtime { executable: path.display().to_string(), paths: Vec::new() }
    }

    fn scheme() -> Scheme {
        let path = |path: &str| format!("/python/{path}");
        Scheme {
            purelib: path("lib"),
            platlib: path("lib"),
            scripts: path("bin"),
            data: path(""),
            headers: path("include"),
            executable: path("bin/python3"),
            python: "3.13".into(),
        }
    }

    #[test]
    fn what_compiles_nothing_is_told_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("layer");
        fs::create_dir_all(root.join("python/lib")).unwrap();
        let compiled = |version: &str, code: i32| {
            let runtime = fake(folder.path(), version, code);
            let told = compile(&runtime, &scheme(), &root).map_err(|failure| failure.to_string());
            told.map_err(|told| told.split_once(" could not compile the packages: ").unwrap().1.to_owned())
        };
        assert_eq!(compiled("3.9.2", 0), Ok(()));
        assert_eq!(compiled("3.13.1", 1), Ok(()), "some modules are for other versions");
        let instead = "without bytecode: true they are compiled when they are first imported";
        for code in [0, 2] {
            let told =
                format!("it is Python 3.8.20, expected 3.9 or later, as newer base images have; {instead}");
            assert_eq!(compiled("3.8.20", code), Err(told));
        }
        let told = "compileall of Python 3.14.0 ended with exit status: 2, expected 0, or 1 where modules do not compile: why";
        assert_eq!(compiled("3.14.0", 2), Err(format!("{told}; {instead}")));
    }

    /// The `python3` of this machine, which has to be 3.9 or later.
    fn python3() -> String {
        let said = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        String::from_utf8(said.unwrap().stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn a_module_that_cannot_be_written_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let lib = root.path().join("python/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("good.py"), "x = '\\d'\n").unwrap();
        fs::write(lib.join("__pycache__"), "not a directory").unwrap();
        let runtime = Runtime { executable: python3(), paths: Vec::new() };
        let told = compile(&runtime, &scheme(), root.path()).unwrap_err().to_string();
        let expected = format!("the packages: {}: Not a directory; ", lib.join("good.py").display());
        assert!(told.contains(&expected), "{told}");
    }

    #[test]
    fn what_a_wheel_has_compiled_by_time_is_compiled_again() {
        let root = tempfile::tempdir().unwrap();
        let lib = root.path().join("python/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("mine.py"), "x = 1\n").unwrap();
        set_time(&lib.join("mine.py")).unwrap();
        let by_time = ["-m", "compileall", "-q", "--invalidation-mode", "timestamp"];
        assert!(Command::new(python3()).args(by_time).arg(&lib).status().unwrap().success());
        // What it compares is in the fifth byte: nothing is the time, both bits are always the hash.
        let compares = || {
            let compiled = fs::read_dir(lib.join("__pycache__")).unwrap().next().unwrap().unwrap();
            fs::read(compiled.path()).unwrap()[4]
        };
        assert_eq!(compares(), 0);
        compile(&Runtime { executable: python3(), paths: Vec::new() }, &scheme(), root.path()).unwrap();
        assert_eq!(compares(), 3);
    }

    #[test]
    fn a_module_that_does_not_compile_keeps_no_other_from_it() {
        let executable = python3();
        let root = tempfile::tempdir().unwrap();
        let lib = root.path().join("python/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("bad.py"), "print 'for another version'\n").unwrap();
        fs::write(lib.join("good.py"), "x = 1\n").unwrap();
        compile(&Runtime { executable, paths: Vec::new() }, &scheme(), root.path()).unwrap();
        let compiled: Vec<_> = fs::read_dir(lib.join("__pycache__")).unwrap().map(Result::unwrap).collect();
        let [compiled] = &compiled[..] else { panic!("{compiled:?}") };
        let bytes = fs::read(compiled.path()).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(has("/python/lib/good.py") && !has(&root.path().display().to_string()));
    }

    /// As `files` and `copy` put one there, with the time of every file.
    #[test]
    fn a_module_that_is_replaced_is_not_the_compiled_one() {
        let executable = python3();
        let root = tempfile::tempdir().unwrap();
        let lib = root.path().join("python/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("mine.py"), "print('packaged')\n").unwrap();
        compile(&Runtime { executable: executable.clone(), paths: Vec::new() }, &scheme(), root.path())
            .unwrap();
        let imported = || {
            let mut python = Command::new(&executable);
            python.args(["-B", "-c", "import mine; assert mine.__cached__"]).env("PYTHONPATH", &lib);
            String::from_utf8(python.output().unwrap().stdout).unwrap()
        };
        assert_eq!(imported(), "packaged\n");
        fs::write(lib.join("mine.py"), "print('replaced')\n").unwrap();
        settle(root.path()).unwrap();
        assert_eq!(imported(), "replaced\n");
    }

    #[test]
    fn everything_has_one_time() {
        let root = std::env::temp_dir().join(format!("layerset-compile-{}", std::process::id()));
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/c"), "x").unwrap();
        settle(&root).unwrap();
        for path in ["", "a", "a/b", "a/b/c"] {
            let found = fs::metadata(root.join(path)).unwrap().modified().unwrap();
            assert_eq!(found, SystemTime::UNIX_EPOCH + FILE_TIME, "{path}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
