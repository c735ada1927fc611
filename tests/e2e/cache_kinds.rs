//! Caches that leave an engine: of each kind, with merged layers and Python packages, for many targets at once, and
//! between stores and releases. A fresh engine rebuilds nothing.

use harness::frontend::FRONTEND;
use harness::project::unique;
use harness::registry::Blob;
use harness::{Docker, Engine, Project, Release};

use crate::older::older;
use crate::python_support::{Shelf, service, work};
use crate::support::{Shop, bake, build, containerd, ok, progress, pushed, syntax};

/// The engine that has seen nothing of what a test has just made.
fn fresh() -> &'static Engine {
    Engine::second().unwrap().with_frontend().unwrap()
}

/// The variables of the bake file for a cache in the registry.
fn caches(docker: Docker, place: &str) -> Docker {
    let place = format!("ref={place}/main/");
    docker
        .env("LAYERSET_CACHE_FROM", format!("type=registry,{place}"))
        .env("LAYERSET_CACHE_TO", format!("type=registry,mode=max,{place}"))
}

#[test]
fn a_fresh_engine_rebuilds_nothing_of_many_targets() {
    let engine = containerd();
    let names: Vec<String> = (0..22).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shop = Shop::new(engine, &names).unwrap();
    let place = engine.registry().name(&format!("cache/{}", shop.tag));
    // The first time there is nothing to import, which is no error.
    let first = progress(caches(bake(engine, &shop.project).arg("--push"), &place));
    assert!(first.done().iter().any(|name| name.contains("run cp")), "{first:?}");
    let before: Vec<_> = names.iter().map(|name| shop.image(engine, name).layers).collect();

    let elsewhere = Project::new("elsewhere").unwrap();
    elsewhere.copy_from(shop.project.path()).unwrap();
    let again = progress(caches(bake(fresh(), &elsewhere).arg("--push"), &place));
    assert_eq!(again.done(), Vec::<&str>::new(), "{again:?}");
    let after: Vec<_> = names.iter().map(|name| shop.image(engine, name).layers).collect();
    assert_eq!(before, after);
    assert!(
        again.steps().iter().any(|(name, cached)| *cached && name.contains("copy parts/s21")),
        "{again:?}"
    );

    // Without the variables nothing is imported, and none is missed.
    let printed = ok(bake(engine, &shop.project).arg("--print").env("BUILDKIT_PROGRESS", "plain")).stdout;
    assert!(!printed.contains("cache-from"), "{printed}");
}

#[test]
fn one_reference_for_many_targets_keeps_one_of_them() {
    let engine = containerd();
    let names = ["one", "two", "three"];
    let shop = Shop::new(engine, &names).unwrap();
    let place = format!("type=registry,ref={}", engine.registry().name(&format!("cache/{}", shop.tag)));
    let set = |docker: Docker, key: &str, more: &str| docker.arg(format!("--set=*.{key}={place}{more}"));
    progress(set(bake(engine, &shop.project).arg("--push"), "cache-to", ",mode=max"));
    let again = progress(set(bake(fresh(), &shop.project), "cache-from", ""));
    let lost = again.done().iter().filter(|name| name.contains("copy parts/")).count();
    assert_eq!(lost, 2, "what the other two have alone: {again:?}");
}

/// The frontend in the registry, as an image that no other engine has pulled yet: so it is for a builder that CI has just made.
fn unseen(engine: &Engine, tag: &str) -> String {
    let name = engine.registry().name(&format!("unseen:{tag}"));
    let project = Project::new("unseen").unwrap();
    project.write("Dockerfile", format!("FROM {FRONTEND}\nLABEL unseen={tag}\n")).unwrap();
    let build = engine.docker(&["buildx", "build", "--provenance=false", "--tag", &name, "."]);
    ok(build.current_dir(project.path()));
    ok(engine.docker(&["push", "--quiet", &name]));
    name
}

/// A service with packages, a stage and merged layers.
fn shelf(engine: &'static Engine) -> Shelf {
    let mut shelf = Shelf::new(engine);
    let wheel = shelf.wheel("packed", "1.0", 20_000);
    shelf.index.add(&wheel).unwrap();
    let lock = shelf.index.lock(&[(&wheel, &[])]);
    shelf.project.write("pylock.toml", lock).unwrap().write("requirements.txt", "packed\n").unwrap();
    let tag = shelf.tag.clone();
    shelf.project.write("own.txt", &tag).unwrap();
    let stages = format!(
        "stages:\n  base: {{from: 'python:3.13-slim', run: ['echo {tag} > /made']}}\n  \
         page: {{from: base, run: ['cp /made /page']}}\n"
    );
    let rest = "from: base, requirements: [requirements.txt], files: [own.txt], copy: [{from: page, source: /page, target: /srv/page}]";
    shelf.manifest(", lock: pylock.toml", &stages, &[service("api", rest)]);
    let file = shelf.project.path().join("layerset.yaml");
    let manifest = std::fs::read_to_string(&file).unwrap().replace(FRONTEND, &unseen(engine, &tag));
    shelf.project.write("layerset.yaml", manifest).unwrap();
    shelf
}

/// Builds and pushes on one engine, and again on a fresh one: nothing runs, nothing is downloaded from the index.
fn rebuilds_nothing(
    engine: &'static Engine,
    other: &Engine,
    export: &str,
    import: impl Fn(&Shelf) -> String,
) {
    let shelf = shelf(engine);
    let name = shelf.name("api");
    let fill = |text: &str| {
        let project = shelf.project.path().join("cache").display().to_string();
        text.replace("REF", &engine.registry().name(&format!("cache/{}", shelf.tag))).replace("DIR", &project)
    };
    let push = |engine: &Engine| build(engine, &shelf.project).args(&["--push", "--tag", &name]);
    let first = progress(push(engine).arg(format!("--cache-to={}", fill(export))));
    assert!(first.done().iter().any(|name| name.contains("run cp /made /page")), "{export}: {first:?}");
    let before = shelf.image("api").layers;
    assert!(!shelf.index.log().is_empty());
    shelf.index.forget();
    let again = progress(push(other).arg(format!("--cache-from={}", fill(&import(&shelf)))));
    assert_eq!(work(&again), Vec::<String>::new(), "{export}: {again:?}");
    // BuildKit once looked at what a file has become, even of one that it knew the hash of.
    let asked = usize::from(other.release() == Release::Older);
    assert_eq!(shelf.index.downloads().len(), asked, "{export}: {:?}", shelf.index.log());
    // The same files; an older engine compresses some of them once more, and in its own way.
    let ids = |layers: &[Blob]| layers.iter().map(|layer| layer.diff_id.clone()).collect::<Vec<_>>();
    let after = shelf.image("api").layers;
    assert_eq!(ids(&after), ids(&before), "{export}");
    assert!(other.release() == Release::Older || after == before, "{export}: {after:?}, before {before:?}");
}

#[test]
fn caches_with_every_step_hold_packages_and_merged_layers() {
    let from = |_: &Shelf| "type=registry,ref=REF".to_owned();
    rebuilds_nothing(containerd(), fresh(), "type=registry,ref=REF,mode=max", from);
}

#[test]
fn caches_in_a_directory_hold_packages_and_merged_layers() {
    let from = |_: &Shelf| "type=local,src=DIR".to_owned();
    rebuilds_nothing(containerd(), fresh(), "type=local,dest=DIR,mode=max", from);
}

#[test]
fn an_older_engine_takes_the_cache_of_todays() {
    let [_, merging] = older();
    let from = |_: &Shelf| "type=registry,ref=REF".to_owned();
    rebuilds_nothing(containerd(), merging, "type=registry,ref=REF,mode=max", from);
}

/// Stages, commands and merged layers need no more of a cache than what is in the image.
#[test]
fn caches_of_the_images_layers_alone_rebuild_nothing() {
    let graphdriver = Engine::graphdriver().unwrap().with_frontend().unwrap();
    let kinds = [
        (containerd(), fresh(), "type=inline"),
        (containerd(), fresh(), "type=registry,ref=REF,mode=min"),
        (graphdriver, older()[0], "type=inline"),
    ];
    for (engine, other, export) in kinds {
        let shop = Shop::new(engine, &["one"]).unwrap();
        let name = shop.name(engine, "one");
        let place = engine.registry().name(&format!("cache/{}", shop.tag));
        let push = |engine: &Engine| build(engine, &shop.project).args(&["--push", "--tag", &name]);
        let first = progress(push(engine).arg(format!("--cache-to={}", export.replace("REF", &place))));
        assert!(first.done().iter().any(|name| name.contains("run cp")), "{export}: {first:?}");
        let before = shop.image(engine, "one").layers;
        let from = if export == "type=inline" { &name } else { &place };
        let again = progress(push(other).arg(format!("--cache-from=type=registry,ref={from}")));
        assert_eq!(again.done(), Vec::<&str>::new(), "{export}: {again:?}");
        assert_eq!(shop.image(engine, "one").layers, before, "{export}");
    }
}

#[test]
fn a_dockerfile_imports_and_exports_the_same_kinds() {
    let engine = containerd();
    let project = Project::new("dockerfile-cache").unwrap();
    let kinds = |place: &str, directory: &str, image: &str| {
        [
            (format!("type=registry,mode=max,ref={place}"), format!("type=registry,ref={place}")),
            (format!("type=registry,mode=min,ref={place}"), format!("type=registry,ref={place}")),
            (format!("type=local,mode=max,dest={directory}"), format!("type=local,src={directory}")),
            ("type=inline".to_owned(), format!("type=registry,ref={image}")),
        ]
    };
    for number in 0..4 {
        // Each kind has steps of its own: the fresh engine has seen those of the one before.
        let tag = unique().unwrap();
        let dockerfile = format!(
            "FROM busybox:1.37 AS base\nRUN echo {tag} > /made\nFROM base AS page\nRUN cp /made /page\nFROM base\n\
             COPY own.txt /own.txt\nCOPY --from=page /page /srv/page\n"
        );
        let manifest = format!(
            "stages:\n  base: {{from: 'busybox:1.37', run: ['echo {tag} > /made']}}\n  \
             page: {{from: base, run: ['cp /made /page']}}\nservices:\n  api:\n    from: base\n    files: [own.txt]\n    \
             copy: [{{from: page, source: /page, target: /srv/page}}]\n"
        );
        project.write("own.txt", &tag).unwrap().write("layerset.yaml", syntax() + &manifest).unwrap();
        project.write("Dockerfile", dockerfile).unwrap();
        for file in ["Dockerfile", "layerset.yaml"] {
            let side = format!("{tag}-{}", file.len());
            let image = format!("cache/image:{side}");
            let name = engine.registry().name(&image);
            let directory = project.path().join(&side).display().to_string();
            let place = engine.registry().name(&format!("cache/{side}"));
            let (to, from) = kinds(&place, &directory, &name)[number].clone();
            let build = |engine: &Engine| {
                let build = engine.docker(&["buildx", "build", "--file", file, "."]).traced();
                build.current_dir(project.path()).args(&["--push", "--tag", &name])
            };
            let first = progress(build(engine).arg(format!("--cache-to={to}")));
            assert!(!first.done().is_empty(), "{file}, {to}: {first:?}");
            let before = pushed(engine, &image).layers;
            let again = progress(build(fresh()).arg(format!("--cache-from={from}")));
            assert_eq!(again.done(), Vec::<&str>::new(), "{file}, {to}: {again:?}");
            assert_eq!(pushed(engine, &image).layers, before, "{file}, {to}");
        }
    }
}
