//! Where files come from: named contexts of every kind, contexts and manifests in other places, ignore files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use harness::project::unique;
use harness::{Docker, Engine, Output, Project};
use serde_json::json;

use crate::support::{build, containerd, inspect, ok, progress, syntax};
use crate::web::{Server, commit, publish, tar};

fn project(body: &str) -> Project {
    let project = Project::new("contexts").unwrap();
    project.write("layerset.yaml", syntax() + body).unwrap();
    project
}

/// The files of an image that is built on scratch, with their contents.
fn files(docker: Docker) -> BTreeMap<String, String> {
    let out = Project::new("out").unwrap();
    ok(docker.arg(format!("--output=type=local,dest={}", out.path().display())));
    let mut files = BTreeMap::new();
    collect(out.path(), out.path(), &mut files);
    files
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            collect(root, &entry.path(), files);
        } else {
            let name = entry.path().strip_prefix(root).unwrap().display().to_string();
            files.insert(name, String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned());
        }
    }
}

fn expect(found: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    let found: Vec<_> = found.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(found, expected);
}

/// The same with the project's Dockerfile.
fn dockerfile(project: &Project) -> Docker {
    containerd().docker(&["buildx", "build", "--file=Dockerfile", "."]).current_dir(project.path())
}

fn context(name: &str, source: &str) -> String {
    format!("--build-context={name}={source}")
}

/// An OCI layout with one file and one variable.
fn layout(engine: &Engine, project: &Project) -> String {
    project.write("made/Dockerfile", "FROM busybox\nENV MADE=elsewhere\nCOPY made.txt /made/\n").unwrap();
    project.write("made/made.txt", "made elsewhere\n").unwrap();
    let build = ["buildx", "build", "--provenance=false", "--output=type=oci,tar=false,dest=layout", "made"];
    ok(engine.docker(&build).current_dir(project.path()));
    format!("oci-layout://{}", project.path().join("layout").display())
}

#[test]
fn files_are_copied_from_named_contexts_of_each_kind() {
    let engine = containerd();
    let project = project(
        "services:\n  api:\n    from: scratch\n    copy:\n      \
         - {from: image, source: /etc/passwd, target: /image}\n      \
         - {from: folder, source: /, target: /folder}\n      \
         - {from: layout, source: /made, target: /layout, include: ['*.txt']}\n      \
         - {from: 'busybox:1.37', source: /etc/passwd, target: /renamed}\n",
    );
    project.write("passwd/etc/passwd", "ours\n").unwrap();
    project.write("vendor/.dockerignore", "*.log\n").unwrap();
    project.write("vendor/lib/a.txt", "a\n").unwrap().write("vendor/noise.log", "noise\n").unwrap();
    let copies = "FROM scratch\nCOPY --from=image /etc/passwd /image\nCOPY --from=folder / /folder/\n\
        COPY --from=layout /made/*.txt /layout/\nCOPY --from=busybox:1.37 /etc/passwd /renamed\n";
    project.write("Dockerfile", copies).unwrap();
    let contexts = [
        context("image", "docker-image://python:3.13-slim"),
        context("folder", "vendor"),
        context("layout", &layout(engine, &project)),
        // An image's name may be given another meaning.
        context("busybox:1.37", "passwd"),
    ];
    let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
    let mut found = files(build(engine, &project).args(&contexts));
    assert_eq!(found, files(dockerfile(&project).args(&contexts)), "as the Dockerfile's");
    let passwd = found.remove("image").unwrap();
    assert!(passwd.starts_with("root:"), "{passwd}");
    expect(
        &found,
        &[
            ("folder/.dockerignore", "*.log\n"),
            ("folder/lib/a.txt", "a\n"),
            ("layout/made.txt", "made elsewhere\n"),
            ("renamed", "ours\n"),
        ],
    );
}

#[test]
fn images_are_built_on_named_contexts() {
    let engine = containerd();
    let project =
        project("services:\n  api:\n    from: vendor\n    files: [own.txt]\n    environment: {OWN: \"1\"}\n");
    project.write("own.txt", "own\n").unwrap().write("root/base.txt", "base\n").unwrap();
    let tag = format!("contexts/{}", unique().unwrap());
    let on = |source: &str| {
        ok(build(engine, &project).arg(context("vendor", source)).arg(format!("--tag={tag}")));
        inspect(engine, &tag)["Config"].clone()
    };
    let config = on("docker-image://python:3.13-slim");
    assert_eq!(config["Cmd"], json!(["python3"]), "of the image: {config}");
    assert!(
        config["Env"].to_string().contains("PATH=") && config["Env"].to_string().contains("OWN=1"),
        "{config}"
    );
    let config = on(&layout(engine, &project));
    assert!(config["Env"].to_string().contains("MADE=elsewhere"), "of the layout: {config}");
    let ran = ok(engine.docker(&["run", "--rm", &tag, "cat", "/made/made.txt", "/own.txt"])).stdout;
    assert_eq!(ran, "made elsewhere\nown\n");
    ok(engine.docker(&["image", "rm", &tag]));

    let found = files(build(engine, &project).arg(context("vendor", "root")));
    expect(&found, &[("base.txt", "base\n"), ("own.txt", "own\n")]);
}

#[test]
fn a_target_of_the_same_bake_is_a_base() {
    let engine = containerd();
    let project = project(
        "services:\n  api:\n    from: tools\n    files: [own.txt]\n    command: [cat, /tools, /own.txt]\n",
    );
    project.write("own.txt", "own\n").unwrap();
    let stamp = unique().unwrap();
    let dockerfile = format!("FROM busybox\nENV TOOLS=there\nRUN echo tools of {stamp} > /tools\n");
    project.write("tools/Dockerfile", dockerfile).unwrap();
    let tag = format!("contexts/{stamp}");
    let bake = json!({"target": {
        "tools": {"context": "tools"},
        "api": {"dockerfile": "layerset.yaml", "contexts": {"tools": "target:tools"}, "tags": [tag]},
    }});
    project.write("bake.json", bake.to_string()).unwrap();
    let bake =
        engine.docker(&["buildx", "bake", "--file=bake.json", "api"]).current_dir(project.path()).traced();
    let progress = progress(bake);
    assert!(!progress.steps().is_empty(), "{progress:?}");
    let config = inspect(engine, &tag);
    assert!(config["Config"]["Env"].to_string().contains("TOOLS=there"), "{config}");
    let ran = ok(engine.docker(&["run", "--rm", &tag])).stdout;
    assert_eq!(ran, format!("tools of {stamp}\nown\n"));
    ok(engine.docker(&["image", "rm", &tag]));
}

#[test]
fn repositories_and_archives_are_fetched() {
    let engine = containerd();
    let www = Project::new("www").unwrap();
    let stamp = unique().unwrap();
    www.write("source/sub/a.txt", &stamp).unwrap().write("source/top.txt", "top\n").unwrap();
    commit(&www, "v1");
    www.write("source/sub/b.txt", "after v1\n").unwrap();
    commit(&www, "v2");
    publish(&www);
    tar(&www, "files.tar", &["sub"]);
    let server = Server::start(engine, www.path());
    let address = &server.address;

    let project = project(
        "services:\n  api:\n    from: scratch\n    copy:\n      - {from: repo, source: /, target: /repo}\n      \
         - {from: below, source: /, target: /below}\n      - {from: archive, source: /, target: /archive}\n",
    );
    let contexts = [
        context("repo", &format!("http://{address}/repo.git#v1")),
        context("below", &format!("http://{address}/repo.git#main:sub")),
        context("archive", &format!("http://{address}/files.tar")),
    ];
    let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
    let found = files(build(engine, &project).args(&contexts));
    // A Dockerfile gets the archive itself.
    let copies = "FROM scratch\nCOPY --from=repo / /repo/\nCOPY --from=below / /below/\nCOPY --from=archive /context /archive/context\n";
    project.write("Dockerfile", copies).unwrap();
    let mut theirs = files(dockerfile(&project).args(&contexts));
    assert!(theirs.remove("archive/context").is_some(), "{theirs:?}");
    let ours = found.iter().filter(|(path, _)| !path.starts_with("archive/"));
    assert_eq!(ours.map(|(path, text)| (path.clone(), text.clone())).collect::<BTreeMap<_, _>>(), theirs);
    expect(
        &found,
        &[
            ("archive/sub/a.txt", &stamp),
            ("archive/sub/b.txt", "after v1\n"),
            ("below/a.txt", &stamp),
            ("below/b.txt", "after v1\n"),
            ("repo/sub/a.txt", &stamp),
            ("repo/top.txt", "top\n"),
        ],
    );
}

const COPY: &str = "services: {api: {from: scratch, files: [src/]}}\n";

#[test]
fn the_manifest_may_be_anywhere() {
    let engine = containerd();
    let project = Project::new("places").unwrap();
    project.write("deploy/layerset.yaml", syntax() + COPY).unwrap();
    project.write("app/src/a.txt", "a\n").unwrap().write("src/wrong.txt", "").unwrap();
    let copies = "FROM scratch\nCOPY src/ /src/\n";
    project.write("deploy/Dockerfile", copies).unwrap();
    let run = |dir: &str, args: &[&str]| {
        let of = |args: &[&str]| {
            files(engine.docker(&["buildx", "build"]).args(args).current_dir(project.path().join(dir)))
        };
        let theirs: Vec<String> = args.iter().map(|arg| arg.replace("layerset.yaml", "Dockerfile")).collect();
        let theirs: Vec<&str> = theirs.iter().map(String::as_str).collect();
        let ours = of(args);
        assert_eq!(ours, of(&theirs), "{args:?}");
        ours
    };
    let expected = [("src/a.txt", "a\n")];
    // Outside the context, the context below, the context above.
    expect(&run("", &["--file=deploy/layerset.yaml", "app"]), &expected);
    expect(&run("app", &["--file=../deploy/layerset.yaml", "."]), &expected);
    expect(&run("deploy", &["--file=layerset.yaml", "../app"]), &expected);
    let absolute = format!("--file={}", project.path().join("deploy/layerset.yaml").display());
    expect(&run("app", &[&absolute, "."]), &expected);
    // From stdin.
    for text in [syntax() + COPY, copies.to_owned()] {
        let docker = engine.docker(&["buildx", "build", "--file=-", "."]);
        expect(&files(docker.current_dir(project.path().join("app")).stdin(text)), &expected);
    }
}

#[test]
fn the_manifests_own_ignore_file_wins() {
    let engine = containerd();
    let project = project(COPY);
    for name in ["a.txt", "b.log", "c.tmp"] {
        project.write(&format!("src/{name}"), name).unwrap();
    }
    expect(
        &files(build(engine, &project)),
        &[("src/a.txt", "a.txt"), ("src/b.log", "b.log"), ("src/c.tmp", "c.tmp")],
    );
    project.write(".dockerignore", "**/*.log\n").unwrap();
    expect(&files(build(engine, &project)), &[("src/a.txt", "a.txt"), ("src/c.tmp", "c.tmp")]);
    project.write("layerset.yaml.dockerignore", "# ours\n**/*.*\n!src/b.*\n").unwrap();
    expect(&files(build(engine, &project)), &[("src/b.log", "b.log")]);
    // All of a selection is ignored: told, not left out in silence.
    project.write("layerset.yaml.dockerignore", "src\n").unwrap();
    let output = build(engine, &project).run().unwrap();
    assert!(
        !output.success() && output.stderr.contains("see too whether .dockerignore excludes it"),
        "{output:?}"
    );
}

#[test]
fn options_of_a_build_reach_steps_and_image() {
    let engine = containerd();
    let stamp = unique().unwrap();
    let project = project(&format!(
        "args: {{MODE: plain, STAMP: {stamp}}}\nstages:\n  base:\n    from: busybox:1.37\n    run:\n      \
         - echo \"mode $MODE $STAMP\" > /mode; head -c 8 /proc/sys/kernel/random/uuid > /first\n  \
         second:\n    from: base\n    run: ['head -c 8 /proc/sys/kernel/random/uuid > /second']\n\
         services:\n  api:\n    from: second\n    environment: {{MODE: \"${{MODE}}\"}}\n    labels: {{own: a, both: manifest}}\n    \
         command: [cat, /mode, /first, /second]\n"
    ));
    let tag = format!("contexts/{stamp}");
    let with = |args: &[&str]| {
        ok(build(engine, &project).arg(format!("--tag={tag}")).args(args));
        let printed = ok(engine.docker(&["run", "--rm", &tag])).stdout;
        let (mode, numbers) = printed.split_once('\n').unwrap();
        (mode.to_owned(), numbers[..8].to_owned(), numbers[8..].to_owned())
    };
    let plain = with(&[]);
    assert_eq!(plain.0, format!("mode plain {stamp}"));
    assert_eq!(with(&[]), plain, "from the cache");

    let (_, first, second) = with(&["--no-cache-filter=second"]);
    assert_eq!(first, plain.1, "the filter leaves other stages alone");
    assert_ne!(second, plain.2);
    let (_, first, _) = with(&["--no-cache"]);
    assert_ne!(first, plain.1);

    let (mode, ..) = with(&["--build-arg=MODE=fast", "--label=both=build", "--label=new=b"]);
    assert_eq!(mode, format!("mode fast {stamp}"));
    let config = inspect(engine, &tag)["Config"].clone();
    assert!(config["Env"].to_string().contains("MODE=fast"), "{config}");
    let labels = &config["Labels"];
    assert_eq!(
        (&labels["own"], &labels["both"], &labels["new"]),
        (&json!("a"), &json!("build"), &json!("b"))
    );
    ok(engine.docker(&["image", "rm", &tag]));
}

#[test]
fn what_cannot_be_a_context_is_told() {
    let engine = containerd();
    let project = project("services: {api: {from: vendor}}\n");
    let refused = |args: &[&str]| -> Output {
        let output = build(engine, &project).env("BUILDKIT_PROGRESS", "plain").args(args).run().unwrap();
        assert!(!output.success(), "{output:?}");
        output
    };
    let unknown = refused(&[]);
    assert!(unknown.stderr.contains("layerset.yaml:2:24: unknown stage \"vendor\""), "{unknown:?}");
    let nowhere = refused(&[&context("vendor", "nowhere")]);
    assert!(nowhere.stderr.contains("nowhere"), "{nowhere:?}");
    let missing =
        refused(&[&context("vendor", &format!("docker-image://{}", engine.registry().name("no/such:1")))]);
    assert!(missing.stderr.contains("layerset.yaml:2:24: cannot use this base: "), "{missing:?}");
}
