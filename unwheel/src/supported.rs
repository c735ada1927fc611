//! The tags an interpreter takes, in the order of the `packaging` library.

use crate::interpreter::Interpreter;
use crate::platforms::platforms;
use crate::tag::Tag;

/// All tags of wheels that `interpreter` can use, the ones to prefer first.
pub fn supported(interpreter: &Interpreter) -> Vec<Tag> {
    let platforms = platforms(interpreter);
    let (major, minor) = interpreter.version;
    let mut tags = Tags(Vec::new());
    let own = match interpreter.implementation.name.as_str() {
        "cpython" => {
            cpython(interpreter, &platforms, &mut tags);
            Some(format!("cp{major}{minor}"))
        }
        name => {
            let short = if name == "pypy" { "pp" } else { name };
            let python = format!("{short}{major}{minor}");
            for abi in
                abi_of_suffix(interpreter.ext_suffix.as_deref()).iter().map(String::as_str).chain(["none"])
            {
                tags.each(&python, abi, &platforms);
            }
            (name == "pypy").then(|| "pp3".to_owned())
        }
    };
    // Pure Python, also of earlier minor versions.
    let earlier = (0..minor).rev().map(|minor| format!("py{major}{minor}"));
    let pythons: Vec<String> =
        [format!("py{major}{minor}"), format!("py{major}")].into_iter().chain(earlier).collect();
    for python in &pythons {
        tags.each(python, "none", &platforms);
    }
    for python in own.iter().chain(&pythons) {
        tags.0.push(Tag::new(python, "none", "any"));
    }
    tags.0
}

fn cpython(interpreter: &Interpreter, platforms: &[String], tags: &mut Tags) {
    let (major, minor) = interpreter.version;
    let python = format!("cp{major}{minor}");
    let threads = if interpreter.free_threaded { "t" } else { "" };
    if interpreter.debug {
        tags.each(&python, &format!("{python}{threads}d"), platforms);
    }
    tags.each(&python, &format!("{python}{threads}"), platforms);
    // Free-threaded builds have a stable ABI of their own.
    let stable = format!("abi3{threads}");
    tags.each(&python, &stable, platforms);
    tags.each(&python, "none", platforms);
    // The stable ABI is as old as Python 3.2.
    for minor in (2..minor).rev() {
        tags.each(&format!("cp{major}{minor}"), &stable, platforms);
    }
}

/// The ABI in a suffix of extension modules: `pypy310_pp73` of `.pypy310-pp73-x86_64-linux-gnu.so`.
fn abi_of_suffix(suffix: Option<&str>) -> Option<String> {
    let mut parts = suffix?.split('.').skip(1);
    let (soabi, _) = (parts.next()?, parts.next()?);
    let take = |count| soabi.split('-').take(count).collect::<Vec<_>>().join("_");
    let abi = if soabi.starts_with("pypy") {
        take(2)
    } else if soabi.starts_with("graalpy") {
        take(3)
    } else {
        soabi.replace('-', "_")
    };
    (!abi.is_empty()).then_some(abi)
}

struct Tags(Vec<Tag>);

impl Tags {
    fn each(&mut self, python: &str, abi: &str, platforms: &[String]) {
        self.0.extend(platforms.iter().map(|platform| Tag::new(python, abi, platform)));
    }
}
