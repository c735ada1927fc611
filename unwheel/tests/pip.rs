//! A hundred popular wheels, installed by pip and by us: the same tree. Needs `python3` with pip and
//! venv, and at the first run the index that pip is configured for; wheels are kept below the target
//! directory.

#![allow(clippy::expect_used, reason = "a test that does not get what it needs has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use unwheel::{Search, WheelFile, install, probe, supported};

/// What is downloaded: mostly small; C, C++, Rust and Fortran extensions, `.data` with scripts (ruff),
/// headers (greenlet) and data (the Jupyter ones), namespace packages (google, zope), `.pth` files
/// (setuptools), and pip's own scripts.
const NAMES: &str = "\
    aiohttp aiosignal annotated-types anyio argon2-cffi-bindings asgiref attrs babel bcrypt beautifulsoup4 \
    black boto3 cachetools certifi cffi charset-normalizer click colorama coverage cryptography decorator \
    distlib django dnspython docutils fastapi filelock flask frozenlist fsspec gitpython google-api-core \
    google-auth google-cloud-core googleapis-common-protos greenlet grpcio gunicorn h11 httpcore httptools \
    httpx idna iniconfig ipykernel itsdangerous jinja2 jmespath joblib jsonschema jsonschema-specifications \
    jupyterlab-widgets jupyter-core lxml markdown-it-py markupsafe matplotlib-inline msgpack multidict \
    mypy-extensions nbformat notebook-shim numpy oauthlib orjson packaging pathspec pillow pip platformdirs \
    pluggy prompt-toolkit propcache protobuf psutil pyasn1 pycparser pydantic pydantic-core pygments pyjwt \
    pytest python-dateutil pytz pyyaml pyzmq regex requests rich ruff setuptools six sniffio sqlalchemy \
    starlette tornado tqdm traitlets typing-extensions tzdata urllib3 uvicorn uvloop virtualenv watchfiles \
    websockets werkzeug wheel widgetsnbextension wrapt yarl zipp zope.event zope.interface";

#[test]
fn unwheel_installs_what_pip_installs() {
    let wheels = download();
    let work = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let venv = work.path().join("venv");
    run(Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&venv));
    let bare: BTreeSet<String> = files(&venv).into_keys().collect();
    let paths: Vec<&PathBuf> = wheels.values().collect();
    // pip of the same wheels, run from its wheel: the one of the machine may be of another time.
    let pip = wheel_of(&wheels, "pip").join("pip");
    run(Command::new("python3")
        .arg(&pip)
        .arg("--python")
        .arg(venv.join("bin/python3"))
        .args(["install", "--no-compile", "--no-deps", "--no-index", "--quiet"])
        .args(["--disable-pip-version-check", "--no-warn-script-location"])
        .args(&paths));

    let facts = probe(&search(&venv)).expect("the facts of the environment");
    let root = work.path().join("root");
    fs::create_dir(&root).expect("a root");
    let given: Vec<WheelFile> = wheels
        .iter()
        .map(|(filename, path)| WheelFile { path: path.clone(), filename: filename.clone() })
        .collect();
    let installed = match install(&given, &facts.scheme, &root) {
        Ok(installed) => installed,
        Err(problems) => {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
    };
    assert_eq!(installed.wheels.len(), NAMES.split_whitespace().count());

    let ours = files(&root.join(venv.strip_prefix("/").expect("an absolute path")));
    let mut theirs = files(&venv);
    theirs.retain(|path, _| !bare.contains(path));
    let differences = compare(&theirs, &ours);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(files(&root).len(), ours.len(), "nothing is outside of the environment");
}

#[test]
fn unwheel_has_the_tags_of_packaging() {
    let wheels = download();
    let found = Command::new("python3")
        .env("PYTHONPATH", wheel_of(&wheels, "packaging"))
        .args(["-c", "from packaging.tags import sys_tags\nfor tag in sys_tags(): print(tag)"])
        .output()
        .expect("python3");
    let expected = String::from_utf8(found.stdout).expect("UTF-8");
    let prefix =
        Command::new("python3").args(["-c", "import sys; print(sys.prefix)"]).output().expect("python3");
    let prefix = String::from_utf8(prefix.stdout).expect("UTF-8");
    let facts = probe(&search(Path::new(prefix.trim()))).expect("facts");
    let ours: Vec<String> = supported(&facts).iter().map(ToString::to_string).collect();
    assert!(!expected.is_empty());
    assert_eq!(ours, expected.lines().collect::<Vec<_>>());
}

/// All that is not the same, less what must not be.
fn compare(theirs: &BTreeMap<String, File>, ours: &BTreeMap<String, File>) -> Vec<String> {
    let mut differences = Vec::new();
    for path in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        match (theirs.get(path), ours.get(path)) {
            (Some(_), None) if only_pips(path) => {}
            (Some(_), None) => differences.push(format!("{path}: only pip has it")),
            (None, _) => differences.push(format!("{path}: only we have it")),
            (Some(their), Some(our)) => {
                if their.mode != our.mode {
                    differences
                        .push(format!("{path}: pip has mode {:o}, we have {:o}", their.mode, our.mode));
                }
                if in_dist_info(path, "INSTALLER") {
                    // Who installed it: pip says pip, we say layerset.
                    assert_eq!(their.bytes, b"pip\n", "{path}");
                    assert_eq!(our.bytes, b"layerset\n", "{path}");
                } else if in_dist_info(path, "RECORD") {
                    let (their, our) = (rows(&their.bytes), rows(&our.bytes));
                    let row = |who: &str, row: &String| format!("{path}: only {who} has the row {row}");
                    differences.extend(their.difference(&our).map(|found| row("pip", found)));
                    differences.extend(our.difference(&their).map(|found| row("we", found)));
                } else if their.bytes != our.bytes {
                    differences.push(format!("{path}: other bytes"));
                }
            }
        }
    }
    differences
}

/// What pip leaves besides the wheel: REQUESTED (the user asked for it himself) and `direct_url.json`
/// (it came from a file and not from an index). Both are about one call of pip, and an image has none.
fn only_pips(path: &str) -> bool {
    in_dist_info(path, "REQUESTED") || in_dist_info(path, "direct_url.json")
}

/// Whether it is that file of an installed distribution, not of one that another has inside.
fn in_dist_info(path: &str, file: &str) -> bool {
    let path = path.split_once("/site-packages/").map_or(path, |(_, path)| path);
    path.split_once('/').is_some_and(|(folder, rest)| folder.ends_with(".dist-info") && rest == file)
}

/// RECORD as a set, without the rows of the files above.
fn rows(record: &[u8]) -> BTreeSet<String> {
    let text = std::str::from_utf8(record).expect("RECORD is UTF-8");
    let path = |row: &str| row.split(',').next().unwrap_or_default().to_owned();
    text.lines()
        .filter(|row| !only_pips(&path(row)) && !in_dist_info(&path(row), "INSTALLER"))
        .map(str::to_owned)
        .collect()
}

struct File {
    mode: u32,
    bytes: Vec<u8>,
}

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, File> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let kind = fs::symlink_metadata(&path).expect("what it is");
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let name = path.strip_prefix(folder).expect("below it").to_string_lossy().into_owned();
                let bytes = fs::read(&path).expect("its bytes");
                found.insert(name, File { mode: kind.permissions().mode() & 0o7777, bytes });
            }
        }
    }
    found
}

/// The wheels by file name, downloaded once for each version of Python.
fn download() -> BTreeMap<String, PathBuf> {
    // Tests of one binary run side by side.
    static ONCE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _once = ONCE.lock().expect("nobody failed to download");
    let found = Command::new("python3")
        .args(["-c", "import sys; print('cp%d%d' % sys.version_info[:2])"])
        .output()
        .expect("python3");
    let version = String::from_utf8(found.stdout).expect("UTF-8");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wheels").join(version.trim());
    let complete = folder.join("complete");
    if fs::read_to_string(&complete).ok().as_deref() != Some(NAMES) {
        let _ = fs::remove_dir_all(&folder);
        run(Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--no-deps", "--dest"])
            .arg(&folder)
            .args(NAMES.split_whitespace()));
        fs::write(&complete, NAMES).expect("a note");
    }
    let mut wheels = BTreeMap::new();
    for entry in fs::read_dir(&folder).expect("the wheels") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "whl") {
            wheels.insert(path.file_name().expect("a name").to_string_lossy().into_owned(), path);
        }
    }
    wheels
}

fn wheel_of(wheels: &BTreeMap<String, PathBuf>, name: &str) -> PathBuf {
    let start = format!("{name}-");
    let found = wheels.iter().find(|(filename, _)| filename.starts_with(&start));
    found.map(|(_, path)| path.clone()).expect("its wheel")
}

fn search(prefix: &Path) -> Search {
    let bin = prefix.join("bin").display().to_string();
    Search { path: bin, virtual_env: None }
}

fn run(command: &mut Command) {
    let output = command.output().expect("the command runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
