//! Locks of others, and locks that nobody should trust.

use super::*;
use crate::input::{Inputs, Part};
use crate::marker::MarkerEnvironment;

const PYLOCK: &str =
    "lock-version = \"1.0\"\ncreated-by = \"other\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\n";

fn sha() -> String {
    "0".repeat(64)
}

fn inputs(text: &str) -> Inputs {
    Inputs::read(&[InputId::file("r.txt")], |_| Ok::<_, ()>(Some(text.as_bytes().to_vec()))).unwrap()
}

/// The closure of a requirement file, and its warnings or problems.
fn closure(lock: &Lock, requirements: &str, python: &str) -> Result<(String, usize), Vec<String>> {
    let (inputs, environment) = (inputs(requirements), MarkerEnvironment::linux(python, "x86_64"));
    let text = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    let closures = lock.closures(&environment).map_err(text)?;
    let closure = closures.of(&[&inputs.inputs[0]]).map_err(text)?;
    let titles: Vec<String> = closure.packages.iter().map(|index| lock.packages[*index].title()).collect();
    Ok((titles.join(", "), closure.warnings.len()))
}

#[test]
fn refused() {
    let wheel = |fields: &str| format!("{PYLOCK}wheels = [{{ {fields} }}]\n");
    let hashes = format!("hashes = {{ sha256 = \"{}\" }}", sha());
    for (text, problem) in [
        (wheel("url = \"https://h/a-1-py3-none-any.whl\""), "6:11: a-1-py3-none-any.whl has no sha256"),
        (
            wheel("url = \"https://h/a-1-py3-none-any.whl\", hashes = {sha256 = \"0\"}"),
            "6:11: the sha256 of a-1-py3-none-any.whl is not 64 hex digits",
        ),
        (
            wheel(&format!("url = \"https://u:p@h/a-1-py3-none-any.whl\", {hashes}")),
            "6:11: the address https://h/a-1-py3-none-any.whl has credentials in it",
        ),
        (
            wheel(&format!("url = \"file:///etc/a-1-py3-none-any.whl\", {hashes}")),
            "6:11: expected an http or https address, found \"file:///etc/a-1-py3-none-any.whl\"",
        ),
        (
            wheel(&format!("path = \"../../a-1-py3-none-any.whl\", {hashes}")),
            "6:11: the path \"../../a-1-py3-none-any.whl\" is not inside the build context",
        ),
        (
            wheel(&format!("name = \"../a-1.whl\", url = \"https://h/x\", {hashes}")),
            "6:11: expected a file's name, found \"../a-1.whl\"",
        ),
        (
            wheel(&format!("url = \"https://h/..%2Fa-1-py3-none-any.whl\", {hashes}")),
            "6:11: expected a file's name, found \"../a-1-py3-none-any.whl\"",
        ),
        (
            wheel(&format!("url = \"https://h/b-1-py3-none-any.whl\", {hashes}")),
            "3:1: expected a wheel of a, found \"b-1-py3-none-any.whl\"",
        ),
        (
            wheel(&format!("url = \"https://h/a-1-py3-none-any.whl\", size = 99999999999999, {hashes}")),
            "6:11: a-1-py3-none-any.whl is said to have 99999999999999 bytes, expected at most 68719476736",
        ),
        (wheel(&hashes), "6:11: expected \"url\" or \"path\", found neither"),
        (PYLOCK.to_owned(), "3:1: a 1 has no wheel and no source"),
        (PYLOCK.replace("\"a\"", "\"../a\""), "3:1: expected a package's name, found \"../a\""),
        (PYLOCK.replace("1.0", "2.0"), "1:1: expected lock-version 1.0, found \"2.0\""),
        (format!("{PYLOCK}marker = \"x\"\n"), "3:1: this is no marker: expected a marker's variable"),
        ("a = 1\n".to_owned(), "1:1: expected a lock, found neither \"lock-version\" nor \"version\""),
        ("a = \n".to_owned(), "1:5: this is not TOML: "),
    ] {
        let problems = Lock::read("d/pylock.toml", text.as_bytes()).unwrap_err();
        let expected = format!("d/pylock.toml:{problem}");
        assert!(
            problems.iter().any(|problem| problem.to_string().starts_with(&expected)),
            "{expected}\n{problems:?}"
        );
        assert!(!format!("{problems:?}").contains("u:p@"), "{problems:?}");
    }
}

#[test]
fn paths_are_relative_to_the_lock() {
    let text = format!(
        "{PYLOCK}wheels = [{{ path = \"../w/a-1-py3-none-any.whl\", hashes = {{ sha256 = \"{}\" }} }}]\n",
        sha()
    );
    let lock = Lock::read("locks/pylock.toml", text.as_bytes()).unwrap();
    assert_eq!(lock.packages[0].wheels[0].location, Location::Path("w/a-1-py3-none-any.whl".into()));
    assert!(lock.write().contains("path = \"../w/a-1-py3-none-any.whl\""), "{}", lock.write());
}

#[test]
fn images_are_kept() {
    let digest = format!("sha256:{}", sha());
    let images = [("python:3.13-slim".to_owned(), digest.clone()), ("a/b:1".to_owned(), digest.clone())];
    let lock = Lock { images: images.into(), ..Lock::empty("pylock.toml") };
    let text = lock.write();
    assert!(text.contains("\npackages = []\n"), "{text}");
    assert_eq!(Lock::read("pylock.toml", text.as_bytes()).unwrap(), lock);
    let wrong = Lock::read("pylock.toml", text.replace("sha256:", "md5:").as_bytes()).unwrap_err();
    assert!(wrong[0].to_string().contains("expected sha256: and 64 hex digits, found \"md5:"), "{wrong:?}");
}

/// A package of a pylock, with a wheel.
fn package(name: &str, version: &str, more: &str) -> String {
    format!(
        "[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\n{more}\nwheels = [{{ url = \
         \"https://h/{name}-{version}-py3-none-any.whl\", hashes = {{ sha256 = \"{}\" }} }}]\n",
        sha()
    )
}

#[test]
fn pylocks_of_others() {
    let head = "lock-version = \"1.0\"\ncreated-by = \"other\"\nrequires-python = \">=3.9\"\n";
    let marker = "marker = \"python_version < '3.11'\"";
    let flat = [head, &package("a", "1", ""), &package("b", "1", marker), &package("c", "1", "")].concat();
    let flat = Lock::read("pylock.toml", flat.as_bytes()).unwrap();
    assert_eq!(closure(&flat, "a", "3.12").unwrap(), ("a 1, c 1".to_owned(), 1));
    assert_eq!(closure(&flat, "a", "3.10").unwrap(), ("a 1, b 1, c 1".to_owned(), 1));
    assert_eq!(
        closure(&flat, "a>=2\nd", "3.12").unwrap_err(),
        [
            "r.txt:1:1: the lock pylock.toml has nothing that fulfils \"a>=2\"; refresh it with the tool that made it, or run `layerset lock`",
            "r.txt:2:1: the lock pylock.toml has nothing that fulfils \"d\"; refresh it with the tool that made it, or run `layerset lock`",
        ]
    );
    assert!(
        closure(&flat, "a", "3.8").unwrap_err()[0].contains("the lock is not for Python 3.8 on linux x86_64")
    );

    let edges = "dependencies = [{ name = \"b\" }]";
    let graph = [head, &package("a", "1", edges), &package("b", "1", ""), &package("c", "1", "")].concat();
    let graph = Lock::read("pylock.toml", graph.as_bytes()).unwrap();
    assert_eq!(closure(&graph, "a", "3.12").unwrap(), ("a 1, b 1".to_owned(), 0));

    // Who gets everything need not say what.
    let poetry = |_: &str| Ok::<_, ()>(Some(b"[tool.poetry.dependencies]\na = \"1\"\n".to_vec()));
    let inputs = Inputs::read(&[InputId::file("pyproject.toml")], poetry).unwrap();
    let environment = MarkerEnvironment::linux("3.12", "x86_64");
    let of = |lock: &Lock| lock.closures(&environment).unwrap().of(&[&inputs.inputs[0]]);
    assert_eq!(of(&flat).unwrap().packages.len(), 2);
    assert!(of(&graph).unwrap_err()[0].to_string().contains("expected [project]"));
}

/// A lock with `own` as its default group, an extra and a group.
#[test]
fn an_extra_comes_besides_the_default_groups() {
    let of = |set: &str, name: &str| format!("marker = \"'{name}' in {set}\"");
    let text = [
        "lock-version = \"1.0\"\ncreated-by = \"other\"\nextras = [\"Fast_IO\"]\n\
         dependency-groups = [\"Own\", \"Dev_Tools\"]\ndefault-groups = [\"Own\"]\n",
        &package("a", "1", &of("dependency_groups", "Own")),
        &package("b", "1", &of("extras", "Fast_IO")),
        &package("c", "1", &of("dependency_groups", "Dev_Tools")),
    ];
    let lock = Lock::read("pylock.toml", text.concat().as_bytes()).unwrap();
    let project = "[project]\nname = \"p\"\ndependencies = [\"a\"]\n[project.optional-dependencies]\n\
                   fast-io = [\"b\"]\n[dependency-groups]\ndev-tools = [\"c\"]\n";
    let closure = |parts: &[Part]| {
        let id = |part: &Part| InputId { path: "pyproject.toml".into(), part: part.clone() };
        let ids: Vec<InputId> = parts.iter().map(id).collect();
        let inputs = Inputs::read(&ids, |_| Ok::<_, ()>(Some(project.as_bytes().to_vec()))).unwrap();
        let environment = MarkerEnvironment::linux("3.12", "x86_64");
        let closure =
            lock.closures(&environment).unwrap().of(&inputs.inputs.iter().collect::<Vec<_>>()).unwrap();
        closure.packages.iter().map(|index| lock.packages[*index].name.as_str()).collect::<String>()
    };
    let (extra, group) = (Part::Extra("fast.io".into()), Part::Group("DEV-tools".into()));
    assert_eq!(closure(std::slice::from_ref(&extra)), "ab");
    assert_eq!(closure(std::slice::from_ref(&group)), "c");
    assert_eq!(closure(&[extra, group]), "abc");
}

#[test]
fn a_package_for_another_python_is_a_problem() {
    let head = "lock-version = \"1.0\"\ncreated-by = \"other\"\n";
    let text = [head, &package("a", "1", "requires-python = \">=3.12.4\"")].concat();
    let lock = Lock::read("pylock.toml", text.as_bytes()).unwrap();
    assert_eq!(closure(&lock, "a", "3.12.4").unwrap().0, "a 1");
    assert_eq!(
        closure(&lock, "a", "3.12.3").unwrap_err(),
        [
            "pylock.toml:3:1: a 1 is for Python >=3.12.4, found 3.12.3; refresh it with the tool that made it, or run `layerset lock`"
        ]
    );
}

#[test]
fn a_pre_release_of_python_is_its_version() {
    let head = "lock-version = \"1.0\"\ncreated-by = \"other\"\nrequires-python = \">=3.15\"\n";
    let text = [head, &package("a", "1", "requires-python = \">=3.15\"")].concat();
    let lock = Lock::read("pylock.toml", text.as_bytes()).unwrap();
    assert_eq!(closure(&lock, "a", "3.15.0rc1").unwrap().0, "a 1");
    assert!(closure(&lock, "a", "3.14.0").is_err());
}

#[test]
fn uv_locks() {
    let registry = "source = { registry = \"https://h/simple\" }\n";
    let package = |name: &str, version: &str, more: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{registry}wheels = [{{ url = \
             \"https://h/{name}-{version}-py3-none-any.whl\", hash = \"sha256:{}\", size = 7 }}]\n{more}\n",
            sha()
        )
    };
    let old = "resolution-markers = [\"python_full_version < '3.11'\"]";
    let new = "resolution-markers = [\"python_full_version >= '3.11'\"]";
    let edges = "dependencies = [{ name = \"n\", version = \"1\", source = { registry = \"x\" }, marker = \
                 \"python_full_version < '3.11'\" }, { name = \"n\", version = \"2\", marker = \
                 \"python_full_version >= '3.11'\" }, { name = \"win\", marker = \"sys_platform == 'win32'\" }]\n\
                 [package.optional-dependencies]\nx = [{ name = \"e\", extra = [\"y\"] }]";
    let commit = "c".repeat(40);
    let git = format!(
        "[[package]]\nname = \"g\"\nversion = \"1\"\nsource = {{ git = \
         \"https://h/g?rev=main&subdirectory=py%2Fg#{commit}\" }}\n"
    );
    let text = [
        "version = 1\nrequires-python = \">=3.9\"\n".to_owned(),
        package("a", "1", edges),
        package("n", "1", old),
        package("n", "2", new),
        package("win", "1", ""),
        package("e", "1", "[package.optional-dependencies]\ny = [{ name = \"f\" }]"),
        package("f", "1", ""),
        git,
    ]
    .concat();
    let lock = Lock::read("uv.lock", text.as_bytes()).unwrap();
    assert_eq!(lock.format, Format::UvLock);
    assert_eq!(closure(&lock, "a", "3.10").unwrap().0, "a 1, n 1");
    assert_eq!(closure(&lock, "a", "3.12").unwrap().0, "a 1, n 2");
    assert_eq!(closure(&lock, "a[x]\nn", "3.12").unwrap().0, "a 1, e 1, f 1, n 2");
    let missing = closure(&lock, "z", "3.12").unwrap_err();
    assert!(
        missing[0].ends_with("the lock uv.lock has nothing that fulfils \"z\"; run `uv lock` to refresh it")
    );
    let vcs = lock.packages.iter().find_map(|package| package.vcs.clone()).unwrap();
    let expected = Vcs {
        kind: "git".into(),
        url: "https://h/g".into(),
        requested_revision: Some("main".into()),
        commit_id: commit,
        subdirectory: Some("py/g".into()),
    };
    assert_eq!(vcs, expected);
}

#[test]
fn a_uv_lock_may_be_older_than_its_project() {
    let wheel = |name: &str, version: &str| {
        let (url, sha) = (format!("https://h/{name}-{version}-py3-none-any.whl"), sha());
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://h/simple\" }}\n\
             wheels = [{{ url = \"{url}\", hash = \"sha256:{sha}\" }}]\n"
        )
    };
    let project = "[[package]]\nname = \"p\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"a\" }]\n";
    let text = ["version = 1\n", project, &wheel("a", "1.5")].concat();
    let closure = |text: &str, requirement: &str| {
        let lock = Lock::read("uv.lock", text.as_bytes()).unwrap();
        let project = format!("[project]\nname = \"p\"\ndependencies = [\"{requirement}\"]\n");
        let read = |_: &str| Ok::<_, ()>(Some(project.clone().into_bytes()));
        let inputs = Inputs::read(&[InputId::file("pyproject.toml")], read).unwrap();
        let environment = MarkerEnvironment::linux("3.12", "x86_64");
        let closure = lock.closures(&environment).unwrap().of(&[&inputs.inputs[0]]);
        closure.map(|closure| closure.packages.len()).map_err(|problems| problems[0].to_string())
    };
    assert_eq!(closure(&text, "a>=1"), Ok(1));
    let said = "pyproject.toml:3:17: the lock uv.lock is older than \"a>=2\": it has a 1.5; run `uv lock` to refresh it";
    assert_eq!(closure(&text, "a>=2").unwrap_err(), said);
    let tree = wheel("a", "1.5").replace("registry = \"https://h/simple\"", "editable = \"a\"");
    assert_eq!(
        closure(&["version = 1\n", project, &tree].concat(), "a>=2"),
        Ok(1),
        "uv takes any version of it"
    );
    let overrides = "version = 1\n[manifest]\noverrides = [{ name = \"a\", specifier = \"==1.5\" }]\n";
    assert_eq!(closure(&[overrides, project, &wheel("a", "1.5")].concat(), "a>=2"), Ok(1));
}

/// As uv writes groups that conflict: the edges of one may have no marker.
#[test]
fn a_group_has_its_own_edges() {
    let package = |version: &str| {
        format!(
            "[[package]]\nname = \"a\"\nversion = \"{version}\"\nsource = {{ registry = \"https://h/simple\" }}\n"
        )
    };
    let project = "version = 1\n[[package]]\nname = \"p\"\nversion = \"1\"\nsource = { virtual = \".\" }\n[package.dev-dependencies]\n\
                   one = [{ name = \"a\", version = \"1\" }]\n\
                   two = [{ name = \"a\", version = \"2\", marker = \"extra == 'group-1-p-two'\" }]\n";
    let lock = Lock::read("uv.lock", [project, &package("1"), &package("2")].concat().as_bytes()).unwrap();
    let text = "[project]\nname = \"p\"\n[dependency-groups]\none = [\"a<2\"]\ntwo = [\"a>=2\"]\n";
    for (group, expected) in [("one", "a 1"), ("Two", "a 2")] {
        let id = InputId { path: "pyproject.toml".into(), part: Part::Group(group.into()) };
        let inputs = Inputs::read(&[id], |_| Ok::<_, ()>(Some(text.as_bytes().to_vec()))).unwrap();
        let environment = MarkerEnvironment::linux("3.12", "x86_64");
        let closure = lock.closures(&environment).unwrap().of(&[&inputs.inputs[0]]).unwrap();
        let titles: Vec<String> =
            closure.packages.iter().map(|index| lock.packages[*index].title()).collect();
        assert_eq!(titles, [expected]);
    }
}

#[test]
fn packages_in_git_and_in_parts_of_archives_have_no_file() {
    let hash = format!("hashes = {{ sha256 = \"{}\" }}", sha());
    let archive =
        format!("{PYLOCK}archive = {{ url = \"https://h/a.zip\", subdirectory = \"py/a\", {hash} }}\n");
    let source = "source = { url = \"https://h/a.zip\", subdirectory = \"py/a\" }";
    let uv = format!(
        "version = 1\n\n[[package]]\nname = \"a\"\nversion = \"1\"\n{source}\nsdist = {{ hash = \"sha256:{}\" }}\n",
        sha()
    );
    let vcs = "vcs = { type = \"git\", url = \"https://h/a\", commit-id = \"";
    let vcs = format!("{PYLOCK}{vcs}{}\" }}\n", "c".repeat(40));
    let in_archive =
        "l:3:1: a 1 is in the directory \"py/a\" of its archive, expected an archive of it alone; ";
    let in_git = "l:3:1: a 1 is in git (https://h/a), expected a wheel or a source distribution; ";
    for (text, said) in [(&archive, in_archive), (&uv, in_archive), (&vcs, in_git)] {
        let lock = Lock::read("l", text.as_bytes()).unwrap();
        let problem = lock.packages[0].unbuildable().unwrap().to_string();
        assert_eq!(problem, format!("{said}{INSTEAD}"));
    }
    let lock = Lock::read("l", archive.as_bytes()).unwrap();
    assert!(lock.write().contains("subdirectory = \"py/a\""), "{}", lock.write());
}

#[test]
fn newer_versions_of_our_table() {
    let text = format!("{}[tool.layerset]\nversion = 2\n", package("a", "1", ""));
    let text = format!("lock-version = \"1.0\"\ncreated-by = \"layerset\"\n{text}");
    let problems = Lock::read("pylock.toml", text.as_bytes()).unwrap_err();
    assert!(problems[0].message.contains("expected version 1 of [tool.layerset], found 2"), "{problems:?}");
}
