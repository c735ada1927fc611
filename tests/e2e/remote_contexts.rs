//! Build contexts that are no directory of the client: repositories, archives, stdin. Each build is done with a
//! Dockerfile of the same place too, and must give the same files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use harness::project::unique;
use harness::tree::{self, Tree, differences};
use harness::{Docker, Engine, Project};
use serde_json::Value;

use crate::support::{containerd, ok, syntax};
use crate::web::{Server, commit, publish, tar, vertices};

const FILES: &str = "services: {api: {from: scratch, files: [src/, top.txt]}}\n";
const COPIES: &str = "FROM scratch\nCOPY src/ /src/\nCOPY top.txt /\n";

/// The sources of a project: files with permissions, a link, a directory that has a manifest of its own.
fn sources() -> (Project, String) {
    let www = Project::new("www").unwrap();
    let stamp = unique().unwrap();
    for (path, text) in [
        ("src/a.txt", stamp.as_str()),
        ("src/run.sh", "#!/bin/sh\n"),
        ("src/deep/b.log", "b\n"),
        ("top.txt", "top\n"),
        ("below/src/c.txt", &stamp),
        ("below/top.txt", "top of below\n"),
    ] {
        www.write(&format!("source/{path}"), text).unwrap();
    }
    let source = www.path().join("source");
    fs::set_permissions(source.join("src/run.sh"), Permissions::from_mode(0o755)).unwrap();
    symlink("deep/b.log", source.join("src/link")).unwrap();
    for place in ["", "below/", "deploy/"] {
        www.write(&format!("source/{place}layerset.yaml"), syntax() + FILES).unwrap();
        www.write(&format!("source/{place}Dockerfile"), COPIES).unwrap();
    }
    (www, stamp)
}

/// `docker buildx build` of something that is not here.
fn remote(engine: &Engine, file: &str, context: &str) -> Docker {
    let docker = engine.docker(&["buildx", "build", context]).traced();
    if file.is_empty() { docker } else { docker.args(&["--file", file]) }
}

/// The files of an image, as an archive has them.
fn files(docker: Docker) -> Tree {
    let out = Project::new("out").unwrap();
    let archive = out.path().join("files.tar");
    ok(docker.arg(format!("--output=type=tar,dest={}", archive.display())));
    tree::read(&fs::read(archive).unwrap()).unwrap()
}

fn assert_same(what: &str, ours: &Tree, theirs: &Tree) {
    assert_eq!(differences(ours, theirs), Vec::<String>::new(), "{what}: ours against the Dockerfile's");
}

#[test]
fn a_repository_is_the_context() {
    let engine = containerd();
    let (www, stamp) = sources();
    let first = commit(&www, "v1");
    www.write("source/src/new.txt", "after v1\n").unwrap();
    commit(&www, "v2");
    publish(&www);
    let server = Server::start(engine, www.path());
    let repository = server.url("repo.git");
    for (part, has_new, file) in [
        ("#v1".to_owned(), false, "layerset.yaml"),
        ("#main".to_owned(), true, "layerset.yaml"),
        (format!("#{first}"), false, "layerset.yaml"),
        (String::new(), true, "deploy/layerset.yaml"),
    ] {
        let context = format!("{repository}{part}");
        let ours = files(remote(engine, file, &context));
        let theirs = files(remote(engine, &file.replace("layerset.yaml", "Dockerfile"), &context));
        assert_same(&context, &ours, &theirs);
        assert_eq!(ours["src/a.txt"].content, stamp.as_bytes());
        assert_eq!(ours.contains_key("src/new.txt"), has_new, "{context}");
    }
    let context = format!("{repository}#v1:below");
    let ours = files(remote(engine, "layerset.yaml", &context));
    assert_same(&context, &ours, &files(remote(engine, "", &context)));
    assert_eq!(ours["top.txt"].content, b"top of below\n");
}

#[test]
fn a_repositorys_query_says_more() {
    let engine = containerd();
    let (www, _) = sources();
    let first = commit(&www, "v1");
    www.write("source/src/new.txt", "after v1\n").unwrap();
    commit(&www, "v2");
    publish(&www);
    let server = Server::start(engine, www.path());
    for (query, has_new, top) in [
        ("tag=v1".to_owned(), false, "top\n"),
        ("branch=main&subdir=below".to_owned(), false, "top of below\n"),
        (format!("ref=v1&commit={first}"), false, "top\n"),
        ("ref=main&submodules=false".to_owned(), true, "top\n"),
    ] {
        let context = format!("{}?{query}", server.url("repo.git"));
        let ours = files(remote(engine, "layerset.yaml", &context));
        assert_same(&context, &ours, &files(remote(engine, "Dockerfile", &context)));
        assert_eq!(ours["top.txt"].content, top.as_bytes(), "{context}");
        assert_eq!(ours.contains_key("src/new.txt"), has_new, "{context}");
    }
}

#[test]
fn git_itself_is_kept_on_demand() {
    let engine = containerd();
    let (www, _) = sources();
    www.write("source/layerset.yaml", syntax() + "services: {api: {from: scratch, files: [.]}}\n").unwrap();
    www.write("source/Dockerfile", "FROM scratch\nCOPY . .\n").unwrap();
    commit(&www, "v1");
    publish(&www);
    let server = Server::start(engine, www.path());
    let context = server.url("repo.git");
    let plain = files(remote(engine, "layerset.yaml", &context));
    assert_same("without git", &plain, &files(remote(engine, "Dockerfile", &context)));
    assert!(!plain.contains_key(".git/HEAD") && plain.contains_key("top.txt"));
    for file in ["layerset.yaml", "Dockerfile"] {
        let kept = remote(engine, file, &context).arg("--build-arg=BUILDKIT_CONTEXT_KEEP_GIT_DIR=1");
        assert!(files(kept).contains_key(".git/HEAD"), "{file}");
    }
}

#[test]
fn an_archive_is_the_context() {
    let engine = containerd();
    let (www, stamp) = sources();
    for name in ["files.tar", "files.tar.gz", "files.tar.bz2"] {
        tar(&www, name, &["."]);
    }
    let server = Server::start(engine, www.path());
    for name in ["files.tar", "files.tar.gz", "files.tar.bz2"] {
        let context = server.url(name);
        let ours = files(remote(engine, "layerset.yaml", &context));
        assert_same(name, &ours, &files(remote(engine, "", &context)));
        assert_eq!(ours["src/a.txt"].content, stamp.as_bytes());
    }
}

#[test]
fn stdin_is_the_context_or_the_manifest() {
    let engine = containerd();
    let (www, stamp) = sources();
    tar(&www, "files.tar", &["."]);
    tar(&www, "files.tar.gz", &["."]);
    for name in ["files.tar", "files.tar.gz"] {
        let archive = fs::read(www.path().join(name)).unwrap();
        let ours = files(remote(engine, "deploy/layerset.yaml", "-").stdin(archive.clone()));
        assert_same(name, &ours, &files(remote(engine, "", "-").stdin(archive)));
        assert_eq!(ours["src/a.txt"].content, stamp.as_bytes());
    }
    // The manifest alone: there is no context, but what it copies is elsewhere.
    let context = format!("--build-context=files={}", www.path().join("source/below").display());
    let alone = "services: {api: {from: scratch, copy: [{from: files, source: /src, target: /src}]}}\n";
    let ours = files(remote(engine, "", "-").arg(&context).stdin(syntax() + alone));
    let dockerfile = "FROM scratch\nCOPY --from=files /src /src\n";
    assert_same("a file alone", &ours, &files(remote(engine, "", "-").arg(&context).stdin(dockerfile)));
    assert_eq!(ours["src/c.txt"].content, stamp.as_bytes());
}

#[test]
fn a_file_of_the_web_is_the_manifest() {
    let engine = containerd();
    let www = Project::new("www").unwrap();
    let stamp = unique().unwrap();
    www.write("files/a.txt", &stamp).unwrap();
    let manifest =
        "services: {api: {from: scratch, copy: [{from: files, source: /a.txt, target: /a.txt}]}}\n";
    www.write("one.yaml", syntax() + manifest).unwrap();
    www.write("one.Dockerfile", "FROM scratch\nCOPY --from=files /a.txt /a.txt\n").unwrap();
    let server = Server::start(engine, www.path());
    let context = format!("--build-context=files={}", www.path().join("files").display());
    let ours = files(remote(engine, "", &server.url("one.yaml")).arg(&context));
    let theirs = files(remote(engine, "", &server.url("one.Dockerfile")).arg(&context));
    assert_same("a file", &ours, &theirs);
    assert_eq!(ours["a.txt"].content, stamp.as_bytes());
}

#[test]
fn the_clients_manifest_goes_with_a_remote_context() {
    let engine = containerd();
    let (www, stamp) = sources();
    commit(&www, "v1");
    publish(&www);
    let server = Server::start(engine, www.path());
    let context = server.url("repo.git");
    let manifest = syntax() + "services: {api: {from: scratch, files: [src/a.txt]}}\n";
    let dockerfile = "FROM scratch\nCOPY src/a.txt /src/\n";
    let here = Project::new("here").unwrap();
    here.write("own.yaml", &manifest).unwrap().write("own.Dockerfile", dockerfile).unwrap();
    let path = |name: &str| here.path().join(name).display().to_string();
    let pairs = [
        (remote(engine, "-", &context).stdin(manifest), remote(engine, "-", &context).stdin(dockerfile)),
        (remote(engine, &path("own.yaml"), &context), remote(engine, &path("own.Dockerfile"), &context)),
    ];
    for (ours, theirs) in pairs {
        let ours = files(ours);
        assert_same(&context, &ours, &files(theirs));
        assert_eq!(ours["src/a.txt"].content, stamp.as_bytes());
        assert!(!ours.contains_key("top.txt"), "not the repository's own manifest");
    }
}

/// `.dockerignore` counts wherever the context comes from, so that a checkout and its repository give one image. The
/// Dockerfile frontend reads it in directories of the client alone: there it is compared.
#[test]
fn ignore_files_count_in_every_context() {
    let engine = containerd();
    let www = Project::new("www").unwrap();
    let stamp = unique().unwrap();
    for path in [
        "src/keep.log",
        "src/drop.log",
        "src/deep/x.tmp",
        "src/deep/y.txt",
        "src/#odd",
        "extra/key",
        "extra/secret/x",
    ] {
        www.write(&format!("source/{path}"), format!("{path} {stamp}")).unwrap();
    }
    let source = www.path().join("source");
    fs::create_dir_all(source.join("deploy")).unwrap();
    let all = syntax() + "services: {api: {from: scratch, files: [src/, extra/]}}\n";
    let copies = "FROM scratch\nCOPY src/ /src/\nCOPY extra/ /extra/\n";
    www.write("source/layerset.yaml", &all).unwrap().write("source/Dockerfile", copies).unwrap();
    www.write("source/deploy/own.yaml", &all).unwrap().write("source/deploy/own.Dockerfile", copies).unwrap();
    let ignore = "# a comment\n\n**/*.log\n  !src/keep.log  \n/extra/secret/\n*/deep/*.tmp\n";
    www.write("source/.dockerignore", ignore).unwrap();
    for own in ["deploy/own.yaml.dockerignore", "deploy/own.Dockerfile.dockerignore"] {
        www.write(&format!("source/{own}"), "src/deep\n").unwrap();
    }
    commit(&www, "v1");
    publish(&www);
    tar(&www, "files.tar", &["."]);
    let server = Server::start(engine, www.path());
    let local = |file: &str| {
        let docker = engine.docker(&["buildx", "build", "--file", file, "."]).current_dir(&source);
        files(docker.traced())
    };
    for (file, dockerfile, expected) in [
        ("layerset.yaml", "Dockerfile", vec!["extra/key", "src/#odd", "src/deep/y.txt", "src/keep.log"]),
        (
            "deploy/own.yaml",
            "deploy/own.Dockerfile",
            vec!["extra/key", "extra/secret/x", "src/#odd", "src/drop.log", "src/keep.log"],
        ),
    ] {
        let ours = local(file);
        assert_same(file, &ours, &local(dockerfile));
        let found: Vec<_> =
            ours.iter().filter(|(_, entry)| entry.kind == b'0').map(|(path, _)| path).collect();
        assert_eq!(found, expected, "{file}");
        for context in [server.url("repo.git"), server.url("files.tar")] {
            assert_same(&context, &files(remote(engine, file, &context)), &ours);
        }
    }
}

#[test]
fn calls_look_into_a_remote_context() {
    let engine = containerd();
    let (www, _) = sources();
    // Selections that overlap are split by the context's listing.
    let manifest = syntax()
        + "services:\n  api: {from: scratch, files: [src/]}\n  \
           web: {from: scratch, files: [{source: src, include: ['*.txt', 'deep/*']}]}\n";
    www.write("source/layerset.yaml", &manifest).unwrap();
    www.write("source/Dockerfile", "FROM scratch AS api\nCOPY src/ /src/\n").unwrap();
    www.write("source/broken.yaml", syntax() + "services: {api: {from: scratch, files: [srk/]}}\n").unwrap();
    commit(&www, "v1");
    publish(&www);
    let server = Server::start(engine, www.path());
    let context = server.url("repo.git");
    let call = |file: &str, call: &str| remote(engine, file, &context).arg(format!("--call={call}"));

    let plan: Value = serde_json::from_str(&ok(call("layerset.yaml", "plan,format=json")).stdout).unwrap();
    let of_checkout =
        engine.docker(&["buildx", "build", "--file=layerset.yaml", "--call=plan,format=json", "."]);
    let of_checkout = ok(of_checkout.current_dir(www.path().join("source"))).stdout;
    let of_checkout: Value = serde_json::from_str(&of_checkout).unwrap();
    assert_eq!(plan, of_checkout, "as for the checkout");

    let broken = call("broken.yaml", "check").run().unwrap();
    let told = broken.stdout.clone() + &broken.stderr;
    assert!(!broken.success() && told.contains("broken.yaml:2") && told.contains("srk"), "{told}");

    // One bake, one context.
    let printed = ok(call("layerset.yaml", "bake")).stdout;
    let file: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(file["target"]["api"]["context"], context.as_str(), "{file}");
    www.write("bake.json", &printed).unwrap();
    let bake = ["buildx", "bake", "--file=bake.json", "--set=*.output=type=cacheonly"];
    let baked = ok(engine.docker(&bake).current_dir(www.path()).traced());
    assert_eq!(vertices(&baked, "load git source").len(), 1, "{}", baked.stderr);
    let ours = files(remote(engine, "layerset.yaml", &context).arg("--target=api"));
    assert_same("overlapping", &ours, &files(remote(engine, "", &context)));
}
