//! Files that somebody wrote to do harm, or with a tool that meant something else: each is refused where it is wrong,
//! in words that can be printed.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;

use layerset_lock::{Failure, InputId, Inputs, Lock, MarkerEnvironment, Origin};

type Files = BTreeMap<String, Vec<u8>>;

fn read(id: &str, files: &Files) -> Result<Inputs, Vec<String>> {
    let read = |path: &str| Ok::<_, Infallible>(files.get(path).cloned());
    Inputs::read(&[InputId::file(id)], read).map_err(|failure| match failure {
        Failure::Problems(problems) => problems.iter().map(ToString::to_string).collect(),
        Failure::Read(never) => match never {},
    })
}

fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Files {
    BTreeMap::from([(path.to_owned(), bytes.into())])
}

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

#[test]
fn toml_that_is_deep_long_or_wide() {
    let deep = 100_000;
    for text in [
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}", "{a=".repeat(deep)),
        format!("a{} = 1", ".a".repeat(deep)),
        format!("[a{}]", ".a".repeat(deep)),
        format!("[[a{}]]", ".a".repeat(deep)),
        format!("lock-version = \"1.0\"\npackages = {}{}", "[".repeat(deep), "]".repeat(deep)),
    ] {
        let start: String = text.chars().take(40).collect();
        assert!(Lock::read("pylock.toml", text.as_bytes()).is_err(), "{start}");
        let _ = read("pyproject.toml", &file("pyproject.toml", text));
    }
    // All in one line, and each package wrong.
    let packages = "{name=\"é\"},".repeat(50_000);
    let problems =
        Lock::read("pylock.toml", format!("lock-version=\"1.0\"\npackages=[{packages}]").as_bytes())
            .unwrap_err();
    assert_eq!(problems.len(), 50_000);
    assert_eq!(problems[1].place.as_ref().unwrap().to_string(), "pylock.toml:2:22");
}

fn sha() -> String {
    "0".repeat(64)
}

#[test]
fn locks_that_lie_about_their_files() {
    let hashes = format!("hashes = {{ sha256 = \"{}\" }}", sha());
    let pylock = |wheel: &str| {
        format!(
            "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{{ {wheel} }}]\n"
        )
    };
    let uv_lock = |wheel: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"https://h/simple\" }}\n\
             wheels = [{{ {wheel} }}]\n"
        )
    };
    let url = "url = \"https://h/a-1-py3-none-any.whl\"";
    let hash = format!("hash = \"sha256:{}\"", sha());
    for (path, text, problem) in [
        (
            "pylock.toml",
            pylock(&format!("{url}, size = -1, {hashes}")),
            "5:60: expected a whole number at \"size\" that is not negative",
        ),
        (
            "pylock.toml",
            pylock(&format!("{url}, size = \"1\", {hashes}")),
            "5:60: expected a whole number at \"size\", found",
        ),
        (
            "pylock.toml",
            pylock(&format!("{url}, size = 1.5, {hashes}")),
            "5:60: expected a whole number at \"size\", found",
        ),
        (
            "pylock.toml",
            pylock(&format!("url = \"http://h/a-1-py3-none-any.whl\", size = 1")),
            "5:11: a-1-py3-none-any.whl has no sha256",
        ),
        (
            "pylock.toml",
            pylock(&format!("path = \"/etc/a-1-py3-none-any.whl\", {hashes}")),
            "5:11: the path \"/etc/",
        ),
        (
            "pylock.toml",
            pylock(&format!("path = \"w/../../a-1-py3-none-any.whl\", {hashes}")),
            "5:11: the path \"w/../../",
        ),
        (
            "uv.lock",
            uv_lock(&format!("{url}, size = -1, {hash}")),
            "6:60: expected a whole number at \"size\" that is not negative",
        ),
        ("uv.lock", uv_lock(url), "6:11: a-1-py3-none-any.whl has no sha256"),
        (
            "uv.lock",
            uv_lock(&format!("url = \"https://u:hunter2@h/a-1-py3-none-any.whl\", {hash}")),
            "6:11: the address https://h/",
        ),
        (
            "uv.lock",
            uv_lock(&format!("{url}, hash = \"md5:00\"")),
            "6:11: a-1-py3-none-any.whl has no sha256",
        ),
        (
            "uv.lock",
            uv_lock(&format!("url = \"ftp://h/a-1-py3-none-any.whl\", {hash}")),
            "6:11: expected an http or https",
        ),
        (
            "uv.lock",
            uv_lock(&format!("{url}, filename = \"../a-1-py3-none-any.whl\", {hash}")),
            "6:11: expected a file's name",
        ),
        (
            "uv.lock",
            uv_lock(&hash)
                .replace("https://h/simple", "../../w")
                .replace("{ hash", "{ path = \"a-1-py3-none-any.whl\", hash"),
            "6:11: the path \"../../w/a-1",
        ),
        (
            "uv.lock",
            uv_lock(&hash).replace("registry = \"https://h/simple\"", "editable = \"../..\""),
            "2:1: the path \"../..\"",
        ),
    ] {
        let problems = Lock::read(path, text.as_bytes()).unwrap_err();
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(
            said.iter().any(|said| said.starts_with(&format!("{path}:{problem}"))),
            "{problem}\n{said:#?}"
        );
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    }
    // Underscores are TOML's own.
    let lock =
        Lock::read("pylock.toml", pylock(&format!("{url}, size = 1_000, {hashes}")).as_bytes()).unwrap();
    assert_eq!(lock.packages[0].wheels[0].size, Some(1000));
}

#[test]
fn repositories_that_would_be_other_lines_of_the_resolver() {
    let commit = "c".repeat(40);
    let pylock = |vcs: &str| {
        format!(
            "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nvcs = {{ {vcs}, commit-id = \"{commit}\" }}\n"
        )
    };
    for (vcs, problem) in [
        (
            "type = \"git\\n--index-url https://h\\n\", url = \"https://h/a\"",
            "expected git as the type of a repository",
        ),
        ("type = \"git\", url = \"https://h/a --index-url https://e\"", "as the address of a repository"),
        (
            "type = \"git\", url = \"https://h/a\", subdirectory = \"x\\n-r /etc/passwd\"",
            "as the subdirectory of a repository",
        ),
        (
            "type = \"git\", url = \"https://h/a\", subdirectory = \"../../x\"",
            "as the subdirectory of a repository",
        ),
        (
            "type = \"git\", url = \"https://t0ken@h/a\"",
            "expected a repository's address without credentials",
        ),
    ] {
        let problems = Lock::read("pylock.toml", pylock(vcs).as_bytes()).unwrap_err();
        let said = problems[0].to_string();
        assert!(said.starts_with("pylock.toml:2:1: ") && said.contains(problem), "{said}");
        assert!(!said.contains("t0ken") && !said.contains('\n'), "{said}");
    }
    let git = |address: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ git = \"{address}#{commit}\" }}\n"
        )
    };
    for address in [
        "https://h/a --x",
        "https://t0ken@h/a",
        "https://h/a?subdirectory=..%2F..%2Fx",
        "h/a",
        "https://h/a?subdirectory=a%0Ab",
    ] {
        let problems = Lock::read("uv.lock", git(address).as_bytes()).unwrap_err();
        assert!(!problems[0].to_string().contains("t0ken"), "{address}");
    }
    Lock::read("uv.lock", git("https://h/a?rev=main&subdirectory=x").as_bytes()).unwrap();
}

#[test]
fn the_same_package_twice_is_not_chosen_from() {
    let package = format!(
        "[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{{ url = \"https://h/a-1-py3-none-any.whl\", hashes = {{ sha256 = \"{}\" }} }}]\n",
        sha()
    );
    let text = format!("lock-version = \"1.0\"\n{package}{package}");
    let lock = Lock::read("pylock.toml", text.as_bytes()).unwrap();
    let environment = MarkerEnvironment::linux("3.12", "x86_64");
    let inputs = read("r.txt", &file("r.txt", "a\n")).unwrap();
    let problems = lock.closures(&environment).unwrap().of(&[&inputs.inputs[0]]).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "pylock.toml:6:1: both a 1 and a 1 are locked for r.txt; refresh it with the tool that made it, or run `layerset lock`"
    );
}
