//! Packages that take more than unpacking: built from source, compiled, and put onto engines that cannot merge.

use harness::Engine;
use harness::wheel::sdist;

use crate::python_support::{Shelf, service, work};
use crate::support::{bake, containerd, ok};

const REST: &str = "from: 'python:3.13-slim', requirements: [requirements.txt]";

#[test]
fn a_package_without_a_wheel_is_built_on_the_stage() {
    let mut shelf = Shelf::new(containerd());
    shelf.add("lib", "1.0", 2000);
    let name = format!("source_{}", &shelf.tag[..8]);
    shelf.index.add_sdist(&name, "1.0", &[]).unwrap();
    shelf.project.write("requirements.txt", format!("lib\n{name}\n")).unwrap();
    let older = REST.replace("3.13", "3.11");
    shelf.manifest("", "", &[service("api", REST), service("older", &older)]);
    let told = ok(bake(shelf.engine, &shelf.project).arg("--push"));
    assert!(told.stderr.contains("built"), "no word of what may not be reproducible: {}", told.stderr);
    let script =
        format!("import {name}, importlib.metadata as m; print({name}.BUILT_BY, m.version('{name}'))");
    assert_eq!(shelf.python("api", &script), "3.13 1.0\n");
    assert_eq!(shelf.python("older", &script), "3.11 1.0\n");
    assert_eq!(work(&shelf.push()), Vec::<String>::new(), "and not built again");
}

#[test]
fn a_source_distribution_of_the_context_is_built_as_it_was_locked() {
    let mut shelf = Shelf::new(containerd());
    let name = format!("own_{}", &shelf.tag[..8]);
    let (path, bytes) =
        (format!("vendor/wheels/{name}-1.0.tar.gz"), sdist::bytes(&name, "1.0", &[]).unwrap());
    shelf.project.write(&path, &bytes).unwrap();
    shelf.project.write("requirements.txt", format!("{name}\n")).unwrap();
    let wheels = ", wheels: vendor/wheels";
    shelf.manifest(wheels, "", &[service("api", REST)]);
    let lock = shelf.lock();
    assert!(lock.contains(&format!("path = \"{path}\"")), "{lock}");
    shelf.manifest(&format!("{wheels}, lock: pylock.toml"), "", &[service("api", REST)]);
    shelf.push();
    assert_eq!(shelf.python("api", &format!("import {name}; print({name}.BUILT_BY)")), "3.13\n");

    shelf.project.write(&path, [&bytes[..], b"more"].concat()).unwrap();
    let refused = shelf.refused(&[]);
    assert!(refused.stderr.contains(&format!("{name}-1.0.tar.gz: found sha256 ")), "{}", refused.stderr);
}

#[test]
fn modules_are_compiled_if_that_is_wanted() {
    let mut shelf = Shelf::new(containerd());
    shelf.add("lib", "1.0", 20_000);
    shelf.project.write("requirements.txt", "lib\n").unwrap();
    let script = "import lib.body, sys, pathlib; c = pathlib.Path(lib.body.__cached__); b = c.read_bytes()[:8] if c.exists() else b''; \
                  print(len(b), b[4:8].hex())";
    shelf.manifest("", "", &[service("api", REST)]);
    shelf.push();
    // A reader that writes none itself.
    assert_eq!(shelf.run("api", &["python3", "-B", "-c", script]), "0 \n");
    shelf.manifest(", bytecode: true", "", &[service("api", REST)]);
    shelf.push();
    // Flags: by hash, which is compared with the source's.
    assert_eq!(shelf.run("api", &["python3", "-B", "-c", script]), "8 03000000\n");
}

#[test]
fn engines_that_cannot_merge_install_the_same() {
    let engine = Engine::graphdriver().unwrap().with_frontend().unwrap();
    let mut shelf = Shelf::new(engine);
    for name in ["shared", "of_api", "of_web"] {
        shelf.add(name, "1.0", 5000);
    }
    shelf.project.write("api.txt", "shared\nof-api\n").unwrap();
    shelf.project.write("web.txt", "shared\nof-web\n").unwrap();
    let rest = |file: &str| format!("from: 'python:3.13-slim', requirements: [{file}], user: '1000:1000'");
    shelf.manifest("", "", &[service("api", &rest("api.txt")), service("web", &rest("web.txt"))]);
    ok(bake(engine, &shelf.project).arg("--load"));
    for (service, module) in [("api", "of_api"), ("web", "of_web")] {
        let script = format!("import {module}, shared; print({module}.NAME, shared.VERSION)");
        assert_eq!(shelf.python(service, &script), format!("{module} 1.0\n"));
    }
    let once: Vec<u64> = shelf.index.downloads().into_values().collect();
    assert_eq!(once, [1, 1, 1]);
}
