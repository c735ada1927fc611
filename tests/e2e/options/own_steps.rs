//! Steps of the frontend's own that go to the network: they have what a `RUN pip install` would have.

use harness::Project;

use super::{both, refused};
use crate::python_support::{Shelf, service, work};
use crate::support::{containerd, ok, progress};

/// A service with one package, and a Dockerfile that installs it with pip.
fn shelf() -> Shelf {
    let mut shelf = Shelf::new(containerd());
    shelf.add("lib", "1.0", 2000);
    let word = shelf.tag.clone();
    shelf.project.write("requirements.txt", format!("# {word}\nlib\n")).unwrap();
    shelf.manifest("", "", &[service("api", "from: 'python:3.13-slim', requirements: [requirements.txt]")]);
    let (host, _) = shelf.engine.host().unwrap();
    let pip = format!(
        "pip install --retries=0 --root-user-action=ignore --index-url={} --trusted-host={host} -r requirements.txt",
        shelf.index.simple()
    );
    let dockerfile = format!("FROM python:3.13-slim\nCOPY requirements.txt .\nRUN {pip}\n");
    shelf.project.write("Dockerfile", dockerfile).unwrap();
    shelf
}

fn built(project: &Project, flags: &[&str]) {
    both(project, flags, |docker| drop(ok(docker)));
}

#[test]
fn packages_are_resolved_on_the_network_of_the_build() {
    let shelf = shelf();
    let told = refused(&shelf.project, &["--network=none"]);
    assert!(told.ours.contains("lib") && told.theirs.contains("lib"), "{}", told.ours);
    assert!(shelf.index.log().is_empty(), "nobody asked the index: {:?}", shelf.index.log());
    built(&shelf.project, &["--network=host"]);
}

#[test]
fn packages_are_resolved_through_the_proxies() {
    let shelf = shelf();
    // Nobody listens there.
    let proxy = "--build-arg=http_proxy=http://127.0.0.1:9";
    refused(&shelf.project, &[proxy]);
    assert!(shelf.index.log().is_empty(), "nobody asked the index: {:?}", shelf.index.log());
    let (host, _) = shelf.engine.host().unwrap();
    built(&shelf.project, &[proxy, &format!("--build-arg=no_proxy={host}")]);
}

#[test]
fn packages_are_resolved_anew() {
    let shelf = shelf();
    let build = |flags: &[&str]| {
        shelf.index.forget();
        let progress = progress(super::command(&shelf.project, "layerset.yaml", flags));
        (shelf.index.log().iter().any(|line| line.contains("simple")), work(&progress))
    };
    let (asked, installed) = build(&[]);
    assert!(asked && !installed.is_empty());
    assert_eq!(build(&[]), (false, Vec::new()));
    // The index is asked again; what it answers is the same, so nothing is installed again.
    for flag in ["--no-cache", "--no-cache-filter=api"] {
        assert_eq!(build(&[flag]), (true, Vec::new()), "{flag}");
    }
}
