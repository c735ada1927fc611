//! Caches that travel through a registry.

use harness::{Engine, Project};

use crate::support::{Shop, bake, containerd, progress};

#[test]
fn an_empty_engine_builds_from_the_registrys_cache_without_running_a_step() {
    let (engine, second) = (containerd(), Engine::second().unwrap().with_frontend().unwrap());
    let services = ["one", "two"];
    let shop = Shop::new(engine, &services).unwrap();
    let cache = |name: &str| format!("type=registry,ref={}", shop.name(engine, &format!("cache-{name}")));
    let mut first = bake(engine, &shop.project).arg("--push");
    for name in services {
        first = first.arg(format!("--set={name}.cache-to={},mode=max", cache(name)));
    }
    let first = progress(first);
    assert!(first.done().iter().any(|name| name.contains("run cp")), "{first:?}");
    let before = services.map(|name| shop.image(engine, name).layers);

    // The same files, checked out elsewhere.
    let elsewhere = Project::new("elsewhere").unwrap();
    elsewhere.copy_from(shop.project.path()).unwrap();
    let mut again = bake(second, &elsewhere).arg("--push");
    for name in services {
        again = again.arg(format!("--set={name}.cache-from={}", cache(name)));
    }
    let again = progress(again);
    assert_eq!(again.done(), Vec::<&str>::new(), "{again:?}");
    assert!(again.steps().iter().any(|(name, _)| name.contains("copy parts/two")), "{again:?}");
    let after = services.map(|name| shop.image(second, name).layers);
    assert_eq!(before, after);
}
