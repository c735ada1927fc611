//! Other engines than today's default build the same: the graph driver's store, and an older Docker with both of its
//! stores and its own buildx.

use harness::tree::{Tree, differences};
use harness::{Engine, Project, Release};

use crate::python_support::{Shelf, service};
use crate::support::{build, call, containerd, ok, syntax};

/// The older engine, by store.
pub(crate) fn older() -> [&'static Engine; 2] {
    [Engine::older(), Engine::older_containerd()].map(|engine| engine.unwrap().with_frontend().unwrap())
}

/// All that differ from today's default.
pub(crate) fn others() -> [&'static Engine; 3] {
    let [graphdriver, containerd] = older();
    [Engine::graphdriver().unwrap().with_frontend().unwrap(), graphdriver, containerd]
}

/// What is told of an engine that failed.
fn shown(engine: &Engine) -> String {
    format!("engine {} ({} store, {})", engine.name(), engine.flavour(), engine.release())
}

const MANIFEST: &str = "\
stages:
  made:
    from: busybox:1.37
    working_dir: /src
    files: [lib/]
    run:
      - [sh, -c, 'cat lib/* > /made.txt']
      - {command: 'wc -c < /run/secrets/word > /length.txt && ls /cache', secrets: [word], network: none, cache: [/cache]}
services:
  api:
    from: busybox:1.37
    working_dir: /app
    user: '1000:1000'
    files:
      - api/
      - {source: conf, target: /etc/api, include: ['**/*.conf'], exclude: ['**/local.*'], owner: '1000:1000'}
      - {source: key.pem, target: /etc/key.pem, mode: '0400'}
      - {source: tools, target: /usr/local/tools, mode: '0750'}
      - {source: extra, target: /extra}
    copy:
      - {from: made, source: /made.txt, target: /app/made.txt}
      - {from: made, source: /length.txt, target: /app/length.txt}
      - {from: vendor, source: /, target: /vendor}
      - {from: 'python:3.13-slim', source: /etc/debian_version, target: /app/debian}
  web: {from: made, files: [extra/], copy: [{from: vendor, source: /v.txt, target: /v.txt}]}
";

/// The same in Docker's own words.
const DOCKERFILE: &str = "\
FROM busybox:1.37 AS made
WORKDIR /src
COPY lib lib
RUN cat lib/* > /made.txt
RUN --mount=type=secret,id=word --network=none wc -c < /run/secrets/word > /length.txt
FROM busybox:1.37
WORKDIR /app
COPY api api
COPY --chown=1000:1000 conf/a.conf /etc/api/
COPY --chown=1000:1000 conf/sub/b.conf /etc/api/sub/
COPY --chmod=0400 key.pem /etc/key.pem
COPY --chmod=0750 tools /usr/local/tools
COPY extra /extra
COPY --from=made /made.txt /length.txt ./
COPY --from=vendor / /vendor
COPY --from=python:3.13-slim /etc/debian_version debian
";

fn project() -> Project {
    let project = Project::new("older").unwrap();
    project.write("layerset.yaml", syntax() + MANIFEST).unwrap().write("Dockerfile", DOCKERFILE).unwrap();
    for path in [
        "lib/1.txt",
        "lib/2.txt",
        "api/main.txt",
        "conf/a.conf",
        "conf/sub/b.conf",
        "conf/local.conf",
        "conf/c.txt",
        "key.pem",
        "tools/run",
        "extra/deep/e.txt",
        "vendor/v.txt",
    ] {
        project.write(path, format!("{path}\n")).unwrap();
    }
    project.write("word", "mum").unwrap();
    project
}

fn tree(engine: &Engine, project: &Project, args: &[&str]) -> Tree {
    let tag = "older/tree";
    let build = engine.docker(&["buildx", "build", "--load", "--tag", tag, "."]).current_dir(project.path());
    ok(build.args(args).args(&["--secret=id=word,src=word", "--build-context=vendor=vendor"]));
    let tree = engine.export(tag).unwrap();
    ok(engine.docker(&["image", "rm", tag]));
    tree
}

/// Only files: a Dockerfile makes the directories on the way in its own way.
fn files(mut tree: Tree) -> Tree {
    tree.retain(|_, entry| entry.kind != b'5');
    tree
}

#[test]
fn stages_selections_and_named_contexts_are_the_same_on_every_engine() {
    let project = project();
    let targets = [&["--file=layerset.yaml", "--target=api"], &["--file=layerset.yaml", "--target=web"]];
    let expected = targets.map(|target| tree(containerd(), &project, target));
    assert_eq!(expected[0]["etc/key.pem"].mode, 0o400);
    for engine in others() {
        for (target, expected) in targets.iter().zip(&expected) {
            let found = differences(expected, &tree(engine, &project, *target));
            assert!(found.is_empty(), "{}: {}", shown(engine), found.join("\n"));
        }
        let dockerfile = files(tree(engine, &project, &["--file=Dockerfile"]));
        let found = differences(&files(expected[0].clone()), &dockerfile);
        assert!(found.is_empty(), "{}, a Dockerfile: {}", shown(engine), found.join("\n"));
    }
}

#[test]
fn packages_are_installed_on_every_engine() {
    let installed = |engine: &'static Engine| {
        let mut shelf = Shelf::new(engine);
        for (name, size) in [("small", 2000), ("large", 200_000)] {
            let wheel = harness::Wheel::new(name, "1.0");
            shelf.index.add(&wheel.file(&format!("{name}/body.py"), "X = 1\n".repeat(size / 6))).unwrap();
        }
        shelf.index.add_sdist("built", "1.0", &[]).unwrap();
        shelf.project.write("requirements.txt", "small\nlarge\nbuilt\n").unwrap();
        let rest = "from: 'python:3.13-slim', requirements: [requirements.txt]";
        shelf.manifest("", "", &[service("one", rest), service("two", rest)]);
        shelf.push();
        let print = "import built, small, large.body; print(large.body.X, small.VERSION)";
        assert_eq!(shelf.python("two", print), "1 1.0\n", "{}", shown(engine));
        let mut tree = engine.export(&shelf.name("one")).unwrap();
        tree.retain(|path, _| path.contains("dist-packages/"));
        tree
    };
    let expected = installed(containerd());
    for engine in others() {
        let found = differences(&expected, &installed(engine));
        assert!(found.is_empty(), "{}: {}", shown(engine), found.join("\n"));
    }
}

#[test]
fn calls_are_answered_to_older_clients_and_engines() {
    let project = project();
    let answers = |engine: &Engine| {
        ["plan", "bake", "check", "targets", "outline", "schema", "llb"].map(|name| {
            let named = if name == "outline" || name == "llb" { "--target=api" } else { "--label=none=" };
            let call = call(engine, &project, name).arg(named).arg("--build-context=vendor=vendor");
            let text = ok(call).stdout;
            // buildx has words of its own for these.
            if name == "check" || name == "outline" { String::new() } else { text }
        })
    };
    let expected = answers(containerd());
    assert!(expected[0].contains("all") || expected[0].contains("only here"), "{expected:?}");
    for engine in older() {
        assert_eq!((engine.release(), engine.client_release()), (Release::Older, Release::Older));
        let mixed = engine.with_todays_client().unwrap();
        for engine in [engine, &mixed] {
            let found = answers(engine);
            // The graph is that of the engine's own store.
            assert_eq!(found[..6], expected[..6], "{}", shown(engine));
            assert!(found[6].contains("key.pem"), "{}", found[6]);
        }
    }
}

#[test]
fn mistakes_and_failures_have_their_place_on_older_engines() {
    let project = Project::new("older-mistakes").unwrap();
    let fails = "services:\n  api: {from: made}\nstages:\n  made:\n    from: busybox:1.37\n    run:\n      - exit 7\n";
    let typo = "services:\n  api:\n    from: busybox:1.37\n    file: [a.txt]\n  web: {from: nowhere}\n";
    for engine in older() {
        for engine in [engine, &engine.with_todays_client().unwrap()] {
            let refused = |manifest: &str| {
                project.write("layerset.yaml", syntax() + manifest).unwrap();
                let build = build(engine, &project).env("BUILDKIT_PROGRESS", "plain").arg("--target=api");
                let output = build.run().unwrap();
                assert!(!output.success(), "{}", output.stderr);
                output.stderr
            };
            let told = refused(fails);
            assert!(told.contains(">>>       - exit 7") && told.contains("exit code: 7"), "{told}");
            assert!(told.contains("layerset.yaml:"), "{told}");
            let told = refused(typo);
            for part in
                ["layerset.yaml:5:5: unknown key \"file\"", "layerset.yaml:6:15: ", ">>>     file: [a.txt]"]
            {
                assert!(told.contains(part), "{part} in {told}");
            }
        }
    }
}

#[test]
fn an_engine_without_root_builds_the_same() {
    let engine = Engine::rootless().unwrap().with_frontend().unwrap();
    let security = ok(engine.docker(&["info", "--format", "{{.SecurityOptions}}"])).stdout;
    assert!(security.contains("rootless"), "{security}");
    let project = project();
    for target in ["api", "web"] {
        let args = ["--file=layerset.yaml", &format!("--target={target}")];
        let found = differences(&tree(containerd(), &project, &args), &tree(engine, &project, &args));
        assert!(found.is_empty(), "{target}: {}", found.join("\n"));
    }
    let mut shelf = Shelf::new(engine);
    shelf.add("packed", "1.0", 2000);
    shelf.project.write("requirements.txt", "packed\n").unwrap();
    shelf.manifest("", "", &[service("one", "from: 'python:3.13-slim', requirements: [requirements.txt]")]);
    ok(build(engine, &shelf.project).args(&["--load", "--tag", &shelf.name("one")]));
    assert_eq!(shelf.python("one", "import packed; print(packed.VERSION)"), "1.0\n");
}
