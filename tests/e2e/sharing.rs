//! What services share is one vertex, one blob and one transfer.

use std::collections::BTreeSet;

use harness::registry::Blob;

use crate::support::{Shop, containerd};

/// Of the stage `base`: busybox and one step.
const BASE_LAYERS: usize = 2;

#[test]
fn equal_selections_are_the_same_blob() {
    let engine = containerd();
    let shop = Shop::new(engine, &["one", "two", "three"]).unwrap();
    let progress = shop.push(engine);
    let images: Vec<_> = ["one", "two", "three"].map(|name| shop.image(engine, name)).to_vec();
    for image in &images {
        assert_eq!(image.layers.len(), BASE_LAYERS + 3, "base, common, page and the service's own");
    }
    let own = |index: usize| -> BTreeSet<&Blob> { images[index].layers.iter().collect() };
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let shared: Vec<_> = own(a).intersection(&own(b)).copied().cloned().collect();
        assert_eq!(shared.len(), BASE_LAYERS + 2, "all but the service's own: {shared:?}");
        assert_eq!(
            images[a].layers[..BASE_LAYERS + 2],
            images[b].layers[..BASE_LAYERS + 2],
            "a common prefix"
        );
    }
    // One vertex for all three services, and done once.
    let named = |part: &str| progress.steps().iter().filter(|(name, _)| name.contains(part)).count();
    assert_eq!(named("copy common"), 1, "also for the stage page: {progress:?}");
    assert_eq!(named("run sh"), 1, "{progress:?}");
    assert_eq!(named("run cp"), 1, "{progress:?}");
}

#[test]
fn a_bake_of_many_targets_sends_the_context_once() {
    const SIZE: usize = 20_000_000;
    let engine = containerd();
    let services = ["one", "two", "three", "four", "five", "six"];
    let shop = Shop::new(engine, &services).unwrap();
    let mut big = shop.tag.clone().into_bytes();
    big.resize(SIZE, 0);
    shop.project.write("common/big", big).unwrap();
    shop.project.write("unwanted/big", vec![0; SIZE]).unwrap();
    let progress = shop.push(engine);
    let sent = progress.context_bytes();
    let size = SIZE as u64;
    assert!((size..size + size / 10).contains(&sent), "{sent} bytes sent for a selection of {size}");
    assert!(shop.image(engine, "six").layers.len() > BASE_LAYERS);
}

#[test]
fn a_changed_file_of_one_service_is_one_layer_of_one_image() {
    let engine = containerd();
    let services = ["one", "two", "three"];
    let shop = Shop::new(engine, &services).unwrap();
    let first = shop.push(engine);
    let all: Vec<_> = first.steps().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert!(first.done().iter().any(|name| name.contains("copy parts/two")), "{first:?}");
    let before = services.map(|name| shop.image(engine, name));

    let again = shop.push(engine);
    assert_eq!(again.done(), Vec::<&str>::new(), "nothing has changed");
    assert_eq!(again.steps().len(), all.len(), "and still all steps were looked at: {again:?}");

    shop.project.write("parts/two/own.txt", format!("changed {}\n", shop.tag)).unwrap();
    let changed = shop.push(engine);
    let mut done = changed.done();
    done.retain(|name| !name.ends_with("] merge"));
    assert_eq!(done.len(), 1, "{done:?}");
    assert!(done[0].contains("two] copy parts/two"), "{done:?}");
    let merges: Vec<_> = changed.done().into_iter().filter(|name| name.ends_with("] merge")).collect();
    assert!(merges.iter().all(|name| name.contains("two")), "only of the changed service: {merges:?}");

    let after = services.map(|name| shop.image(engine, name));
    assert_eq!(before[0].layers, after[0].layers);
    assert_eq!(before[2].layers, after[2].layers);
    let different: Vec<_> =
        before[1].layers.iter().zip(&after[1].layers).filter(|(old, new)| old.digest != new.digest).collect();
    assert_eq!(different.len(), 1, "{different:?}");
    assert_eq!(before[1].layers.len(), after[1].layers.len());
}

#[test]
fn no_shared_op_knows_a_service_by_name() {
    let engine = containerd();
    let shop = Shop::new(engine, &["one", "two"]).unwrap();
    shop.push(engine);
    let before = shop.image(engine, "one");
    shop.manifest(engine, &[("renamed", "one"), ("two", "two")]).unwrap();
    let progress = shop.push(engine);
    assert_eq!(progress.done(), Vec::<&str>::new(), "a new name is no new work");
    assert_eq!(shop.image(engine, "renamed").layers, before.layers);
}
