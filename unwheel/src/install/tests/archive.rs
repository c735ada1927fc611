//! Archives that mean ill, or are none.

use super::*;

#[test]
fn unwheel_refuses_entries_that_are_not_plain_files() {
    let bad = |entry: Entry| {
        let places = Places::new();
        let found = messages(places.install(&[&Made::new("bad").file("a.py", "").raw(entry)]));
        assert!(places.is_untouched(), "{found:?}");
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].strip_prefix("bad-1.0-py3-none-any.whl: ").expect("the wheel").to_owned()
    };
    let plain = || Entry::new("x", b"x");
    for name in [
        "bad-1.0.data/scripts/../../x",
        "bad-1.0.data/data/../../../x",
        "bad-1.0.data/scripts//x",
        "../x",
        "/x",
        "a/../../x",
        "C:\\x",
        "a\\..\\..\\x",
        "..",
        "a/./b",
    ] {
        let found = bad(Entry::new(name, b"x"));
        assert!(found.contains("the entry's name "), "{name}: {found}");
    }
    let link = Entry { mode: 0o120_777, ..Entry::new("x", b"/etc/passwd") };
    assert_eq!(bad(link), "x: the entry is a symlink, expected a file or a directory");
    let device = Entry { mode: 0o020_666, ..plain() };
    assert_eq!(bad(device), "x: the entry is a device, socket or pipe, expected a file or a directory");
    assert_eq!(bad(Entry { flags: 1, ..plain() }), "x: the entry is encrypted");
    assert_eq!(
        bad(Entry { method: 12, ..plain() }),
        "x: the entry is compressed by method 12, expected none or deflate"
    );
    assert_eq!(bad(Entry::new("a.py", b"")), "a.py: the entry is there twice");
    assert_eq!(bad(Entry { mode: 0o40_755, ..Entry::new("a.py/", b"") }), "a.py/: the entry is there twice");
    assert_eq!(
        bad(Entry { local_name: Some(b"y".to_vec()), ..plain() }),
        "x: the entry has another name in the archive's directory than before its data"
    );
    assert_eq!(
        bad(Entry { mode: 0o40_755, ..Entry::new("d/", b"x") }),
        "d/: the entry is a directory with data"
    );
}

#[test]
fn unwheel_refuses_entries_that_share_their_data() {
    let places = Places::new();
    let mut bomb = Made::new("bad").file("a", &"0".repeat(1000));
    let shared = bomb.entries.len() - 1;
    bomb = bomb.raw(Entry { data_of: Some(shared), ..Entry::new("b", "0".repeat(1000).as_bytes()) });
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
        let made = Made::new("bad").raw(Entry { size: Some(size), ..Entry::new("a", data.as_bytes()) });
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
    let empty = save(places.wheels.path(), "x-1-py3-none-any.whl", &zip::write(&[]).expect("empty"));
    let found = messages(install(&[empty], &slim(), places.root.path()));
    assert_eq!(found, ["x-1-py3-none-any.whl: there is no .dist-info directory"]);
    assert!(places.is_untouched());
}

#[test]
fn unwheel_bounds_what_it_holds_of_an_archive() {
    let places = Places::new();
    let within = |made: &Made, limits: Limits| {
        let wheel = made.save(places.wheels.path());
        messages(install_within(&limits, &[wheel], &slim(), places.root.path()))
    };
    let many = (0..2000).fold(Made::new("bad"), |made, number| made.file(&format!("d/{number:0200}"), ""));
    let found = within(&many, Limits { names: 100_000, ..Limits::default() });
    assert_eq!(found, ["bad-1.0-py3-none-any.whl: has names of more than 100000 bytes in all"]);
    let record = Made::new("bad").record() + &"x,,\n".repeat(1000);
    let rows = Made::new("bad").info_file("RECORD", &record);
    let found = within(&rows, Limits { entries: 10, ..Limits::default() });
    assert!(
        found[0].ends_with("dist-info/RECORD: has more than 10 rows, as many as there may be entries"),
        "{found:?}"
    );
    let points =
        (0..11).fold("[console_scripts]\n".to_owned(), |text, number| text + &format!("s{number} = a:b\n"));
    let scripts = Made::new("bad").info_file("entry_points.txt", &points);
    let found = within(&scripts, Limits { scripts: 10, ..Limits::default() });
    let expected =
        "bad-1.0-py3-none-any.whl: bad-1.0.dist-info/entry_points.txt: wants 11 scripts, expected at most 10";
    assert_eq!(found, [expected]);
    let long = Made::new("bad").raw(Entry::new(&"x".repeat(60_000), ""));
    assert!(within(&long, Limits::default())[0].len() < 1000, "what is refused is not printed whole");
    assert!(places.is_untouched());
}

#[test]
fn unwheel_does_not_wait_for_a_pipe() {
    let places = Places::new();
    let path = places.wheels.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let wheel = WheelFile { path, filename: "x-1-py3-none-any.whl".to_owned() };
    let found = messages(install(&[wheel], &slim(), places.root.path()));
    assert_eq!(found, ["x-1-py3-none-any.whl: cannot be read: it is no regular file"]);
}
