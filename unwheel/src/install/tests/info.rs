//! `.dist-info` that does not fit the wheel.

use super::*;

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
