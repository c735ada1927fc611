//! Locks that somebody wrote to do harm, or with a tool that meant something else: each is refused where it is wrong, in
//! words that can be printed.

use layerset_lock::{Lock, MarkerEnvironment};

use crate::{file, read};

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
            pylock("url = \"http://h/a-1-py3-none-any.whl\", size = 1"),
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
