//! What is done again after a change of a pin, of the base image, of the interpreter, and on another engine.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use harness::project::unique;
use harness::{Engine, Wheel};

use crate::python_support::{Shelf, new_in, service, work};
use crate::support::{bake, build, containerd, ok, progress, pushed};

/// Two services that share two packages; each has one of its own.
fn two_services(shelf: &mut Shelf, base: &str, python: &str) {
    for (name, size) in [("shared", 40_000), ("pinned", 9_000), ("of_api", 30_000), ("of_web", 20_000)] {
        shelf.add(name, "1.0", size);
    }
    shelf.project.write("common.txt", "shared\npinned==1.0\n").unwrap();
    shelf.project.write("api.txt", "-r common.txt\nof-api\n").unwrap();
    shelf.project.write("web.txt", "-r common.txt\nof-web\n").unwrap();
    services(shelf, base, python);
}

fn services(shelf: &mut Shelf, base: &str, python: &str) {
    let rest = |file: &str| format!("from: '{base}', requirements: [{file}]");
    let services = [service("api", &rest("api.txt")), service("web", &rest("web.txt"))];
    shelf.manifest(&format!(", lock: pylock.toml{python}"), "", &services);
}

#[test]
fn a_changed_pin_is_one_download_and_one_layer() {
    let mut shelf = Shelf::new(containerd());
    two_services(&mut shelf, "python:3.13-slim", "");
    shelf.lock();
    shelf.push();
    let before = shelf.blobs(1);

    shelf.add("pinned", "1.1", 9_000);
    shelf.project.write("common.txt", "shared\npinned==1.1\n").unwrap();
    shelf.lock();
    shelf.index.forget();
    let progress = shelf.push();
    let download = BTreeMap::from([("pinned-1.1-py3-none-any.whl".to_owned(), 1)]);
    assert_eq!(shelf.index.downloads(), download);
    let installed = work(&progress);
    assert_eq!(installed.len(), 1, "one layer is built: {installed:?}");
    let after = shelf.blobs(1);
    assert_eq!(new_in(&after, &before).len(), 1, "and pushed: {before:?} {after:?}");
    assert_eq!(new_in(&before, &after).len(), 1, "in the place of one");
    for service in ["api", "web"] {
        assert_eq!(shelf.python(service, "import pinned; print(pinned.VERSION)"), "1.1\n");
    }
}

#[test]
fn a_changed_base_image_downloads_and_installs_nothing() {
    patched("");
}

#[test]
fn a_changed_base_image_compiles_nothing() {
    let shelf = patched(", bytecode: true");
    let script = "import of_api.body as m, pathlib; print(pathlib.Path(m.__cached__).exists())";
    assert_eq!(shelf.run("api", &["python3", "-B", "-c", script]), "True\n");
}

/// Builds with a base image before and after a patch of it that leaves the interpreter as it is.
fn patched(python: &str) -> Shelf {
    let mut shelf = Shelf::new(containerd());
    let base = format!("patched-{}:1", shelf.tag);
    let engine = shelf.engine;
    let patch = |number: u32| {
        let dockerfile = format!(
            "FROM python:3.13-slim\nRUN echo {number} > /patched && echo {number} >> /etc/os-release\n"
        );
        ok(engine.docker(&["build", "--tag", &base, "-"]).stdin(dockerfile));
    };
    patch(1);
    two_services(&mut shelf, &base, python);
    shelf.lock();
    shelf.push();
    let before = shelf.blobs(0);

    patch(2);
    shelf.index.forget();
    let progress = shelf.push();
    assert_eq!(shelf.index.log(), Vec::<String>::new());
    assert_eq!(shelf.run("api", &["cat", "/patched"]), "2\n", "it is the new base");
    let installed: Vec<String> =
        work(&progress).into_iter().filter(|name| !name.contains("[internal]")).collect();
    assert_eq!(installed, Vec::<String>::new());
    assert_eq!(new_in(&shelf.blobs(0), &before).len(), 1, "only the base's own layer is new");
    let _ = shelf.engine.docker(&["image", "rm", &base]).run();
    shelf
}

#[test]
fn another_interpreter_is_noticed() {
    let mut shelf = Shelf::new(containerd());
    for python in ["cp311", "cp313"] {
        let wheel = Wheel::bare("native", "1.0")
            .tag(&format!("{python}-{python}-manylinux_2_17_{ARCH}"))
            .file("native.py", format!("FOR = '{python} {}'\n", shelf.tag));
        shelf.index.add(&wheel).unwrap();
    }
    shelf.add("pure", "1.0", 5_000);
    shelf.project.write("requirements.txt", "native\npure\n").unwrap();
    let rest = |base: &str| format!("from: '{base}', requirements: [requirements.txt]");
    let base = format!("interpreter-{}:1", shelf.tag);
    for (version, python) in [("3.11", "cp311"), ("3.13", "cp313")] {
        // The same name, as a patched image has.
        ok(shelf.engine.docker(&["tag", &format!("python:{version}-slim"), &base]));
        shelf.manifest("", "", &[service("api", &rest(&base))]);
        shelf.index.forget();
        shelf.push();
        let native = format!("native-1.0-{python}-{python}-manylinux_2_17_{ARCH}.whl");
        assert_eq!(shelf.index.downloads().get(&native), Some(&1), "{:?}", shelf.index.log());
        let script = "import native, pure, sys; print(sys.version_info.minor, native.FOR, pure.__file__)";
        let expected = format!(
            "{} {python} {} /usr/local/lib/python{version}/dist-packages/pure/__init__.py\n",
            &version[2..],
            shelf.tag
        );
        assert_eq!(shelf.python("api", script), expected);
    }
    let _ = shelf.engine.docker(&["image", "rm", &base]).run();
}

#[test]
fn two_engines_make_the_same_layers_of_the_same_wheels() {
    let second = Engine::second().unwrap().with_frontend().unwrap();
    let mut shelf = Shelf::new(containerd());
    two_services(&mut shelf, "python:3.13-slim", "");
    let native = harness::wheel::payload::library(&shelf.tag, 3_000_000);
    let wheel = Wheel::new("heavy", "1.0")
        .file("heavy/_native.so", native)
        .info("entry_points.txt", "[console_scripts]\nheavy = heavy:NAME\n");
    shelf.index.add(&wheel).unwrap();
    shelf.project.write("common.txt", "shared\npinned==1.0\nheavy\n").unwrap();
    shelf.lock();
    shelf.push();
    let here = ["api", "web"].map(|service| shelf.image(service).layers);
    shelf.index.forget();

    let there = unique().unwrap();
    let mut again = bake(second, &shelf.project).arg("--push");
    for service in ["api", "web"] {
        let name = shelf.engine.registry().name(&format!("python/{service}"));
        again = again.arg(format!("--set={service}.tags={name}:{there}"));
    }
    let again = progress(again);
    assert!(!work(&again).is_empty(), "this engine has never seen them: {again:?}");
    assert_eq!(shelf.index.downloads().len(), 5, "{:?}", shelf.index.log());
    let there = ["api", "web"].map(|service| pushed(second, &format!("python/{service}:{there}")).layers);
    assert_eq!(here, there);
}

/// A plan is the same as the build's: nothing is downloaded for it.
#[test]
fn a_plan_names_the_wheels_and_downloads_none() {
    let mut shelf = Shelf::new(containerd());
    two_services(&mut shelf, "python:3.13-slim", "");
    shelf.lock();
    shelf.index.forget();
    let plan = ok(build(shelf.engine, &shelf.project).arg("--call=plan")).stdout;
    for name in ["shared", "pinned", "of-api", "of-web"] {
        assert!(plan.contains(name), "{name} is not in {plan}");
    }
    assert_eq!(shelf.index.downloads(), BTreeMap::new());
}

/// Of many requirement files, which a step reads at once, a change of one counts, behind a link too, and what is no text
/// is told as ever.
#[test]
fn many_requirement_files_are_read_in_one_step() {
    const FILES: usize = 12;
    let mut shelf = Shelf::new(containerd());
    for (name, version) in [("shared", "1.0"), ("shared", "1.1"), ("linked", "1.0"), ("linked", "1.1")] {
        shelf.add(name, version, 1000);
    }
    let names: Vec<String> = (0..FILES).map(|number| format!("r{number}.txt")).collect();
    for name in &names {
        shelf.project.write(name, "shared==1.0\n").unwrap();
    }
    shelf.project.write("elsewhere/real.txt", "linked==1.0\n").unwrap();
    std::os::unix::fs::symlink("elsewhere/real.txt", shelf.project.path().join("linked.txt")).unwrap();
    let requirements = format!("requirements: [{}, linked.txt]", names.join(", "));
    let api = service("api", &format!("from: 'python:3.13-slim', {requirements}"));
    shelf.manifest(", lock: pylock.toml", "", &[api]);
    shelf.lock();
    shelf.push();
    let versions = "import shared, linked; print(shared.VERSION, linked.VERSION)";
    assert_eq!(shelf.python("api", versions), "1.0 1.0\n");

    for name in &names {
        shelf.project.write(name, "shared==1.1\n").unwrap();
    }
    shelf.project.write("elsewhere/real.txt", "linked==1.1\n").unwrap();
    let output = shelf.refused(&[]);
    assert!(output.stderr.contains("r0.txt has changed since the lock was made"), "{}", output.stderr);
    assert!(output.stderr.contains("[internal] read Python requirements"), "{}", output.stderr);
    shelf.lock();
    let progress = shelf.push();
    assert!(!work(&progress).iter().any(|name| name.contains("read Python")), "what was read is still there");
    assert_eq!(shelf.python("api", versions), "1.1 1.1\n");

    shelf.project.write("r3.txt", b"caf\xe9==1.0\n").unwrap();
    let output = shelf.refused(&[]);
    assert!(
        output.stderr.contains("r3.txt") && output.stderr.contains("expected UTF-8"),
        "{}",
        output.stderr
    );
}

/// Where packages are required, the step that asks the interpreter looks at the base for the build. It must find what
/// a build would: owners, modes and links on the way to files.
#[test]
fn directories_of_a_base_with_packages_stay_as_they_are() {
    let mut shelf = Shelf::new(containerd());
    shelf.add("told", "1.0", 1000);
    shelf.project.write("requirements.txt", "told\n").unwrap().write("own.txt", &shelf.tag).unwrap();
    let stages = "stages:\n  base: {from: 'python:3.13-slim', run: ['install -d -o 1000 -g 1000 -m 0700 /srv/own', 'ln -s own /srv/linked']}\n";
    let rest = "from: base, requirements: [requirements.txt], files: [{source: own.txt, target: /srv/own/a/b.txt}, \
                {source: own.txt, target: /srv/linked/c.txt}]";
    shelf.manifest("", stages, &[service("api", rest)]);
    shelf.push();
    let script = "cd /srv && stat -c '%F %a %u %g %n' own linked own/a own/a/b.txt own/c.txt && python3 -c 'import told.body'";
    let expected = "directory 700 1000 1000 own\nsymbolic link 777 0 0 linked\ndirectory 755 0 0 own/a\n\
                    regular file 644 0 0 own/a/b.txt\nregular file 644 0 0 own/c.txt\n";
    assert_eq!(shelf.run("api", &["sh", "-c", script]), expected);
}
