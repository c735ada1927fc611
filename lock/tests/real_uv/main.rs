//! The resolver against a real uv and an index on loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own files has failed")]

mod index;
mod indexes;
mod project;

use std::process::Command;

use index::Index;
use layerset_lock::{InputId, Kind, Location, Lock, Part, Resolution, Stale};
use project::{Project, closure, environment, uv};

/// app 1 and 2 need lib; lib's extra needs more; web needs app below 2; late is for newer Pythons.
fn small() -> Index {
    let index = Index::serve();
    index.add("lib", "1.0", &["more; extra == 'plus'"], &["plus"]);
    index.add("lib", "1.5", &["more; extra == 'plus'"], &["plus"]);
    index.add("more", "1.0", &[], &[]);
    index.add("app", "1.0", &["lib"], &[]);
    index.add("app", "2.0", &["lib", "late; python_version >= '3.11'"], &[]);
    index.add("late", "1.0", &[], &[]);
    index.add("web", "1.0", &["app<2"], &[]);
    index
}

fn file(path: &str) -> InputId {
    InputId::file(path)
}

#[test]
fn union_closures_and_reasons() {
    let index = small();
    let project = Project::new(
        &index.simple(),
        &[
            ("a/requirements.txt", "# comment\napp\n"),
            ("b/requirements.txt", "-r base.txt\nweb ; python_version > '3'\nlate; python_version < '3'\n"),
            ("b/base.txt", "lib[plus]<1.5\n"),
        ],
    );
    let ids = [file("a/requirements.txt"), file("b/requirements.txt")];
    let inputs = project.inputs(&ids);
    let lock = project.resolve(&inputs).unwrap();
    let at = environment("3.12");
    // b's bounds hold for a too; b's extra does not.
    assert_eq!(closure(&lock, &inputs, &[&ids[0]], &at), ["app==1.0", "lib==1.0"]);
    assert_eq!(closure(&lock, &inputs, &[&ids[1]], &at), ["app==1.0", "lib==1.0", "more==1.0", "web==1.0"]);
    for package in &lock.packages {
        let wheel = &package.wheels[0];
        assert_eq!(wheel.sha256.len(), 64);
        assert!(wheel.size.unwrap() > 100);
        assert_eq!(wheel.location, Location::Url(format!("{}/files/{}", index.address, wheel.filename)));
    }

    let markers = at.markers();
    let closures = lock.closures(&markers).unwrap();
    let b = [inputs.get(&ids[1]).unwrap()];
    let why = closures.why(&b, &closures.of(&b).unwrap());
    let shown: Vec<String> = why
        .values()
        .map(|link| {
            let chain: Vec<&str> =
                link.chain.iter().map(|index| lock.packages[*index].name.as_str()).collect();
            format!("{} {}: {}", link.place, link.requirement, chain.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "b/requirements.txt:2:1 web ; python_version > '3': web app",
            "b/base.txt:1:1 lib[plus]<1.5: lib",
            "b/base.txt:1:1 lib[plus]<1.5: lib more",
            "b/requirements.txt:2:1 web ; python_version > '3': web",
        ]
    );

    // Written, read and written again it is the same, and so is what another run finds.
    let text = lock.write();
    assert_eq!(
        Lock::read("pylock.toml", text.as_bytes()).unwrap(),
        Lock { packages: placed(&lock, &text), ..lock.clone() }
    );
    assert_eq!(project.resolve(&inputs).unwrap().write(), text);
}

/// The packages with the places that they have in a text.
fn placed(lock: &Lock, text: &str) -> Vec<layerset_lock::Package> {
    let read = Lock::read("pylock.toml", text.as_bytes()).unwrap().packages;
    let mut packages = lock.packages.clone();
    for (package, read) in packages.iter_mut().zip(read) {
        package.place = read.place;
    }
    packages
}

#[test]
fn readable_by_uv() {
    let index = small();
    let files = [("a.txt", "web\n"), ("b.txt", "late\n")];
    let mut project = Project::new(&index.simple(), &files);
    // The interpreter that is here must be one of those locked for.
    project.environments = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"].map(environment).to_vec();
    let inputs = project.inputs(&[file("a.txt"), file("b.txt")]);
    let lock = project.resolve(&inputs).unwrap();
    project.write("pylock.toml", lock.write().as_bytes());
    for (group, expected) in [("a", "app lib web"), ("b", "late")] {
        let target = project.path.join(format!("installed-{group}"));
        let output = Command::new(uv())
            .args(["pip", "install", "--quiet", "--no-config", "--no-python-downloads", "-r", "pylock.toml"])
            .args(["--group", group, "--target"])
            .arg(&target)
            .current_dir(&project.path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut installed: Vec<String> = std::fs::read_dir(&target)
            .unwrap()
            .filter_map(|entry| {
                entry.unwrap().file_name().to_str()?.strip_suffix(".py").map(ToOwned::to_owned)
            })
            .collect();
        installed.sort();
        assert_eq!(installed.join(" "), expected);
    }
}

#[test]
fn several_pythons() {
    let index = small();
    let mut project = Project::new(&index.simple(), &[("a.txt", "app\n")]);
    project.environments = vec![environment("3.10"), environment("3.12.1")];
    let ids = [file("a.txt")];
    let inputs = project.inputs(&ids);
    let lock = project.resolve(&inputs).unwrap();
    assert_eq!(closure(&lock, &inputs, &[&ids[0]], &environment("3.10")), ["app==2.0", "lib==1.5"]);
    assert_eq!(
        closure(&lock, &inputs, &[&ids[0]], &environment("3.12")),
        ["app==2.0", "late==1.0", "lib==1.5"]
    );
    let problem = lock.closures(&environment("3.13").markers()).unwrap_err()[0].to_string();
    assert!(problem.contains("pylock.toml: the lock is not for Python 3.13 on linux x86_64"), "{problem}");
}

#[test]
fn conflicts_by_line_and_separate() {
    let index = small();
    let mut project = Project::new(&index.simple(), &[("a.txt", "app>=2\n"), ("b.txt", "lib\nweb\napp<2\n")]);
    let ids = [file("a.txt"), file("b.txt")];
    let inputs = project.inputs(&ids);
    let problems = project.resolve(&inputs).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].kind, Kind::Conflict);
    assert_eq!(
        problems[0].to_string(),
        "a.txt:1:1: no version of app fulfils all of \"app>=2\" (a.txt:1:1) and \"app<2\" (b.txt:3:1), for Python \
         3.12 on x86_64-manylinux_2_36; let them agree, or set python.resolution to separate: then services may \
         have different versions"
    );
    assert!(problems[0].detail.contains("unsatisfiable"), "{}", problems[0].detail);

    project.resolution = Resolution::Separate;
    project.sets = vec![vec![ids[0].clone()], vec![ids[1].clone()], vec![ids[1].clone()]];
    let lock = project.resolve(&inputs).unwrap();
    let at = environment("3.12");
    assert_eq!(closure(&lock, &inputs, &[&ids[0]], &at), ["app==2.0", "late==1.0", "lib==1.5"]);
    assert_eq!(closure(&lock, &inputs, &[&ids[1]], &at), ["app==1.0", "lib==1.5", "web==1.0"]);
    // Together in one service they still cannot be.
    let markers = at.markers();
    let both = [inputs.get(&ids[0]).unwrap(), inputs.get(&ids[1]).unwrap()];
    let problems = lock.closures(&markers).unwrap().of(&both).unwrap_err();
    assert!(problems[0].message.contains("both app 1.0 and app 2.0 are locked"), "{problems:?}");
}

#[test]
fn stale_locks() {
    let index = small();
    let files = [("a.txt", "-r base.txt\n"), ("base.txt", "lib\n"), ("b.txt", "late\n")];
    let project = Project::new(&index.simple(), &files);
    let ids = [file("a.txt"), file("b.txt")];
    let lock = project.resolve(&project.inputs(&ids)).unwrap();
    let lock = Lock::read("pylock.toml", lock.write().as_bytes()).unwrap();
    assert_eq!(lock.stale(&project.inputs(&ids)), []);
    project.write("base.txt", b"# why\n\nlib   # this\n");
    assert_eq!(lock.stale(&project.inputs(&ids)), []);
    project.write("base.txt", b"lib<2\n");
    project.write("c.txt", b"more\n");
    let stale = lock.stale(&project.inputs(&[file("a.txt"), file("c.txt")]));
    let expected =
        [Stale::Changed("base.txt".into()), Stale::Added(file("c.txt")), Stale::Removed(file("b.txt"))];
    assert_eq!(stale, expected);
    assert_eq!(
        stale[0].problem().to_string(),
        "base.txt: base.txt has changed since the lock was made; run `layerset lock` to refresh the lock"
    );
}

#[test]
fn earlier_versions_stay() {
    let index = small();
    let mut project = Project::new(&index.simple(), &[("a.txt", "lib\n")]);
    let ids = [file("a.txt")];
    project.previous = Some(project.resolve(&project.inputs(&ids)).unwrap());
    index.add("lib", "1.9", &[], &[]);
    std::fs::remove_dir_all(project.path.join(".cache")).unwrap();
    let inputs = project.inputs(&ids);
    let at = environment("3.12");
    assert_eq!(closure(&project.resolve(&inputs).unwrap(), &inputs, &[&ids[0]], &at), ["lib==1.5"]);
    project.previous = None;
    assert_eq!(closure(&project.resolve(&inputs).unwrap(), &inputs, &[&ids[0]], &at), ["lib==1.9"]);
}

#[test]
fn addresses_paths_and_hashes() {
    let index = small();
    let (address, sha256) = index.add("solo", "1.0", &["lib"], &[]);
    let (name, bytes) = index::wheel("local", "2.0", &[], &[]);
    let hash = index.add("late", "1.1", &[], &[]).1;
    let text = format!("solo @ {address}\n./wheels/{name}\nlate --hash=sha256:{hash}\n");
    let project = Project::new(&index.simple(), &[("a b/r.txt", &text), ("b.txt", "solo\n")]);
    project.write(&format!("a b/wheels/{name}"), &bytes);
    let ids = [file("a b/r.txt"), file("b.txt")];
    let inputs = project.inputs(&ids);
    let lock = project.resolve(&inputs).unwrap();
    let at = environment("3.12");
    let all = ["late==1.1", "lib==1.5", "local==2.0", "solo==1.0"];
    assert_eq!(closure(&lock, &inputs, &[&ids[0]], &at), all);
    // What one input names by its address, another gets from there too.
    assert_eq!(closure(&lock, &inputs, &[&ids[1]], &at), ["lib==1.5", "solo==1.0"]);
    let find = |name: &str| lock.packages.iter().find(|package| package.name == name).unwrap();
    assert_eq!(find("solo").wheels[0].location, Location::Url(address));
    assert_eq!(find("solo").wheels[0].sha256, sha256);
    assert_eq!(find("local").wheels[0].location, Location::Path(format!("a b/wheels/{name}")));
    assert_eq!(Lock::read("pylock.toml", lock.write().as_bytes()).unwrap().write(), lock.write());

    project.write("a b/r.txt", format!("late==1.0 --hash=sha256:{hash}\n").as_bytes());
    let problems = project.resolve(&project.inputs(&ids[..1])).unwrap_err();
    assert!(
        problems[0]
            .to_string()
            .starts_with("a b/r.txt:1:1: no file of late 1.0 has one of the hashes of \"late==1.0\""),
        "{problems:?}"
    );
    project.write("a b/r.txt", b"late\n-c c.txt\n");
    let unrequired = format!("web==1.0 --hash=sha256:{hash}\n");
    project.write("a b/c.txt", format!("late==1.0 --hash=sha256:{hash}\n{unrequired}").as_bytes());
    let problems = project.resolve(&project.inputs(&ids[..1])).unwrap_err();
    assert!(
        problems.len() == 1 && problems[0].to_string().starts_with("a b/c.txt:1:1: no file"),
        "{problems:?}"
    );
}

#[test]
fn directory_of_wheels() {
    let (name, bytes) = index::wheel("local", "2.0", &[], &[]);
    let project =
        Project::new("http://127.0.0.1:9/simple", &[("a.txt", "--no-index\n--find-links wheels\nlocal\n")]);
    project.write(&format!("wheels/{name}"), &bytes);
    let lock = project.resolve(&project.inputs(&[file("a.txt")])).unwrap();
    assert_eq!(lock.packages[0].wheels[0].location, Location::Path(format!("wheels/{name}")));
    assert_eq!(lock.packages[0].wheels[0].sha256, index::sha256(&bytes));
}

#[test]
fn projects_extras_and_groups() {
    let index = small();
    let text = "[project]\nname = \"my-app\"\nversion = \"1\"\ndependencies = [\"lib\"]\n\
                [project.optional-dependencies]\nfull = [\"late\", \"my-app[more]\"]\nmore = [\"more\"]\n\
                [dependency-groups]\ntest = [\"web\", {include-group = \"lint\"}]\nlint = [\"more\"]\n";
    let project = Project::new(&index.simple(), &[("pyproject.toml", text)]);
    let part = |part| InputId { path: "pyproject.toml".into(), part };
    let ids = [part(Part::All), part(Part::Extra("full".into())), part(Part::Group("test".into()))];
    let inputs = project.inputs(&ids);
    let lock = project.resolve(&inputs).unwrap();
    let at = environment("3.12");
    assert_eq!(closure(&lock, &inputs, &[&ids[0]], &at), ["lib==1.5"]);
    assert_eq!(closure(&lock, &inputs, &[&ids[1]], &at), ["late==1.0", "lib==1.5", "more==1.0"]);
    assert_eq!(closure(&lock, &inputs, &[&ids[2]], &at), ["app==1.0", "lib==1.5", "more==1.0", "web==1.0"]);
    assert_eq!(closure(&lock, &inputs, &[&ids[0], &ids[2]], &at).len(), 4);

    // The same from uv's own lock of the project.
    let output = Command::new(uv())
        .args(["lock", "--quiet", "--no-config", "--no-python-downloads", "--default-index", &index.simple()])
        .env("UV_CACHE_DIR", project.path.join(".cache"))
        .current_dir(&project.path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = Lock::read("uv.lock", &std::fs::read(project.path.join("uv.lock")).unwrap()).unwrap();
    for id in &ids {
        assert_eq!(closure(&theirs, &inputs, &[id], &at), closure(&lock, &inputs, &[id], &at), "{id}");
    }
}

#[test]
fn kinds_of_failure() {
    let index = small();
    index.add_for("foreign", "1.0", "cp39-cp39-win_amd64");
    for (address, text, kind, message) in [
        (
            index.simple(),
            "lib\nnonesuch\n",
            Kind::NotFound,
            "a.txt:2:1: the index has nothing for \"nonesuch\" (a.txt:2:1), for Python 3.12 on x86_64-manylinux_2_36",
        ),
        (
            index.simple(),
            "lib==9\n",
            Kind::NotFound,
            "a.txt:1:1: the index has nothing for \"lib==9\" (a.txt:1:1), for Python 3.12 on x86_64-manylinux_2_36",
        ),
        (
            index.simple(),
            "foreign\n",
            Kind::NotFound,
            "a.txt:1:1: the index has nothing for \"foreign\" (a.txt:1:1), for Python 3.12 on x86_64-manylinux_2_36",
        ),
        ("http://127.0.0.1:9/simple".to_owned(), "lib\n", Kind::Network, "the index cannot be reached"),
        (
            "http://u:hunter2@127.0.0.1:9/simple".to_owned(),
            "lib\n",
            Kind::Input,
            "the index http://127.0.0.1:9/simple has credentials in its address",
        ),
    ] {
        let project = Project::new(&address, &[("a.txt", text)]);
        let problems = project.resolve(&project.inputs(&[file("a.txt")])).unwrap_err();
        assert_eq!((problems[0].kind, problems.len()), (kind, 1), "{problems:?}");
        assert!(problems[0].to_string().starts_with(message), "{problems:?}");
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    }
}

#[test]
fn missing_files_and_directories() {
    let project = Project::new("", &[("a.txt", "lib\n./w/lib-1-py3-none-any.whl\n-f wheels\n")]);
    let problems = project.resolve(&project.inputs(&[file("a.txt")])).unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "the directory of wheels \"wheels\" is not in the build context",
            "a.txt:2:1: there is no file \"w/lib-1-py3-none-any.whl\" in the build context",
        ]
    );
}

#[test]
fn the_real_index() {
    let project =
        Project::new("", &[("a.txt", "jinja2==3.1.6\nmarkupsafe==3.0.2\n"), ("b.txt", "markupsafe\n")]);
    let ids = [file("a.txt"), file("b.txt")];
    let inputs = project.inputs(&ids);
    let lock = project.resolve(&inputs).unwrap();
    let at = environment("3.12");
    assert_eq!(closure(&lock, &inputs, &[&ids[0]], &at), ["jinja2==3.1.6", "markupsafe==3.0.2"]);
    assert_eq!(closure(&lock, &inputs, &[&ids[1]], &at), ["markupsafe==3.0.2"]);
    // The project publishes wheels for this interpreter and platform, each with its size.
    let wheels = &lock.packages[1].wheels;
    assert!(
        wheels.iter().any(|wheel| wheel.filename.contains("cp312-manylinux") && wheel.size.is_some()),
        "{wheels:?}"
    );
}
