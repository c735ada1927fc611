//! Which index is asked, for which machine, and with what.

use std::collections::BTreeSet;

use layerset_lock::{Environment, Kind};

use crate::index::Index;
use crate::project::{Project, closure};
use crate::{file, small};

#[test]
fn what_is_for_one_machine_is_asked_for_there_alone() {
    let index = small();
    let mut project = Project::new(
        &index.simple(),
        &[("all.txt", "lib\n"), ("amd.txt", "more==9\n"), ("arm.txt", "more\n")],
    );
    let on = |platform: &str| Environment { python: "3.12".into(), platform: platform.into() };
    project.environments = vec![on("aarch64-manylinux_2_28")];
    let ids = [file("all.txt"), file("amd.txt"), file("arm.txt")];
    let inputs = project.inputs(&ids);
    assert!(project.resolve(&inputs).is_err(), "there is no such version");
    let machine = |name: &str| BTreeSet::from([name.to_owned()]);
    project.machines = [(ids[1].clone(), machine("x86_64")), (ids[2].clone(), machine("aarch64"))].into();
    let lock = project.resolve(&inputs).unwrap();
    assert_eq!(lock.stale(&inputs), Vec::new(), "what is for another machine is known all the same");
    let at = &project.environments[0];
    assert_eq!(closure(&lock, &inputs, &[&ids[0], &ids[2]], at), ["lib==1.5", "more==1.0"]);
    assert_eq!(closure(&lock, &inputs, &[&ids[1]], at), [""; 0]);
}

#[test]
fn platforms_that_uv_does_not_know_are_named() {
    let index = small();
    let mut project = Project::new(&index.simple(), &[("a.txt", "lib\n")]);
    let on = |platform: &str| Environment { python: "3.12".into(), platform: platform.into() };
    let inputs = project.inputs(&[file("a.txt")]);
    project.environments = vec![on("riscv64-unknown-linux")];
    project.resolve(&inputs).unwrap();
    project.environments =
        vec![on("x86_64-manylinux_2_28"), on("armv7l-manylinux_2_40"), on("riscv64-unknown-linux-musl")];
    let problems = project.resolve(&inputs).unwrap_err();
    let said: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
    let expected = |platform: &str| {
        format!(
            "uv cannot resolve for {platform}, expected x86_64 or aarch64, or riscv64 with glibc as the machine"
        )
    };
    assert_eq!(said, [expected("armv7l-manylinux_2_40"), expected("riscv64-unknown-linux-musl")]);
}

#[test]
fn indexes_that_differ_are_refused() {
    let index = small();
    let (own, other) = (index.simple(), "https://other.example.com/simple");
    let (a, b) = (format!("--index-url {own}\nlib\n"), format!("# ours\n--index-url {other}\nlate\n"));
    let mut project = Project::new(&own, &[("a.txt", &a), ("b.txt", &b)]);
    let inputs = project.inputs(&[file("a.txt"), file("b.txt")]);
    project.resolve(&inputs).unwrap();
    project.index.clear();
    let problems = project.resolve(&inputs).unwrap_err();
    let expected = format!("b.txt:2:1: the index {other} is not the one that a.txt names, {own}: ");
    assert!(problems[0].to_string().starts_with(&expected), "{problems:?}");
}

/// The same name may be anybody's on a public index, with a version above all others.
#[test]
fn the_first_index_that_has_a_package_gives_it() {
    let (private, public, files) = (Index::serve(), Index::serve(), Index::serve());
    private.add("own", "1.0", &[], &[]);
    for index in [&public, &files] {
        index.add("own", "99.0", &[], &[]);
    }
    public.add("lib", "1.0", &[], &[]);
    files.add("lib", "99.0", &[], &[]);
    let text = format!("--extra-index-url {}\nown\nlib\n", files.simple());
    let mut project = Project::new("", &[("a.txt", &text)]);
    project.first = vec![format!("index0={}", private.simple()), public.simple()];
    let ids = [file("a.txt")];
    let inputs = project.inputs(&ids);
    let found = |project: &Project| {
        let lock = project.resolve(&inputs).unwrap();
        closure(&lock, &inputs, &[&ids[0]], &project.environments[0])
    };
    assert_eq!(found(&project), ["lib==1.0", "own==1.0"]);
    project.first.reverse();
    assert_eq!(found(&project), ["lib==1.0", "own==99.0"]);
}

#[test]
fn source_trees_are_refused_where_they_are_written() {
    let index = small();
    let lines = "lib\na @ git+https://h.invalid/a@v1\nb @ https://h.invalid/b.zip#egg=b&subdirectory=py/b\n\
                 c @ git+https://h.invalid/c ; sys_platform == 'win32'\n";
    let project = Project::new(
        &index.simple(),
        &[("a.txt", lines), ("c.txt", "lib\nc @ git+https://h.invalid/c ; python_version < '3'\n")],
    );
    let problems = project.resolve(&project.inputs(&[file("a.txt")])).unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    for (said, expected) in said.iter().zip([
        "a.txt:2:1: a is in git (git+https://h.invalid/a@v1), expected a wheel or a source distribution; name a wheel",
        "a.txt:3:1: b is in the directory \"py/b\" of its archive, expected an archive of it alone; name a wheel",
    ]) {
        assert!(said.starts_with(expected), "{said}");
    }
    let inputs = project.inputs(&[file("c.txt")]);
    project.resolve(&inputs).unwrap();
}

#[test]
fn private_indexes() {
    // user:hunter2
    let index = Index::serve_to("dXNlcjpodW50ZXIy");
    index.add("lib", "1.0", &[], &[]);
    let mut project = Project::new(&format!("private={}", index.simple()), &[("a.txt", "lib\n")]);
    let inputs = project.inputs(&[file("a.txt")]);
    let problems = project.resolve(&inputs).unwrap_err();
    assert_eq!(problems[0].kind, Kind::Input, "{problems:?}");
    assert!(problems[0].to_string().starts_with("the index wants other credentials"), "{problems:?}");

    for (variable, value) in [("USERNAME", "user"), ("PASSWORD", "hunter2")] {
        project.variables.insert(format!("UV_INDEX_PRIVATE_{variable}"), value.to_owned());
    }
    let text = project.resolve(&inputs).unwrap().write();
    assert!(text.contains(&format!("url = \"{}/files/lib-1.0-py3-none-any.whl\"", index.address)), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("user:"), "{text}");
}
