//! A small lock for the tests of this room.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use layerset_lock::{InputId, Inputs, Lock, Settings};

use super::{Asked, assumed, view as select};
use crate::diagnostic::Span;
use crate::manifest::model::Python;
use crate::plan::View;

/// Packages with their megabytes and what they depend on, all needed by `r.txt`.
pub(super) fn lock(packages: &[(&str, u64, &[&str])]) -> Lock {
    let mut text = String::from(
        "lock-version = \"1.0\"\nenvironments = [\"python_version == '3.12' and platform_machine == 'x86_64'\"]\n\
         dependency-groups = [\"r\"]\n",
    );
    for (name, megabytes, needs) in packages {
        let needs: Vec<String> = needs.iter().map(|need| format!("{{ name = \"{need}\" }}")).collect();
        let file = format!("{}-1-py3-none-any.whl", name.replace('-', "_"));
        let size = megabytes * 1_000_000;
        let _ = writeln!(
            text,
            "[[packages]]\nname = \"{name}\"\nversion = \"1\"\nmarker = \"'r' in dependency_groups\"\n\
             dependencies = [{}]\nwheels = [{{ url = \"https://example.com/{file}\", size = {size}, \
             hashes = {{ sha256 = \"{}\" }} }}]",
            needs.join(", "),
            "0".repeat(64)
        );
    }
    text += "[tool.layerset]\nversion = 1\n[[tool.layerset.groups]]\nname = \"r\"\ninputs = [{ path = \"r.txt\" }]\n";
    Lock::read("pylock.toml", text.as_bytes()).unwrap()
}

/// The packages of `service api`, whose one requirement is the first line of `r.txt`, and then those of all others
/// that nothing depends on.
pub(super) fn view(lock: &Lock) -> View {
    let needed: BTreeSet<&str> = lock
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .map(|edge| edge.name.as_str())
        .collect();
    let names = lock.packages.iter().map(|package| package.name.as_str());
    let text = names.filter(|name| !needed.contains(name)).collect::<Vec<_>>().join("\n");
    let id = InputId::file("r.txt");
    let inputs =
        Inputs::read(std::slice::from_ref(&id), |_| Ok::<_, ()>(Some(text.clone().into_bytes()))).unwrap();
    let asked: Asked = BTreeMap::from([("service api".to_owned(), vec![(id, Span::default())])]);
    let interpreter = assumed(lock, "x86_64").unwrap();
    let (python, none) = (Python::default(), BTreeSet::new());
    select(&asked, &inputs, lock, &interpreter, &python, &Settings::default(), &none).unwrap().view
}

#[test]
fn a_heavy_package_has_its_line_and_what_is_between() {
    let lock = lock(&[("a", 1, &["b"]), ("b", 1, &["torch"]), ("torch", 900, &[]), ("x", 50, &[])]);
    let view = view(&lock);
    let said: Vec<String> = view.reasons.values().flatten().map(ToString::to_string).collect();
    assert_eq!(said, ["r.txt:1: a → b → torch (service api)", "r.txt:2: x (service api)"]);
}

/// What `service api` gets of the one package of another tool's lock, which has a source distribution and this wheel: the hash
/// of the file.
fn foreign(requirements: &str, wheel: &str) -> Result<String, String> {
    let file = |name: &str, digit: &str| {
        let sha256 = digit.repeat(64);
        format!("{{ url = \"https://example.com/{name}\", hashes = {{ sha256 = \"{sha256}\" }} }}")
    };
    let text = format!(
        "lock-version = \"1.0\"\ncreated-by = \"other\"\nrequires-python = \">=3.12\"\n[[packages]]\nname = \"a\"\n\
         version = \"1\"\nsdist = {}\nwheels = [{}]\n",
        file("a-1.tar.gz", "1"),
        file(wheel, "0")
    );
    chosen(&Lock::read("pylock.toml", text.as_bytes()).unwrap(), requirements, "")
}

/// The same of a lock of uv, which knows who requires what, where another service has requirements of its own.
fn foreign_beside(requirements: &str, others: &str, wheel: &str) -> Result<String, String> {
    let file = |name: &str, digit: &str| {
        format!("{{ url = \"https://example.com/{name}\", hash = \"sha256:{}\" }}", digit.repeat(64))
    };
    let text = format!(
        "version = 1\nrequires-python = \">=3.12\"\n[[package]]\nname = \"a\"\nversion = \"1\"\n\
         source = {{ registry = \"https://example.com/simple\" }}\nsdist = {}\nwheels = [{}]\n",
        file("a-1.tar.gz", "1"),
        file(wheel, "0")
    );
    chosen(&Lock::read("uv.lock", text.as_bytes()).unwrap(), requirements, others)
}

fn chosen(lock: &Lock, requirements: &str, others: &str) -> Result<String, String> {
    let ids = ["r.txt", "o.txt"].map(InputId::file);
    let read = |path: &str| {
        let text = if path == "r.txt" { requirements } else { others };
        Ok::<_, ()>(Some(text.as_bytes().to_vec()))
    };
    let inputs = Inputs::read(&ids, read).unwrap();
    let service = "service api".to_owned();
    let [own, other] = ids.map(|id| vec![(id, Span::default())]);
    let asked: Asked = BTreeMap::from([(service.clone(), own), ("service other".to_owned(), other)]);
    let interpreter = assumed(lock, "x86_64").unwrap();
    let (python, settings, building) = (Python::default(), Settings::default(), BTreeSet::from([service]));
    let selected = select(&asked, &inputs, lock, &interpreter, &python, &settings, &building);
    match selected {
        Ok(selected) => Ok(selected.view.wheels[0].source.sha256()[..1].to_owned()),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

#[test]
fn a_lock_of_others_is_compared_with_what_requirement_files_allow() {
    let (fits, other) = ("a-1-py3-none-any.whl", "a-1-cp39-cp39-win32.whl");
    assert_eq!(foreign("a", fits), Ok("0".into()));
    assert_eq!(foreign("a", other), Ok("1".into()));
    assert_eq!(foreign("a\n--no-binary a", fits), Ok("1".into()));
    assert_eq!(foreign("a\n--only-binary :all:", fits), Ok("0".into()));
    let told = foreign("a\n--only-binary :all:", other).unwrap_err();
    let expected =
        "and --only-binary does not let its source distribution be built; its wheels are such as a-1-cp39";
    assert!(told.starts_with("pylock.toml:4:1: a 1 has no wheel for ") && told.contains(expected), "{told}");
    // The hash of the file that is chosen, not of any.
    let hashed = |digit: &str| format!("a --hash=sha256:{}", digit.repeat(64));
    assert_eq!(foreign(&hashed("0"), fits), Ok("0".into()));
    assert_eq!(foreign(&hashed("1"), fits), Ok("1".into()), "the other file is not allowed");
    let told = foreign(&hashed("2"), fits).unwrap_err();
    assert!(told.starts_with("r.txt:1:1: found a file of a 1 with the sha256 000"), "{told}");
    let address = format!("a @ https://example.com/a-1.whl#sha256={}", "2".repeat(64));
    let told = foreign(&address, fits).unwrap_err();
    assert!(told.starts_with("r.txt:1:1: found a file of a 1 with the sha256 000"), "{told}");
}

#[test]
fn options_of_files_are_for_those_who_need_the_package() {
    let other = "a-1-cp39-cp39-win32.whl";
    assert_eq!(foreign_beside("a", "--only-binary :all:", other), Ok("1".into()));
    // A package has one file: that of the strictest.
    let told = foreign_beside("a", "a\n--only-binary :all:", other).unwrap_err();
    assert!(told.contains("--only-binary does not let"), "{told}");
    assert_eq!(foreign_beside("a", "a\n--no-binary a", "a-1-py3-none-any.whl"), Ok("1".into()));
}
