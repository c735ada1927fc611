//! The same files are the same layers, whoever builds them and whenever.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use harness::project::unique;
use harness::registry::Image;
use harness::{Engine, Project};

use crate::support::{build, containerd, progress, pushed, syntax, touch};

fn checkout(stamp: &str, time: &str) -> Project {
    let project = Project::new("checkout").unwrap();
    let manifest = syntax()
        + "services:\n  app:\n    from: busybox:1.37\n    files:\n      - common/\n      - {source: app, target: /srv/app}\n      \
           - {source: etc, target: /etc/app, include: ['**/*.conf'], owner: '7:8', mode: '0640'}\n    \
           command: [cat, /common/a.txt]\n  bare:\n    from: scratch\n    files: [bare/]\n";
    project.write("layerset.yaml", manifest).unwrap();
    for (path, content) in [
        ("common/a.txt", stamp),
        ("bare/a.txt", stamp),
        ("common/deep/er/b.txt", "b"),
        ("app/tool.sh", "#!/bin/sh\n"),
        ("etc/x/one.conf", "one"),
        ("etc/two.conf", "two"),
        ("etc/three.txt", "not wanted"),
    ] {
        project.write(path, content).unwrap();
    }
    fs::set_permissions(project.path().join("app/tool.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("a.txt", project.path().join("common/link")).unwrap();
    touch(project.path(), time);
    project
}

fn built(engine: &Engine, project: &Project, target: &str, tag: &str) -> Image {
    let name = format!("{}:{tag}", engine.registry().name("reproducible/app"));
    let build = build(engine, project).arg(format!("--target={target}")).args(&["--push", "--tag", &name]);
    let progress = progress(build.arg("--provenance=false"));
    assert!(!progress.done().is_empty(), "this engine has never built it: {progress:?}");
    pushed(engine, &format!("reproducible/app:{tag}"))
}

#[test]
fn two_engines_make_the_same_image_of_two_checkouts() {
    let (engine, second) = (containerd(), Engine::second().unwrap().with_frontend().unwrap());
    let stamp = unique().unwrap();
    let (one, two) = (checkout(&stamp, "2001-02-03 04:05:06"), checkout(&stamp, "2021-12-11 10:09:08"));
    for target in ["app", "bare"] {
        let here = built(engine, &one, target, &format!("{stamp}-{target}-here"));
        let there = built(second, &two, target, &format!("{stamp}-{target}-there"));
        assert_eq!(here.layers, there.layers);
        // An engine puts the time of the build into the configuration of an image that has no base.
        if target == "app" {
            assert_eq!(here.root, there.root, "the very same image");
        }
    }
}
