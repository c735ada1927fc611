//! What both crates can say, said with both, compared byte for byte.
//!
//! Left out, since the two differ on purpose: copies onto a base (the published crate lists the
//! source before the base), two uses of one input (it lists it twice), git (it writes no
//! attributes), ssh (it numbers the mount's output -1), platforms, and all that came after 2020.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{
    CacheSharing, Copy, Edge, Exec, File, Graph, Http, Image, Local, Metadata, Mkdir, Mkfile, Mount, Op,
};
use buildkit_llb_oracle::{in_words_of_2020, sha256};
use published::ops::source::ResolveMode;
use published::prelude as theirs;
use theirs::{
    Command, FileSystem, LayerPath, MultiOwnedOutput as _, OperationBuilder as _, OperationOutput, OutputIdx,
    OwnOutputIdx, SingleOwnedOutput as _, Source, Terminal,
};

/// The published crate numbers outputs without a sign; this is how it can be made to write -1.
const NO_OUTPUT: OutputIdx = OutputIdx(u32::MAX);

fn add(graph: &mut Graph, op: impl Into<Op>) -> Edge {
    graph.add(op, Metadata::default())
}

fn published_ops(output: OperationOutput<'static>) -> BTreeMap<String, Vec<u8>> {
    let definition = Terminal::with(output).into_definition();
    definition.def.into_iter().map(|bytes| (sha256(&bytes), bytes)).collect()
}

fn compare(ours: impl FnOnce(&mut Graph) -> Edge, theirs: OperationOutput<'static>, ops: usize) {
    let mut graph = Graph::new();
    let edge = ours(&mut graph);
    let ours = in_words_of_2020(&graph.definition(edge));
    assert_eq!(ours.len(), ops + 1, "number of ops, with the one that has only an input");
    assert_eq!(ours, published_ops(theirs));
}

#[test]
fn images() {
    let reference = "docker.io/library/python:3.13-slim";
    compare(|g| add(g, Image::new(reference)), Source::image(reference).ref_counted().output(), 1);
    let mode = buildkit_llb::ResolveMode::ForcePull;
    compare(
        |g| add(g, Image::new(reference).resolve_mode(mode)),
        Source::image(reference).with_resolve_mode(ResolveMode::ForcePull).ref_counted().output(),
        1,
    );
}

#[test]
fn locals_with_at_most_one_attribute() {
    compare(|g| add(g, Local::new("context")), Source::local("context").ref_counted().output(), 1);
    compare(
        |g| add(g, Local::new("context").include(["a", "b/**"])),
        Source::local("context").add_include_pattern("a").add_include_pattern("b/**").ref_counted().output(),
        1,
    );
    compare(
        |g| add(g, Local::new("context").exclude(["**/*.pyc"])),
        Source::local("context").add_exclude_pattern("**/*.pyc").ref_counted().output(),
        1,
    );
}

#[test]
fn http() {
    let url = "https://example.com/a.tar.gz";
    compare(|g| add(g, Http::new(url)), Source::http(url).ref_counted().output(), 1);
    compare(
        |g| add(g, Http::new(url).filename("b")),
        Source::http(url).with_file_name("b").ref_counted().output(),
        1,
    );
}

#[test]
fn one_copy_onto_scratch() {
    let context = Source::local("context").ref_counted();
    let copy = FileSystem::copy()
        .from(LayerPath::Other(context.output(), "/src/*"))
        .to(OutputIdx(0), LayerPath::Scratch("/dst/"))
        .follow_symlinks(true)
        .recursive(true)
        .create_path(true)
        .wildcard(true);
    compare(
        |g| {
            let copy = Copy {
                from: Some(add(g, Local::new("context"))),
                src: "/src/*".into(),
                dest: "/dst/".into(),
                follow_symlinks: true,
                dir_contents_only: true,
                create_dest_path: true,
                allow_wildcard: true,
                ..Copy::default()
            };
            add(g, File::on(None).copy(copy))
        },
        copy.into_operation().ref_counted().output(0),
        2,
    );
}

#[test]
fn several_actions_in_one_op() {
    let (a, b) = (Source::local("a").ref_counted(), Source::local("b").ref_counted());
    let own = |action: u32, path: &'static str| LayerPath::Own(OwnOutputIdx(action), path);
    let sequence = FileSystem::sequence()
        .append(FileSystem::mkdir(NO_OUTPUT, LayerPath::Scratch("/app")).make_parents(true))
        .append(FileSystem::copy().from(LayerPath::Other(a.output(), "/x")).to(NO_OUTPUT, own(0, "/app/x")))
        .append(FileSystem::mkfile(NO_OUTPUT, own(1, "/app/y")).data(b"hello".to_vec()))
        .append(
            FileSystem::copy().from(LayerPath::Other(b.output(), "/z")).to(OutputIdx(0), own(2, "/app/z")),
        );
    compare(
        |g| {
            let mut copy = |from: &str, src: &str, dest: &str| {
                let from = Some(add(g, Local::new(from)));
                Copy { from, src: src.into(), dest: dest.into(), ..Copy::default() }
            };
            let file = File::on(None)
                .mkdir(Mkdir::new("/app"))
                .copy(copy("a", "/x", "/app/x"))
                .mkfile(Mkfile::new("/app/y", "hello"))
                .copy(copy("b", "/z", "/app/z"));
            add(g, file)
        },
        sequence.ref_counted().output(0),
        3,
    );
}

#[test]
fn execs_in_a_chain() {
    let base = Source::image("docker.io/library/alpine:3.20").ref_counted();
    let context = Source::local("context").ref_counted();
    let tools = Source::image("docker.io/library/busybox:stable").ref_counted();
    let first = Command::run("/bin/sh")
        .args(["-c", "make all"])
        .env("A", "1")
        .env("B", "x=y")
        .cwd("/src")
        .user("app")
        .mount(theirs::Mount::Layer(OutputIdx(0), base.output(), "/"))
        .mount(theirs::Mount::SharedCache("/cache"))
        .mount(theirs::Mount::Scratch(OutputIdx(1), "/out"))
        .mount(theirs::Mount::ReadOnlyLayer(context.output(), "/src"))
        .mount(theirs::Mount::ReadOnlySelector(tools.output(), "/tools", "/bin"))
        .ref_counted();
    let second = Command::run("true")
        .mount(theirs::Mount::ReadOnlyLayer(first.output(0), "/"))
        .mount(theirs::Mount::Layer(OutputIdx(0), first.output(1), "/work"))
        .ref_counted();
    compare(
        |g| {
            let base = add(g, Image::new("docker.io/library/alpine:3.20"));
            let context = add(g, Local::new("context"));
            let tools = add(g, Image::new("docker.io/library/busybox:stable"));
            let first = Exec::new(base, ["/bin/sh", "-c", "make all"]).env("A", "1").env("B", "x=y");
            let first = first
                .cwd("/src")
                .user("app")
                .mount(Mount::bind("/src", context).readonly())
                .mount(Mount::bind("/tools", tools).selector("/bin").readonly())
                .mount(Mount::scratch("/out"))
                .mount(Mount::cache("/cache", "/cache", CacheSharing::Shared));
            let out = first.output_of("/out").expect("a scratch mount is an output");
            let first = add(g, first);
            let second = Exec::new(first, ["true"]).user("root").readonly_root();
            let second = second.mount(Mount::bind("/work", first.output(out)));
            let work = second.output_of("/work").expect("a writable bind is an output");
            add(g, second).output(work)
        },
        second.output(0),
        5,
    );
}

/// What docs/decisions/0001-own-buildkit-llb.md says of the published crate.
#[test]
fn why_the_published_crate_is_not_used() {
    let identifier = published_ops(Source::image("alpine:3").ref_counted().output());
    let misread = b"docker-image://docker.io/library/alpine:3:latest";
    assert!(identifier.values().any(|op| op.windows(misread.len()).any(|part| part == misread)));

    let digests: BTreeSet<_> = (0..64)
        .map(|_| {
            let source = Source::local("context").add_include_pattern("a").add_exclude_pattern("b");
            published_ops(source.ref_counted().output()).into_keys().collect::<Vec<_>>()
        })
        .collect();
    assert!(digests.len() > 1, "the same source has the same digest: the decision's reason is gone");
}
