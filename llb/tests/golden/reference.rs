//! Each case of the Go client's file, said with our builder.

use buildkit_llb::{
    CacheSharing, Copy, Definition, Diff, Edge, Exec, File, Git, Graph, Http, Image, Local, Merge, Metadata,
    Mkdir, Mkfile, Mount, NetMode, Owner, Platform, Rm, Secret, SecurityMode, Ssh, Symlink, User,
};

fn add(graph: &mut Graph, op: impl Into<buildkit_llb::Op>) -> Edge {
    graph.add(op, Metadata::default())
}

fn linux(architecture: &str) -> Platform {
    Platform { os: "linux".into(), architecture: architecture.into(), ..Platform::default() }
}

fn image(graph: &mut Graph) -> Edge {
    add(graph, Image::new("docker.io/library/python:3.12-slim").platform(linux("amd64")))
}

fn context(graph: &mut Graph) -> Edge {
    let local = Local::new("context").session("sess1").shared_key_hint("context");
    add(graph, local.include(["backend/common", "backend/api"]).exclude(["**/*.pyc"]))
}

fn copy(graph: &mut Graph, src: &str, dest: &str) -> Copy {
    Copy { from: Some(context(graph)), src: src.into(), dest: dest.into(), ..Copy::default() }
}

fn copy_scratch(graph: &mut Graph) -> Edge {
    let copy = Copy {
        allow_wildcard: true,
        allow_empty_wildcard: true,
        create_dest_path: true,
        dir_contents_only: true,
        follow_symlinks: true,
        ..copy(graph, "/backend/common", "/app/backend/common")
    };
    add(graph, File::on(None).copy(copy))
}

fn copy_patterns(graph: &mut Graph) -> Edge {
    let copy = Copy {
        create_dest_path: true,
        dir_contents_only: true,
        include_patterns: vec!["backend/common/**".into(), "backend/api/*.py".into()],
        exclude_patterns: vec!["**/tests".into()],
        ..copy(graph, "/", "/app/")
    };
    add(graph, File::on(None).copy(copy))
}

fn exec(graph: &mut Graph) -> Edge {
    let (base, context) = (image(graph), context(graph));
    let exec = Exec::new(base, ["/bin/sh", "-c", "make all"])
        .env("PATH", "/usr/bin:/bin")
        .env("A", "1")
        .cwd("/src")
        .user("app")
        .network(NetMode::None)
        // Not in the order in which they must be written.
        .mount(Mount::ssh(Ssh::new("default")))
        .mount(Mount::secret("/run/secrets/token", Secret::new("token")))
        .mount(Mount::tmpfs("/tmp", 0))
        .mount(Mount::cache("/root/.cache", "pip", CacheSharing::Shared))
        .mount(Mount::bind("/ctx", context).readonly());
    add(graph, exec)
}

fn diff(graph: &mut Graph) -> Edge {
    let (lower, upper) = (image(graph), exec(graph));
    add(graph, Diff::new(lower, upper))
}

pub(crate) fn build(name: &str) -> Definition {
    let mut graph = Graph::new();
    let g = &mut graph;
    let edge = match name {
        "image" => image(g),
        "image-arm" => add(g, Image::new("docker.io/library/python:3.12-slim").platform(linux("arm64"))),
        "image-digest" => {
            let reference = format!("docker.io/library/alpine@sha256:{:064}", 1);
            add(g, Image::new(reference).platform(linux("amd64")))
        }
        "local" => context(g),
        "local-follow" => {
            let local = Local::new("context").follow_paths(["a", "b/c"]);
            add(g, local.unique("54l8d63qctbnen5gyhvx4e0r1"))
        }
        "http" => {
            let http = Http::new("https://files.example.com/pkg-1.0-py3-none-any.whl");
            add(g, http.checksum(format!("sha256:{:064}", 2)).filename("pkg-1.0-py3-none-any.whl"))
        }
        "git" => add(g, Git::new("https://github.com/example/repo.git").reference("main")),
        "copy-scratch" => copy_scratch(g),
        "copy-patterns" => copy_patterns(g),
        "copy-chown-chmod" => {
            let base = image(g);
            let owner = Some(Owner::ids(1000, 1000));
            let copy = Copy { create_dest_path: true, mode: Some(0o755), owner, ..copy(g, "/a", "/b") };
            add(g, File::on(base).copy(copy))
        }
        "copy-chown-name" => {
            let base = image(g);
            let app = Some(User::Name("app".into()));
            let copy = Copy { owner: Some(Owner { user: app.clone(), group: app }), ..copy(g, "/a", "/b") };
            add(g, File::on(base).copy(copy))
        }
        "copy-two" => {
            let first = Copy { create_dest_path: true, ..copy(g, "/a", "/x/a") };
            let second = Copy { create_dest_path: true, ..copy(g, "/b", "/x/b") };
            add(g, File::on(None).copy(first).copy(second))
        }
        "mkdir-mkfile" => {
            add(g, File::on(None).mkdir(Mkdir::new("/app")).mkfile(Mkfile::new("/app/x.txt", "hello")))
        }
        "rm" => {
            let base = image(g);
            let rm = Rm { path: "/tmp/*".into(), allow_not_found: true, allow_wildcard: true };
            add(g, File::on(base).rm(rm))
        }
        "symlink" => {
            let (target, path) = ("/usr/bin/python3".into(), "/usr/bin/python".into());
            add(g, File::on(None).symlink(Symlink { target, path, ..Symlink::default() }))
        }
        "exec" => exec(g),
        "exec-output" => {
            let base = image(g);
            let exec = Exec::new(base, ["/bin/install"]).env("PATH", "/bin").readonly_root();
            let exec = exec.mount(Mount::scratch("/out"));
            let output = exec.output_of("/out").unwrap();
            add(g, exec).output(output)
        }
        "exec-secretenv" => {
            let base = image(g);
            let exec = Exec::new(base, ["env"]).secret_env("TOKEN", "token", false);
            add(g, exec.security(SecurityMode::Insecure).extra_host("db", "10.0.0.1"))
        }
        "merge" => {
            let inputs = [image(g), copy_scratch(g), copy_patterns(g)];
            add(g, Merge::new(inputs))
        }
        "diff" => diff(g),
        "merge-diff" => {
            let inputs = [image(g), diff(g), copy_scratch(g)];
            add(g, Merge::new(inputs))
        }
        "custom-name" => {
            let base = copy_scratch(g);
            let metadata = Metadata::named("[api] make x").progress_group("g1", "group one", true);
            g.add(File::on(base).mkdir(Mkdir { parents: false, ..Mkdir::new("/x") }), metadata)
        }
        "no-cache" => {
            let base = image(g);
            g.add(Exec::new(base, ["true"]), Metadata::default().ignore_cache())
        }
        unknown => panic!("{unknown:?} is a new case of the Go client's file: say it with our builder here"),
    };
    graph.definition(edge)
}
