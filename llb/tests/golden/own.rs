//! What the Go client's file does not cover: every attribute and every field, at least once.

use buildkit_llb::{
    CacheSharing, ContentCache, Copy, Definition, Diff, Differ, Edge, Exec, File, Git, Graph, Http, Image,
    LinuxResources, Local, Metadata, Mkdir, Mkfile, Mount, NetMode, OciLayout, Op, Owner, Platform, ProxyEnv,
    ResolveMode, Rm, Secret, SecurityMode, Ssh, Symlink, User,
};

type Build = fn(&mut Graph) -> Edge;

pub(crate) fn cases() -> Vec<(&'static str, Definition)> {
    let cases: [(&str, Build); 17] = [
        ("image-attributes", image_attributes),
        ("image-prefer-local", |g| {
            add(g, Image::new("localhost/a:1").resolve_mode(ResolveMode::PreferLocal))
        }),
        ("oci-layout", oci_layout),
        ("local-attributes", local_attributes),
        ("local-differ", |g| add(g, Local::new("c").differ(Differ::Metadata, false))),
        ("http-attributes", http_attributes),
        ("git-attributes", git_attributes),
        ("git-ssh", |g| add(g, Git::new("git@example.com:team/repo.git#v1:sub/dir").known_ssh_hosts("k\n"))),
        ("git-bundle", git_bundle),
        ("copy-fields", copy_fields),
        ("file-actions", file_actions),
        ("exec-meta", exec_meta),
        ("exec-modes", exec_modes),
        ("exec-mounts", exec_mounts),
        ("exec-outputs", exec_outputs),
        ("diff-of-nothing", diff_of_nothing),
        ("metadata", metadata),
    ];
    let build = |build: Build| {
        let mut graph = Graph::new();
        let edge = build(&mut graph);
        graph.definition(edge)
    };
    cases.map(|(name, case)| (name, build(case))).into()
}

fn add(graph: &mut Graph, op: impl Into<Op>) -> Edge {
    graph.add(op, Metadata::default())
}

fn base(graph: &mut Graph) -> Edge {
    let platform = Platform {
        os: "linux".into(),
        architecture: "arm".into(),
        variant: "v7".into(),
        ..Platform::default()
    };
    add(graph, Image::new("docker.io/library/debian:13").platform(platform))
}

fn tree(graph: &mut Graph, path: &str) -> Edge {
    add(graph, File::on(None).mkdir(Mkdir::new(path)))
}

fn image_attributes(g: &mut Graph) -> Edge {
    let image = Image::new("example.com/a/b:2").checksum(format!("sha256:{:064}", 3)).layer_limit(4);
    add(g, image.resolve_mode(ResolveMode::ForcePull).record_type("internal"))
}

fn oci_layout(g: &mut Graph) -> Edge {
    let layout = OciLayout::new(format!("example.com/base@sha256:{:064}", 5)).store("session-1", "store-1");
    let platform = Platform { os: "linux".into(), architecture: "riscv64".into(), ..Platform::default() };
    add(g, layout.layer_limit(2).platform(platform))
}

fn local_attributes(g: &mut Graph) -> Edge {
    let local = Local::new("source").session("s").unique("u").shared_key_hint("h").include(["a&b/**", "ü"]);
    let local = local.exclude(["*", "!keep"]).follow_paths(["link"]).differ(Differ::None, true);
    add(g, local.metadata_only(["*.lock"]))
}

fn http_attributes(g: &mut Graph) -> Edge {
    let http = Http::new("https://example.com/x").checksum(format!("sha256:{:064}", 6)).filename("y");
    let http = http.perm(0o755).owner(10, 20).auth_header_secret("HEADER").accept("text/plain");
    add(g, http.user_agent("layerset"))
}

fn git_attributes(g: &mut Graph) -> Edge {
    let git = Git::new("https://example.com/r.git").reference("refs/tags/v1").subdir("a/b");
    let git = git.checksum(format!("{:040}", 7)).keep_git_dir().skip_submodules().mtime("commit");
    add(g, git.fetch_by_commit().auth_token_secret("TOKEN").auth_header_secret("HEADER"))
}

fn git_bundle(g: &mut Graph) -> Edge {
    let bundle = format!("oci-layout+blob://b@sha256:{:064}", 8);
    let git = Git::new("ssh://git@example.com/r.git").checksum(format!("{:040}", 9)).mount_ssh_sock("deploy");
    add(g, git.bundle(bundle).bundle_store("session", "store").checkout_bundle())
}

fn copy_fields(g: &mut Graph) -> Edge {
    let (base, from) = (base(g), tree(g, "/from"));
    let copy = Copy {
        from: Some(from),
        src: "/from/*".into(),
        dest: "/to/".into(),
        owner: Some(Owner { user: Some(User::Name("app".into())), group: None }),
        mode: Some(0o600),
        mode_str: Some("u=rwX,go=rX".into()),
        timestamp: Some(1_700_000_000_000_000_000),
        follow_symlinks: true,
        dir_contents_only: true,
        attempt_unpack: true,
        create_dest_path: true,
        allow_wildcard: true,
        allow_empty_wildcard: true,
        include_patterns: vec!["a".into()],
        exclude_patterns: vec!["b".into()],
        required_paths: vec!["c".into()],
        always_replace_existing_dest_paths: true,
    };
    let moved = Copy { from: Some(base), src: "/etc".into(), dest: "/etc2".into(), ..Copy::default() };
    add(g, File::on(base).copy(copy).copy(moved))
}

fn file_actions(g: &mut Graph) -> Edge {
    let base = base(g);
    let owner = Some(Owner { user: Some(User::Id(0)), group: Some(User::Name("staff".into())) });
    let timestamp = Some(0);
    let mkdir = Mkdir { path: "/d".into(), mode: 0o700, parents: false, owner: owner.clone(), timestamp };
    let mkfile = Mkfile { mode: 0, owner: owner.clone(), timestamp, ..Mkfile::new("/d/f", [0, 255]) };
    let symlink = Symlink { target: "f".into(), path: "/d/l".into(), owner, timestamp };
    let rm = Rm { path: "/d/x".into(), allow_not_found: true, allow_wildcard: false };
    add(g, File::on(base).mkdir(mkdir).mkfile(mkfile).symlink(symlink).rm(rm))
}

fn exec_meta(g: &mut Graph) -> Edge {
    let base = base(g);
    let exec = Exec::new(base, ["make", "-j"]).env("A", "1=2").env("B", "").cwd("/w").user("1000:1000");
    let exec = exec.hostname("builder").cgroup_parent("/limits").ulimit("nofile", 1024, 2048);
    let exec = exec.ulimit("core", 0, -1).extra_host("db", "::1").valid_exit_codes([0, 3]);
    let proxy =
        ProxyEnv { http_proxy: "http://proxy:3128".into(), no_proxy: "db".into(), ..Default::default() };
    add(g, exec.proxy_env(proxy))
}

fn exec_modes(g: &mut Graph) -> Edge {
    let base = base(g);
    let exec = Exec::new(base, ["id"]).network(NetMode::Host).security(SecurityMode::Insecure);
    let amd = Platform { os: "linux".into(), architecture: "amd64".into(), ..Platform::default() };
    add(g, exec.secret_env("A", "a", true).secret_env("B", "b", false).platform(amd))
}

fn exec_mounts(g: &mut Graph) -> Edge {
    let (base, tree) = (base(g), tree(g, "/t"));
    let secret = Secret { uid: 1, gid: 2, mode: 0o440, optional: true, ..Secret::new("s") };
    let ssh =
        Ssh { dest: "/agent".into(), uid: 3, gid: 4, mode: 0o660, optional: true, ..Ssh::new("deploy") };
    let exec = Exec::new(base, ["true"])
        .mount(Mount::cache("/locked", "l", CacheSharing::Locked).from(tree).selector("/t"))
        .mount(Mount::cache("/private", "p", CacheSharing::Private).readonly())
        .mount(Mount::bind("/bind", tree).selector("t").readonly().content_cache(ContentCache::Off))
        .mount(Mount::bind("/discarded", tree).no_output())
        .mount(Mount::tmpfs("/dev/shm", 64 << 20))
        .mount(Mount::secret("/s", secret))
        .mount(Mount::ssh(Ssh::new("default")))
        .mount(Mount::ssh(ssh));
    add(g, exec)
}

fn exec_outputs(g: &mut Graph) -> Edge {
    let (base, tree) = (base(g), tree(g, "/t"));
    let exec = Exec::new(base, ["true"]).mount(Mount::scratch("/z")).mount(Mount::bind("/a", tree));
    let output = exec.output_of("/z").unwrap();
    let written = add(g, exec).output(output);
    add(g, File::on(written).rm(Rm { path: "/x".into(), ..Rm::default() }))
}

fn diff_of_nothing(g: &mut Graph) -> Edge {
    let tree = tree(g, "/t");
    add(g, Diff::new(tree, None))
}

fn metadata(g: &mut Graph) -> Edge {
    let base = g.add(Image::new("docker.io/library/debian:13"), Metadata::named("base"));
    let limits = LinuxResources { memory: 1 << 30, cpu_shares: 512, ..LinuxResources::default() };
    let metadata = Metadata::named("step").describe("other", "text").progress_group("g", "group", false);
    g.add(Exec::new(base, ["true"]), metadata.cap("exec.cgroup").ignore_cache().linux_resources(limits))
}
