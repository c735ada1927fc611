//! What a merge must not do to what is there already: of stages, of the base, and of files with two names.

use std::fs;

use harness::tree::differences;
use harness::{Engine, Project};

use crate::support::{build, containerd, ok, syntax};

/// What stages hold is not known before they are built: directories with owners, and links.
const STAGES: &str = "mkdir -p /made/sub && echo made > /made/sub/file && chmod 750 /made && chown -R 1000:1000 /made && \
    mkdir /made/sub/private && echo secret > /made/sub/private/key && chmod 700 /made/sub/private && ln -s sub/file /made/link && \
    mkdir -p /root/usr/bin && ln -s usr/bin /root/bin && echo sh > /root/bin/sh";

#[test]
fn what_stages_hold_keeps_its_directories_and_links() {
    let engines =
        [containerd().with_frontend().unwrap(), Engine::graphdriver().unwrap().with_frontend().unwrap()];
    let project = Project::new("stages-around").unwrap();
    project.write("tool", "#!/bin/sh\n").unwrap().write("conf/a.yaml", "a").unwrap();
    let stage = format!("stages:\n  made: {{from: 'busybox:1.37', run: [\"{STAGES}\"]}}\n");
    let services = "services:\n  \
        inside: {from: 'busybox:1.37', files: [{source: conf, target: /made/conf}], copy: [{from: made, source: /made}]}\n  \
        twice: {from: 'busybox:1.37', copy: [{from: made, source: /made}, {from: made, source: /root/usr/bin, target: /made/bin}]}\n  \
        around: {from: 'busybox:1.37', copy: [{from: made, source: /made}]}\n  \
        within: {from: 'busybox:1.37', copy: [{from: made, source: /made/sub}, {from: made, source: /made/link}]}\n  \
        deep: {from: 'busybox:1.37', copy: [{from: made, source: /made/sub/private/key}]}\n  \
        root: {from: scratch, copy: [{from: made, source: /root, target: /}, {from: made, source: /made/sub/file, target: /bin/tool}]}\n";
    let dockerfile = format!(
        "FROM busybox:1.37 AS made\nRUN {STAGES}\n\
         FROM busybox:1.37 AS inside\nCOPY conf /made/conf\nCOPY --from=made /made /made\n\
         FROM busybox:1.37 AS twice\nCOPY --from=made /made /made\nCOPY --from=made /root/usr/bin /made/bin\n\
         FROM busybox:1.37 AS around\nCOPY --from=made /made /made\n\
         FROM busybox:1.37 AS within\nCOPY --from=made /made/sub /made/sub\nCOPY --from=made /made/link /made/link\n\
         FROM busybox:1.37 AS deep\nCOPY --from=made /made/sub/private/key /made/sub/private/key\n\
         FROM scratch AS root\nCOPY --from=made /root /\nCOPY --from=made /made/sub/file /bin/tool\n"
    );
    project
        .write("layerset.yaml", syntax() + &stage + services)
        .unwrap()
        .write("Dockerfile", dockerfile)
        .unwrap();
    for engine in engines {
        for target in ["inside", "twice", "around", "within", "deep", "root"] {
            let tags = [format!("stages-{target}"), format!("stages-{target}-copy")];
            ok(build(engine, &project)
                .args(&["--load", "--tag", &tags[0]])
                .arg(format!("--target={target}")));
            ok(engine
                .docker(&["buildx", "build", "--load", "--tag", &tags[1], "--target", target, "."])
                .current_dir(project.path()));
            let [ours, theirs] = [&tags[0], &tags[1]].map(|tag| engine.export(tag).unwrap());
            assert_eq!(differences(&ours, &theirs), Vec::<String>::new(), "{target}");
            ok(engine.docker(&["image", "rm"]).args(&tags));
        }
    }
}

#[test]
fn a_file_replaces_no_directory_of_the_base() {
    let engine = containerd();
    let project = Project::new("onto-a-directory").unwrap();
    project.write("top.txt", "top").unwrap();
    for (target, line) in [
        (
            "/etc",
            "layerset.yaml:3:48: found the directory \"/etc\" in the base, where the file \"top.txt\" is to go; write where the file itself goes: /etc/top.txt",
        ),
        (
            "/new/",
            "layerset.yaml:3:48: found the file \"top.txt\", expected a directory, because its target ends in \"/\"; write where the file itself goes: /new/top.txt",
        ),
    ] {
        let service = format!(
            "services:\n  api: {{from: 'busybox:1.37', files: [{{source: top.txt, target: {target}}}]}}\n"
        );
        project.write("layerset.yaml", syntax() + &service).unwrap();
        let refused = build(engine, &project).run().unwrap();
        assert!(!refused.success());
        assert!(refused.stderr.contains(line), "{}", refused.stderr);
    }
    // What a stage holds is not known before it is built: there it is as with COPY.
    let stage = "stages:\n  made: {from: 'busybox:1.37', run: [echo made > /made]}\n\
                 services:\n  api: {from: 'busybox:1.37', copy: [{from: made, source: /made, target: /etc}]}\n";
    project.write("layerset.yaml", syntax() + stage).unwrap();
    ok(build(engine, &project).args(&["--load", "--tag", "onto-a-directory", "--target=api"]));
    let tree = engine.export("onto-a-directory").unwrap();
    assert_eq!(tree["etc/made"].content, b"made\n");
    assert!(tree.contains_key("etc/passwd"));
    ok(engine.docker(&["image", "rm", "onto-a-directory"]));
}

/// No archive can link to a file of another: whoever has both names has the bytes of both.
#[test]
fn hard_links_end_where_services_part_them() {
    let engine = containerd();
    let project = Project::new("hard-links").unwrap();
    project.write("d/one", "shared").unwrap().write("d/three", "shared").unwrap();
    fs::hard_link(project.path().join("d/one"), project.path().join("d/two")).unwrap();
    fs::hard_link(project.path().join("d/three"), project.path().join("d/four")).unwrap();
    let services = "services:\n  all: {from: 'busybox:1.37', files: [d]}\n  \
                    some: {from: 'busybox:1.37', files: [{source: d, include: [two]}]}\n";
    project.write("layerset.yaml", syntax() + services).unwrap();
    let built = |target: &str| {
        let tag = format!("hard-links-{target}");
        ok(build(engine, &project).args(&["--load", "--tag", &tag]).arg(format!("--target={target}")));
        let tree = engine.export(&tag).unwrap();
        ok(engine.docker(&["image", "rm", &tag]));
        tree
    };
    let (all, some) = (built("all"), built("some"));
    assert!(!some.contains_key("d/one") && some["d/two"].content == b"shared");
    assert_eq!((all["d/one"].kind, &all["d/one"].content), (b'0', &b"shared".to_vec()));
    assert_eq!((all["d/two"].kind, &all["d/two"].content), (b'0', &b"shared".to_vec()));
    // What nobody parts stays one file.
    assert_eq!((all["d/three"].kind, all["d/three"].link.as_str()), (b'1', "d/four"));
}
