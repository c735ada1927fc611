//! Good wheels: what is where, byte for byte.

use super::*;

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
fn unwheel_takes_names_that_differ_in_case_for_two() {
    let places = Places::new();
    places
        .install(&[&Made::new("a").file("x/README", "1").file("x/readme", "2").file("X/readme", "3")])
        .expect("ok");
    for (path, text) in [("x/README", "1"), ("x/readme", "2"), ("X/readme", "3")] {
        assert_eq!(places.text(&format!("{LIB}/{path}")), text);
    }
}

#[test]
fn unwheel_installs_below_the_root_where_a_folder_is_the_root_itself() {
    let places = Places::new();
    let wheel = everything().save(places.wheels.path());
    let scheme = Scheme { purelib: "/".to_owned(), platlib: "/".to_owned(), data: "//".to_owned(), ..slim() };
    install(&[wheel], &scheme, places.root.path()).expect("installed");
    assert_eq!(places.text("some_pkg/__init__.py"), "x = 1\n");
    assert_eq!(places.text("share/x/y"), "data");
    let record = places.text("Some_Pkg-1.0.dist-info/RECORD");
    assert!(record.contains("\r\nusr/local/bin/run,"), "{record}");
}

#[test]
fn unwheel_makes_its_own_record_whatever_the_data_directory_has_in_its_place() {
    let places = Places::new();
    let inner = "one-1.0.data/purelib/one-1.0.dist-info";
    let made =
        Made::new("one").file(&format!("{inner}/RECORD"), "lies").file(&format!("{inner}/INSTALLER"), "pip");
    places.install(&[&made]).expect("installed");
    assert_eq!(places.text(&format!("{LIB}/one-1.0.dist-info/INSTALLER")), "layerset\n");
    let record = places.text(&format!("{LIB}/one-1.0.dist-info/RECORD"));
    assert!(record.contains("one-1.0.dist-info/RECORD,,\r\n") && !record.contains(".data/"), "{record}");
}
