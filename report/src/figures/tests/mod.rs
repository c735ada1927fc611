//! Figures of small images, counted by hand.

mod wasted;

use super::*;
use crate::image::Layer;
use crate::layer::{Expected, read_layer};
use crate::made::layer;
use crate::platform::Platform;

type Entries<'a> = &'a [(&'a str, Option<&'a str>)];

/// Images by the layers that they have; layers by what they hold.
fn of(layers: &[Entries<'_>], images: &[(&str, &[usize])]) -> Figures {
    let archives: Vec<_> = layers.iter().map(|entries| layer(entries)).collect();
    of_archives(&archives, images)
}

fn of_archives(layers: &[Vec<u8>], images: &[(&str, &[usize])]) -> Figures {
    let mut shelf = Shelf::default();
    let mut ids = Vec::new();
    for archive in layers {
        let found = read_layer(&archive[..], &Expected::default()).unwrap();
        ids.push(found.digest);
        shelf.put(found);
    }
    let image = |(name, numbers): &(&str, &[usize])| {
        let mut chain = None;
        let layer = |number: &usize| {
            let chain_id = Digest::chained(chain.as_ref(), &ids[*number]);
            chain = Some(chain_id);
            Layer { blob: ids[*number], diff_id: ids[*number], chain_id, made_by: format!("step {number}") }
        };
        Image {
            name: (*name).to_owned(),
            platform: Platform::default(),
            layers: numbers.iter().map(layer).collect(),
        }
    };
    figures(&images.iter().map(image).collect::<Vec<_>>(), &shelf)
}

const BASE: Entries<'_> = &[("bin/", None), ("bin/sh", Some("shell")), ("etc/motd", Some("hello"))];

#[test]
fn shared_layers_are_stored_once() {
    let figures = of(
        &[BASE, &[("app/a", Some("0123456789"))], &[("app/b", Some("ab"))]],
        &[("a", &[0, 1]), ("b", &[0, 2]), ("base", &[0])],
    );
    let size = |entries| layer(entries).len() as u64;
    let (base, a, b) = (size(BASE), size(&[("app/a", Some("0123456789"))]), size(&[("app/b", Some("ab"))]));
    let totals = &figures.totals;
    assert_eq!((totals.images, totals.layers, totals.uses, totals.most_layers), (3, 3, 5, 2));
    assert_eq!((totals.image_bytes, totals.stored_bytes), (3 * base + a + b, base + a + b));
    assert_eq!((totals.median_image_bytes, totals.largest_image_bytes), (base + b, base + a));
    assert_eq!((figures.images["a"].own_bytes, figures.images["base"].own_bytes), (a, 0));
    assert_eq!(figures.images["a"].unpacked_bytes, 20);
    assert_eq!(figures.layers.values().map(|layer| layer.images.len()).max(), Some(3));
    assert!((totals.reuse - (1.0 - ratio(base + a + b, 3 * base + a + b))).abs() < 0.0001);
    assert_eq!((totals.duplicated_bytes, totals.wasted_bytes), (0, 0));
}

#[test]
fn a_layer_is_on_disk_once_for_each_stack_below_it() {
    let layers: [Entries<'_>; 3] = [BASE, &[("a", Some("aaaa"))], &[("b", Some("bb"))]];
    let same = of(&layers, &[("x", &[0, 1, 2]), ("y", &[0, 1])]);
    assert_eq!(same.totals.disk_bytes, 10 + 4 + 2);
    let swapped = of(&layers, &[("x", &[0, 1, 2]), ("y", &[0, 2, 1])]);
    assert_eq!(swapped.totals.disk_bytes, 10 + (4 + 2) + (2 + 4));
    assert_eq!(same.totals.stored_bytes, swapped.totals.stored_bytes);
}

#[test]
fn files_are_duplicated_across_layers_alone() {
    let figures = of(
        &[
            &[("one", Some("same")), ("two", Some("same")), ("empty", Some(""))],
            &[("three", Some("same")), ("none", Some("")), ("other", Some("other"))],
            &[("four", Some("same"))],
        ],
        &[("a", &[0, 1]), ("b", &[1]), ("c", &[2])],
    );
    // Of three layers with it two need not have it; twice in one layer is that layer's affair.
    assert_eq!((figures.totals.duplicated_bytes, figures.totals.duplicated_files), (8, 2));
    let one = &figures.duplicated[0];
    assert_eq!((figures.duplicated.len(), one.bytes, one.copies, one.layers.len()), (1, 4, 3, 3));
    assert_eq!(one.paths, ["/four", "/one", "/three", "/two"]);
    assert_eq!(one.path_count, 4);
    assert_eq!(one.images, ["a", "b", "c"]);
}

#[test]
fn all_paths_of_a_duplicate_are_counted() {
    let names: Vec<String> = (0..20).map(|number| format!("licenses/{number}")).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), Some("license"))).collect();
    let figures = of(&[&entries, &entries[..1], &[("own", Some("license"))]], &[("a", &[0, 1, 2])]);
    let one = &figures.duplicated[0];
    assert_eq!((one.path_count, one.paths.len(), one.layers.len()), (21, 8, 3));
    assert_eq!(one.images, ["a"]);
}

#[test]
fn an_image_may_have_a_layer_twice() {
    let figures = of(&[BASE, &[]], &[("x", &[0, 1, 1])]);
    let (base, empty) = (layer(BASE).len() as u64, layer(&[]).len() as u64);
    assert_eq!((figures.totals.image_bytes, figures.totals.uses), (base + empty, 3));
    assert!(figures.totals.reuse.abs() < f64::EPSILON);
}

#[test]
fn nothing_is_nothing() {
    let figures = of(&[], &[]);
    assert_eq!(figures, Figures::default());
    assert_eq!(changes(&figures, &figures)[0].times, None);
}

#[test]
fn a_percentage_holds_at_its_value() {
    for percent in (0..=10_000).map(|hundredths| f64::from(hundredths) / 100.0) {
        let mut figures = Figures::default();
        figures.totals.reuse = rounded(percent / 100.0);
        let limits = |percent: f64| Limits { reuse: Some(percent / 100.0), ..Limits::default() };
        assert_eq!(limits(percent).exceeded(&figures), [], "{percent}");
        assert_eq!(limits(percent + 0.01).exceeded(&figures).len(), 1, "{percent}");
    }
}

#[test]
fn limits_hold_up_to_their_value() {
    let figures = of(
        &[BASE, &[("app/a", Some("0123456789")), ("etc/motd", Some("hello"))]],
        &[("a", &[0, 1]), ("b", &[0])],
    );
    let totals = &figures.totals;
    let at = Limits {
        stored: Some(totals.stored_bytes),
        image: Some(totals.largest_image_bytes),
        disk: Some(totals.disk_bytes),
        duplicated: Some(totals.duplicated_bytes),
        wasted: Some(totals.wasted_bytes),
        layers: Some(2),
        reuse: Some(totals.reuse),
    };
    assert_eq!(at.exceeded(&figures), []);
    let below = |limit: Option<u64>| limit.map(|limit| limit - 1);
    let under = Limits {
        stored: below(at.stored),
        image: below(at.image),
        disk: below(at.disk),
        duplicated: below(at.duplicated),
        wasted: below(at.wasted),
        layers: below(at.layers),
        reuse: at.reuse.map(|part| part + 0.01),
    };
    let exceeded = under.exceeded(&figures);
    let names: Vec<&str> = exceeded.iter().map(|one| one.limit).collect();
    let all =
        ["max-stored", "max-image", "max-disk", "min-reuse", "max-duplicated", "max-wasted", "max-layers"];
    assert_eq!(names, all);
    assert!(exceeded.iter().all(|one| !one.worst.is_empty()), "{exceeded:?}");
    // Only what is over the limit is to blame for an image.
    assert_eq!(exceeded[1].worst.iter().map(|one| one.what.as_str()).collect::<Vec<_>>(), ["a"]);
}
