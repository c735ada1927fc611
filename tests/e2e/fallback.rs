//! An engine without MergeOp gives the same files, by a chain of copies.

use harness::tree::{Tree, differences};
use harness::{Engine, Flavour, Project};

use crate::support::{Shop, bake, build, containerd, example, inspect, ok, progress, syntax};

fn graphdriver() -> &'static Engine {
    let engine = Engine::graphdriver().unwrap().with_frontend().unwrap();
    assert_eq!(engine.flavour(), Flavour::Graphdriver);
    engine
}

/// Builds one target on both engines and returns both file systems.
fn on_both(project: &Project, target: &str, tag: &str, args: &[&str]) -> [Tree; 2] {
    [containerd(), graphdriver()].map(|engine| {
        ok(build(engine, project)
            .args(args)
            .args(&["--load", "--tag", tag])
            .arg(format!("--target={target}")));
        let tree = engine.export(tag).unwrap();
        ok(engine.docker(&["image", "rm", tag]));
        tree
    })
}

/// Logs and caches with times in them, made by each engine's own run of apt and useradd.
fn without_traces(mut tree: Tree) -> Tree {
    let traces = ["var/log/", "var/cache/ldconfig/", "var/cache/apt/", "var/lib/apt/"];
    tree.retain(|path, _| !traces.iter().any(|trace| path.starts_with(trace)));
    tree
}

#[test]
fn hello_has_the_same_files_on_both_engines() {
    let project = example("hello");
    for target in ["web", "api", "worker"] {
        let [one, other] = on_both(&project, target, "fallback-hello", &["--secret=id=motto,src=motto.txt"])
            .map(without_traces);
        assert_eq!(one["app/common/server.py"].mode, 0o644);
        assert!(one.len() > 1000, "a Debian has more than {} files", one.len());
        let found = differences(&one, &other);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn directories_of_the_base_stay_as_they_are() {
    let project = Project::new("directories").unwrap();
    let manifest = syntax()
        + "stages:\n  base:\n    from: busybox:1.37\n    run:\n      \
           - mkdir -p /home/app /data && chown 1000:1000 /home/app /data && chmod 700 /home/app\n      \
           - ln -s /data /link\n\
           services:\n  app:\n    from: base\n    files:\n      - {source: conf, target: /tmp/conf}\n      \
           - {source: conf, target: /home/app/conf, owner: '1000:1000'}\n      \
           - {source: conf, target: /data/conf}\n      - {source: conf, target: /new/deep/conf}\n      \
           - {source: conf, target: /etc/conf, owner: '7:8', mode: '0640'}\n      \
           - {source: conf, target: /new/a/tight, owner: '7:8', mode: '0750'}\n  \
           other:\n    from: base\n    files: [{source: conf, target: /new/deep/conf}]\n";
    project
        .write("layerset.yaml", manifest)
        .unwrap()
        .write("conf/a.conf", "a")
        .unwrap()
        .write("conf/sub/b.conf", "b")
        .unwrap();
    let [one, other] = on_both(&project, "app", "fallback-directories", &[]);
    let of = |tree: &Tree, path: &str| {
        let entry = &tree[path];
        (entry.mode, entry.uid, entry.gid)
    };
    for tree in [&other, &one] {
        assert_eq!(of(tree, "tmp"), (0o1777, 0, 0), "as in the base");
        assert_eq!(of(tree, "home/app"), (0o700, 1000, 1000), "as in the base");
        assert_eq!(of(tree, "data"), (0o755, 1000, 1000), "as in the base");
        assert_eq!(of(tree, "etc"), (0o755, 0, 0), "as in the base");
        assert_eq!(of(tree, "new"), (0o755, 0, 0), "not of what is below it");
        assert_eq!(of(tree, "new/deep"), (0o755, 0, 0));
        assert_eq!(of(tree, "new/a"), (0o755, 0, 0), "not of what is below it");
        assert_eq!(of(tree, "new/a/tight"), (0o750, 7, 8));
        assert_eq!(of(tree, "home/app/conf/a.conf"), (0o644, 1000, 1000));
        assert_eq!(of(tree, "etc/conf/sub"), (0o750, 7, 8));
        assert_eq!(of(tree, "etc/conf/a.conf"), (0o640, 7, 8));
    }
    let found = differences(&one, &other);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn hello_runs_without_merge_op() {
    let engine = graphdriver();
    let project = example("hello");
    let done = progress(build(engine, &project).args(&["--target=api", "--load", "--tag", "fallback-run"]));
    assert!(!done.steps().iter().any(|(name, _)| name.ends_with("] merge")), "{done:?}");
    let check = "import os, common.server, pathlib; print(os.getuid(), os.environ['PORT'], pathlib.Path('api').is_dir())";
    let ran = ok(engine.docker(&["run", "--rm", "fallback-run", "python", "-c", check]));
    assert_eq!(ran.stdout, "1000 8001 True\n");
    ok(engine.docker(&["image", "rm", "fallback-run"]));
}

#[test]
fn what_is_shared_is_a_common_prefix() {
    let engine = graphdriver();
    let services = ["one", "two", "three"];
    let shop = Shop::new(engine, &services).unwrap();
    let done = progress(bake(engine, &shop.project));
    let copies = done.steps().iter().filter(|(name, _)| name.contains("copy common")).count();
    assert_eq!(copies, 2, "on the base for the stage, and above its page for all three images: {done:?}");
    let layers = services.map(|name| {
        let image = inspect(engine, &shop.name(engine, name));
        image["RootFS"]["Layers"].as_array().unwrap().clone()
    });
    for other in &layers[1..] {
        assert_eq!(other.len(), 5, "busybox, base, page, common and the service's own");
        assert_eq!(other[..4], layers[0][..4]);
        assert_ne!(other[4], layers[0][4]);
    }
    let names = services.map(|name| shop.name(engine, name));
    ok(engine.docker(&["image", "rm"]).args(&names));
}
