//! What images have and cannot show.

use super::*;
use crate::made::linked;

/// What is hidden, and why.
fn hidden(figures: &Figures) -> Vec<(&str, How, &str)> {
    let mut all: Vec<_> =
        figures.wasted.iter().map(|one| (one.path.as_str(), one.how, one.by.as_str())).collect();
    all.sort_unstable_by_key(|(path, ..)| *path);
    all
}

#[test]
fn what_higher_layers_hide_is_wasted() {
    let figures = of(
        &[
            &[
                ("app/", None),
                ("app/changed", Some("before")),
                ("app/same", Some("same")),
                ("app/gone", Some("gone")),
                ("app/kept", Some("kept")),
                ("cache/x/y", Some("cached")),
                ("data/old", Some("olddata")),
                ("lib/deep/file", Some("library")),
            ],
            &[
                ("app/", None),
                ("app/changed", Some("after")),
                ("app/same", Some("same")),
                ("app/.wh.gone", Some("")),
                (".wh.cache", Some("")),
                ("data/", None),
                ("data/.wh..wh..opq", Some("")),
                ("data/new", Some("new")),
                ("lib", Some("a file where a directory was")),
            ],
        ],
        &[("x", &[0, 1])],
    );
    assert_eq!(
        hidden(&figures),
        [
            ("/app/changed", How::Overwritten, "step 1"),
            ("/app/gone", How::Removed, "step 1"),
            ("/app/same", How::WrittenAgain, "step 1"),
            ("/cache/x/y", How::Removed, "step 1"),
            ("/data/old", How::Removed, "step 1"),
            ("/lib/deep/file", How::Removed, "step 1"),
        ]
    );
    let bytes = 6 + 4 + 4 + 6 + 7 + 7;
    assert_eq!((figures.totals.wasted_bytes, figures.images["x"].wasted_bytes), (bytes, bytes));
    assert_eq!(figures.wasted[0].bytes, 7);
}

#[test]
fn what_comes_back_hides_what_was_there_before() {
    let layers: [Entries<'_>; 4] = [
        &[("a/f", Some("first"))],
        &[(".wh.a", Some(""))],
        &[("a/", None), ("a/g", Some("g"))],
        &[("a/f", Some("again"))],
    ];
    let figures = of(&layers, &[("x", &[0, 1, 2, 3])]);
    assert_eq!(hidden(&figures), [("/a/f", How::Overwritten, "step 3")]);
    let figures = of(&layers, &[("x", &[0, 1, 2])]);
    assert_eq!(hidden(&figures), [("/a/f", How::Removed, "step 1")]);
    // A directory over a directory hides nothing.
    assert_eq!(hidden(&of(&layers, &[("x", &[0, 2])])), []);
}

#[test]
fn what_several_images_hide_is_wasted_once() {
    let layers: [Entries<'_>; 3] = [&[("f", Some("12345"))], &[("f", Some("a"))], &[(".wh.f", Some(""))]];
    let figures = of(&layers, &[("a", &[0, 1]), ("b", &[0, 2]), ("c", &[0])]);
    assert_eq!((figures.totals.wasted_bytes, figures.totals.wasted_files), (5, 1));
    assert_eq!(figures.wasted[0].images, ["a", "b"]);
    assert_eq!(figures.images["b"].wasted_bytes, 5);
    assert_eq!(figures.images["c"].wasted_bytes, 0);
}

#[test]
fn a_file_is_hidden_when_all_of_its_names_are() {
    let below = linked(&[("bin/a", Some("12345"))], &[("bin/b", "bin/a"), ("bin/c", "bin/b")]);
    let first = layer(&[("bin/.wh.a", Some(""))]);
    let rest = layer(&[("bin/b", Some("other")), ("bin/.wh.c", Some(""))]);
    let figures = of_archives(&[below, first, rest], &[("x", &[0, 1]), ("y", &[0, 1, 2]), ("z", &[0, 2])]);
    assert_eq!(hidden(&figures), [("/bin/a", How::Removed, "step 1")]);
    assert_eq!(figures.wasted[0].images, ["y"]);
    let wasted: Vec<u64> = figures.images.values().map(|image| image.wasted_bytes).collect();
    assert_eq!((wasted, figures.totals.wasted_bytes), (vec![0, 5, 0], 5));
}

#[test]
fn an_image_and_the_sum_agree() {
    // A path twice in one layer: the last one is there.
    let twice: Entries<'_> = &[("a", Some("first")), ("a", Some("the last"))];
    let layers: [Entries<'_>; 3] = [twice, &[(".wh.a", Some(""))], &[("b", Some("b"))]];
    let figures = of(&layers, &[("x", &[0, 1])]);
    assert_eq!((figures.totals.wasted_bytes, figures.images["x"].wasted_bytes), (8, 8));
    assert_eq!((figures.totals.wasted_files, figures.totals.disk_bytes), (1, 8));
    // A layer twice in one image: stored once, and wasted if the higher one is hidden.
    for (numbers, bytes) in [(&[0, 2, 0][..], 0), (&[0, 1, 0], 0), (&[0, 0, 0, 1], 8)] {
        let figures = of(&layers, &[("x", numbers)]);
        assert_eq!(
            (figures.totals.wasted_bytes, figures.images["x"].wasted_bytes),
            (bytes, bytes),
            "{numbers:?}"
        );
    }
}
