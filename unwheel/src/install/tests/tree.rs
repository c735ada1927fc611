//! Trees that cannot be, and links that lead out of them.

use super::*;

#[test]
fn unwheel_refuses_trees_that_cannot_be() {
    let places = Places::new();
    let (one, two) = (Made::new("one").file("a", ""), Made::new("two").file("a/b", ""));
    let found = messages(places.install(&[&one, &two]));
    assert_eq!(
        found,
        [format!("one-1.0-py3-none-any.whl: /{LIB}/a: is a file where /{LIB}/a/b needs a directory")]
    );
    let found = messages(places.install(&[&one, &one]));
    assert_eq!(
        found,
        [
            "one-1.0-py3-none-any.whl: is the same distribution as one-1.0-py3-none-any.whl, expected each distribution once"
        ]
    );
    assert!(places.is_untouched());
}

#[test]
fn unwheel_reports_the_problems_of_all_wheels_at_once() {
    let places = Places::new();
    let bad = |name: &str| Made::new(name).raw(Entry::new("../x", b"")).raw(Entry::new("/y", b""));
    let found = messages(places.install(&[&bad("one"), &Made::new("good"), &bad("two")]));
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn unwheel_never_follows_a_link_out_of_the_root() {
    let places = Places::new();
    let outside = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(outside.path(), places.root.path().join("usr")).expect("a link");
    let found = messages(places.install(&[&everything()]));
    assert_eq!(found, ["/usr: cannot be written: something that is no directory is there"]);
    assert!(fs::read_dir(outside.path()).expect("a folder").next().is_none());

    let places = Places::new();
    let target = outside.path().join("target");
    fs::create_dir_all(places.root.path().join(LIB)).expect("folders");
    std::os::unix::fs::symlink(&target, places.root.path().join(LIB).join("some_pkg.pth")).expect("a link");
    let found = messages(places.install(&[&everything()]));
    assert!(found[0].contains("some_pkg.pth: cannot be written: "), "{found:?}");
    assert!(!target.exists());
}
