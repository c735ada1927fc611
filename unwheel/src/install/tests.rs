//! Good wheels, and each kind of bad one by the message it gives.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::made::{Made, Raw, listing, save, zip};
use crate::scheme::tests::slim;

const LIB: &str = "usr/local/lib/python3.12/site-packages";

/// A place for wheels and one for the tree.
struct Places {
    wheels: tempfile::TempDir,
    root: tempfile::TempDir,
}

impl Places {
    fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        Self { wheels: folder(), root: folder() }
    }

    fn install(&self, made: &[&Made]) -> Result<Installed, Vec<Problem>> {
        let wheels: Vec<WheelFile> = made.iter().map(|made| made.save(self.wheels.path())).collect();
        install(&wheels, &slim(), self.root.path())
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).expect(path)
    }

    fn is_untouched(&self) -> bool {
        fs::read_dir(self.root.path()).expect("a folder").next().is_none()
    }
}

fn messages(result: Result<Installed, Vec<Problem>>) -> Vec<String> {
    result.expect_err("an error").iter().map(ToString::to_string).collect()
}

/// One of everything that a wheel may have.
fn everything() -> Made {
    Made::new("Some_Pkg")
        .file("some_pkg/__init__.py", "x = 1\n")
        .executable("some_pkg/tool", "#!/bin/sh\n")
        .file("some_pkg.pth", "import x\n")
        .file("name, with \"quotes\".txt", "x")
        .raw(Raw { mode: 0o40_755, method: 0, ..Raw::new("some_pkg/empty/", b"") })
        .raw(Raw { method: 0, ..Raw::new("some_pkg/stored", b"stored") })
        .file("Some_Pkg-1.0.data/purelib/pure.py", "")
        .file("Some_Pkg-1.0.data/platlib/plat.py", "p")
        .file("Some_Pkg-1.0.data/data/share/x/y", "data")
        .file("Some_Pkg-1.0.data/headers/a.h", "header")
        .file("Some_Pkg-1.0.data/scripts/run", "#!python\nprint()\n")
        .file("Some_Pkg-1.0.data/scripts/shell", "#!/bin/sh\n")
        .file("Some_Pkg-1.0.data/scripts/cons", "a wrapper of setuptools")
        .info_file("INSTALLER", "somebody")
        .info_file(
            "entry_points.txt",
            "[console_scripts]\ncons = some_pkg:main\n[gui_scripts]\ngui=some_pkg.g:A.b\n",
        )
}

#[test]
fn unwheel_installs_each_part_of_a_wheel_where_it_belongs() {
    let places = Places::new();
    let installed = places.install(&[&everything()]).expect("installed");
    assert_eq!(installed.warnings, []);
    let wheel = &installed.wheels[0];
    assert_eq!((wheel.name.as_str(), wheel.version.as_str(), wheel.files), ("some-pkg", "1.0", 18));

    assert_eq!(places.text(&format!("{LIB}/some_pkg/__init__.py")), "x = 1\n");
    assert_eq!(places.text(&format!("{LIB}/pure.py")), "");
    assert_eq!(places.text("usr/local/share/x/y"), "data");
    assert_eq!(places.text("usr/local/include/python3.12/some-pkg/a.h"), "header");
    assert_eq!(places.text("usr/local/bin/run"), "#!/usr/local/bin/python3\nprint()\n");
    assert!(places.text("usr/local/bin/cons").ends_with("sys.exit(main())\n"));
    assert!(places.text("usr/local/bin/gui").contains("from some_pkg.g import A\n"));
    assert_eq!(places.text(&format!("{LIB}/Some_Pkg-1.0.dist-info/INSTALLER")), "layerset\n");
    assert!(!places.root.path().join(LIB).join("some_pkg/empty").exists());

    let record = places.text(&format!("{LIB}/Some_Pkg-1.0.dist-info/RECORD"));
    let digest = sha256(b"#!/usr/local/bin/python3\nprint()\n");
    assert!(record.contains(&format!("../../../bin/run,{digest},33\r\n")), "{record}");
    assert!(record.contains("\"name, with \"\"quotes\"\".txt\","), "{record}");
    assert!(record.contains("\r\nSome_Pkg-1.0.dist-info/RECORD,,\r\n"), "{record}");
    assert!(record.contains(&format!("Some_Pkg-1.0.dist-info/INSTALLER,{},9\r\n", sha256(b"layerset\n"))));
    assert!(!record.contains(".data/"), "{record}");
    assert_eq!(record.lines().count(), 18);
}

#[test]
fn unwheel_gives_the_same_bytes_modes_and_times_as_ever() {
    let places = Places::new();
    places.install(&[&everything(), &Made::new("other").file("other.py", "")]).expect("installed");
    let listing = listing(places.root.path());
    assert!(listing.contains("/usr 755 315532800.0 directory\n"), "{listing}");
    assert!(listing.contains("/usr/local/bin/shell 755 315532800.0 10 "), "{listing}");
    assert!(listing.contains("/some_pkg/tool 755 315532800.0 10 "), "{listing}");
    assert!(listing.contains("/some_pkg/stored 644 315532800.0 6 "), "{listing}");
    // The root's own mode is its maker's.
    let below: String = listing.lines().skip(1).flat_map(|line| [line, "\n"]).collect();
    // Other bytes here are other layers for every user: change it only on purpose.
    assert_eq!(sha256(below.as_bytes()), "sha256=Hmz3bj3c6_iNKCpjEsFhP8GPsVSaCNwgAip7A4bn8XY", "{below}");
}

#[test]
fn unwheel_ignores_how_the_archive_was_packed() {
    let (one, two) = (Places::new(), Places::new());
    let mut packed = everything();
    one.install(&[&packed]).expect("installed");
    packed.entries.reverse();
    packed.entries.iter_mut().for_each(|entry| entry.method = 0);
    let record = everything().record();
    two.install(&[&packed.info_file("RECORD", &record)]).expect("installed");
    let below = |places: &Places| listing(places.root.path()).split_once('\n').expect("lines").1.to_owned();
    assert_eq!(below(&one), below(&two));
}

#[test]
fn unwheel_lets_the_later_wheel_have_a_path_and_warns() {
    let places = Places::new();
    let one = Made::new("one").file("ns/__init__.py", "same").file("ns/a.py", "1");
    let two = Made::new("two").file("ns/__init__.py", "same").file("ns/a.py", "22");
    let installed = places.install(&[&one, &two]).expect("installed");
    let warnings: Vec<String> = installed.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [format!(
            "/{LIB}/ns/a.py: one-1.0-py3-none-any.whl and two-1.0-py3-none-any.whl have it with different bytes, \
             that of two-1.0-py3-none-any.whl is installed"
        )]
    );
    assert_eq!(places.text(&format!("{LIB}/ns/a.py")), "22");
    let record = places.text(&format!("{LIB}/one-1.0.dist-info/RECORD"));
    assert!(record.contains(&format!("ns/a.py,{},1\r\n", sha256(b"1"))), "{record}");
}

#[test]
fn unwheel_checks_the_files_that_lose_their_path() {
    let places = Places::new();
    let mut one = Made::new("one").file("a.py", "1");
    let record = one.record();
    one.entries.last_mut().expect("an entry").data = b"2".to_vec();
    let two = Made::new("two").file("a.py", "1");
    let found = messages(places.install(&[&one.info_file("RECORD", &record), &two]));
    assert_eq!(found, ["one-1.0-py3-none-any.whl: a.py: has another sha256 than RECORD says"]);
}

#[test]
fn unwheel_refuses_entries_that_are_not_plain_files() {
    let bad = |entry: Raw| {
        let places = Places::new();
        let found = messages(places.install(&[&Made::new("bad").file("a.py", "").raw(entry)]));
        assert!(places.is_untouched(), "{found:?}");
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].strip_prefix("bad-1.0-py3-none-any.whl: ").expect("the wheel").to_owned()
    };
    let plain = || Raw::new("x", b"x");
    for name in ["../x", "/x", "a/../../x", "C:\\x", "a\\..\\..\\x", "..", "a/./b"] {
        let found = bad(Raw::new(name, b"x"));
        assert!(found.contains("the entry's name "), "{name}: {found}");
    }
    let link = Raw { mode: 0o120_777, ..Raw::new("x", b"/etc/passwd") };
    assert_eq!(bad(link), "x: the entry is a symlink, expected a file or a directory");
    let device = Raw { mode: 0o020_666, ..plain() };
    assert_eq!(bad(device), "x: the entry is a device, socket or pipe, expected a file or a directory");
    assert_eq!(bad(Raw { flags: 1, ..plain() }), "x: the entry is encrypted");
    assert_eq!(
        bad(Raw { method: 12, ..plain() }),
        "x: the entry is compressed by method 12, expected none or deflate"
    );
    assert_eq!(bad(Raw::new("a.py", b"")), "a.py: the entry is there twice");
    assert_eq!(bad(Raw { mode: 0o40_755, ..Raw::new("a.py/", b"") }), "a.py/: the entry is there twice");
    assert_eq!(
        bad(Raw { local_name: Some(b"y".to_vec()), ..plain() }),
        "x: the entry has another name in the archive's directory than before its data"
    );
    assert_eq!(bad(Raw { mode: 0o40_755, ..Raw::new("d/", b"x") }), "d/: the entry is a directory with data");
}

#[test]
fn unwheel_refuses_entries_that_share_their_data() {
    let places = Places::new();
    let mut bomb = Made::new("bad").file("a", &"0".repeat(1000));
    let shared = bomb.entries.len() - 1;
    bomb = bomb.raw(Raw { data_of: Some(shared), ..Raw::new("b", "0".repeat(1000).as_bytes()) });
    let found = messages(places.install(&[&bomb]));
    assert!(
        found.iter().any(|found| found.contains("the entry's data overlaps with that of \"b\"")),
        "{found:?}"
    );
    assert!(places.is_untouched());
}

#[test]
fn unwheel_refuses_entries_that_are_larger_or_smaller_than_they_say() {
    for (size, data) in [(4, "12345"), (6, "12345"), (0, "12345")] {
        let places = Places::new();
        let made = Made::new("bad").raw(Raw { size: Some(size), ..Raw::new("a", data.as_bytes()) });
        let found = messages(places.install(&[&made]));
        // RECORD has the true size: already that disagrees.
        assert_eq!(found, [format!("bad-1.0-py3-none-any.whl: a: has {size} bytes, RECORD says 5")]);

        let places = Places::new();
        let record = made.record().replace(",5\r\n", ",\r\n");
        let found = messages(places.install(&[&made.info_file("RECORD", &record)]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("a: the entry's data is broken: invalid "), "{found:?}");
        let written = fs::metadata(places.root.path().join(LIB).join("a")).expect("the file").len();
        assert!(written <= u64::from(size), "never more than declared");
    }
}

#[test]
fn unwheel_refuses_bombs_before_it_unpacks_them() {
    let places = Places::new();
    let made = Made::new("bad").file("a", &"0".repeat(100_000));
    let wheel = made.save(places.wheels.path());
    let within = |limits: Limits| {
        messages(install_within(&limits, std::slice::from_ref(&wheel), &slim(), places.root.path()))
    };
    let limits = Limits::default();
    let found = within(Limits { bytes: 99_999, ..limits });
    assert!(found[0].contains("bytes, expected at most 99999"), "{found:?}");
    let found = within(Limits { free: 10_000, ratio: 20, ..limits });
    assert!(found[0].ends_with("expected at most 20 times as many"), "{found:?}");
    let found = within(Limits { entries: 3, ..limits });
    assert_eq!(found, ["bad-1.0-py3-none-any.whl: has more than 3 entries"]);
    let found = within(Limits { metadata: 10, ..limits });
    assert!(found[0].contains("the file is larger than the 10 bytes that are read of it"), "{found:?}");
    assert!(places.is_untouched());
}

#[test]
fn unwheel_refuses_a_record_that_does_not_fit() {
    let wheel = || Made::new("bad").file("a.py", "a").file("b.py", "b");
    let record = wheel().record();
    let rows = |keep: &dyn Fn(&str) -> bool| {
        record.lines().filter(|row| keep(row)).fold(String::new(), |text, row| text + row + "\n")
    };
    let cases: Vec<(String, &str)> = vec![
        (rows(&|row| !row.starts_with("a.py")), "a.py: is not listed in RECORD"),
        (record.clone() + "c.py,,\n", "c.py: is listed in RECORD but is not in the wheel"),
        (record.replace(&sha256(b"a"), ""), "a.py: is listed in RECORD without a hash"),
        (record.replace(&sha256(b"a"), &sha256(b"x")), "a.py: has another sha256 than RECORD says"),
        (
            record.replace(&sha256(b"a"), "md5=DMF1ucDxtqgxw5niaXcmYQ"),
            "a.py: has hash \"md5=DMF1ucDxtqgxw5niaXcmYQ\" in RECORD, expected sha256=, sha384= or sha512= with its digest",
        ),
        (record.clone() + "a.py,,\n", "a.py: is listed in RECORD twice, with different hashes or sizes"),
        (
            record.clone() + "a.py\n",
            "bad-1.0.dist-info/RECORD: row 6: has 1 columns, expected path, hash and size",
        ),
    ];
    for (record, message) in cases {
        let places = Places::new();
        let found = messages(places.install(&[&wheel().info_file("RECORD", &record)]));
        assert_eq!(found, [format!("bad-1.0-py3-none-any.whl: {message}")]);
    }
}

#[test]
fn unwheel_takes_record_without_its_signatures() {
    let places = Places::new();
    let made = Made::new("good").file("a.py", "a");
    let record = made.record();
    let made = made.info_file("RECORD", &record).info_file("RECORD.jws", "{}").info_file("RECORD.p7s", "x");
    places.install(&[&made]).expect("installed");
    let record = places.text(&format!("{LIB}/good-1.0.dist-info/RECORD"));
    assert!(record.contains("good-1.0.dist-info/RECORD.jws,,\r\n"), "{record}");
}

#[test]
fn unwheel_refuses_dist_info_that_is_missing_or_of_another_wheel() {
    let without = |file: &str| {
        let mut made = Made::new("bad");
        let name = format!("{}/{file}", made.info);
        made.entries.retain(|entry| entry.name != name.as_bytes());
        made
    };
    let wheel = |text: &str| Made::new("bad").info_file("WHEEL", text);
    let metadata = |text: &str| Made::new("bad").info_file("METADATA", text);
    let renamed = |filename: &str| Made { filename: filename.to_owned(), ..Made::new("bad") };
    for (made, message) in [
        (without("WHEEL"), "bad-1.0.dist-info/WHEEL: the file is missing"),
        (without("METADATA"), "bad-1.0.dist-info/METADATA: the file is missing"),
        (wheel("Root-Is-Purelib: true\n"), "bad-1.0.dist-info/WHEEL: the header Wheel-Version is missing"),
        (wheel("Wheel-Version: 2.0\n"), "bad-1.0.dist-info/WHEEL: Wheel-Version is \"2.0\", expected 1.x"),
        (wheel("Wheel-Version: 1.x\n"), "bad-1.0.dist-info/WHEEL: Wheel-Version is \"1.x\", expected 1.x"),
        (metadata("Version: 1.0\n"), "bad-1.0.dist-info/METADATA: the header Name is missing"),
        (
            metadata("Name: other\nVersion: 1\n"),
            "bad-1.0.dist-info/METADATA: Name is \"other\", the file name says \"bad\"",
        ),
        (
            metadata("Name: bad\nVersion: 1.1\n"),
            "bad-1.0.dist-info/METADATA: Version is \"1.1\", the file name says \"1.0\"",
        ),
        (
            Made::new("bad").file("other-1.0.dist-info/x", ""),
            "there are several .dist-info directories: bad-1.0.dist-info, other-1.0.dist-info",
        ),
        (
            Made::new("bad").file("bad-1.0.data/nowhere/x", ""),
            "bad-1.0.data/nowhere/x: the .data directory has no such scheme key, expected purelib, platlib, scripts, data or headers",
        ),
        (
            Made::new("bad").info_file("entry_points.txt", "[console_scripts]\n../x = a:b\n"),
            "bad-1.0.dist-info/entry_points.txt: line 2: found script name \"../x\", expected the name of a file without spaces",
        ),
    ] {
        let places = Places::new();
        let found = messages(places.install(&[&made]));
        assert_eq!(found, [format!("bad-1.0-py3-none-any.whl: {message}")]);
        assert!(places.is_untouched());
    }
    let found = messages(Places::new().install(&[&renamed("bad-1.1-py3-none-any.whl")]));
    assert_eq!(
        found,
        [
            "bad-1.1-py3-none-any.whl: the .dist-info directory is \"bad-1.0.dist-info\", the file name says \"bad-1.1.dist-info\""
        ]
    );
    // The same version in another spelling.
    Places::new().install(&[&renamed("BAD-1.0.0-py3-none-any.whl")]).expect("installed");
}

#[test]
fn unwheel_refuses_what_is_no_archive() {
    let whole = everything().bytes();
    let places = Places::new();
    for bytes in [&b""[..], b"PK", &whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
        let wheel = save(places.wheels.path(), "Some_Pkg-1.0-py3-none-any.whl", bytes);
        let found = messages(install(&[wheel], &slim(), places.root.path()));
        assert!(found[0].contains("is no zip archive, or is cut short: "), "{found:?}");
    }
    let missing =
        WheelFile { path: places.wheels.path().join("x"), filename: "x-1-py3-none-any.whl".to_owned() };
    let found = messages(install(&[missing], &slim(), places.root.path()));
    assert!(found[0].starts_with("x-1-py3-none-any.whl: cannot be read: "), "{found:?}");
    let empty = save(places.wheels.path(), "x-1-py3-none-any.whl", &zip(&[]));
    let found = messages(install(&[empty], &slim(), places.root.path()));
    assert_eq!(found, ["x-1-py3-none-any.whl: there is no .dist-info directory"]);
    assert!(places.is_untouched());
}

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
    let bad = |name: &str| Made::new(name).raw(Raw::new("../x", b"")).raw(Raw::new("/y", b""));
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

fn sha256(bytes: &[u8]) -> String {
    record::sha256_text(&Sha256::digest(bytes))
}

/// Installs bytes below a folder of its own; whatever they are, nothing else changes.
fn stays_inside(bytes: &[u8]) -> Result<Installed, Vec<Problem>> {
    let outer = tempfile::tempdir().expect("a folder");
    let root = outer.path().join("a/b/root");
    fs::create_dir_all(&root).expect("folders");
    let wheel = save(outer.path(), "Some_Pkg-1.0-py3-none-any.whl", bytes);
    let result = install(&[wheel], &slim(), &root);
    let count = |path: &Path| fs::read_dir(path).expect("a folder").count();
    assert_eq!(count(outer.path()), 2, "the wheel and a");
    assert_eq!(count(&outer.path().join("a")), 1);
    assert_eq!(count(&outer.path().join("a/b")), 1);
    result
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn unwheel_survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(stays_inside(&bytes).is_err());
    }

    /// Broken in a few places; most are noticed, none does harm.
    #[test]
    fn unwheel_survives_broken_wheels(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = everything().bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = stays_inside(&bytes);
    }

    #[test]
    fn unwheel_survives_any_names(names in proptest::collection::vec("(\\.\\.?|a|/|\\\\|\u{0}|C:|[a-z./]{1,6}|.){1,5}", 1..4)) {
        let mut made = everything();
        for name in &names {
            made = made.raw(Raw::new(name, b"x"));
        }
        let _ = stays_inside(&made.bytes());
    }
}
