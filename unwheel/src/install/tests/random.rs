//! Whatever the bytes are, nothing outside of the root changes.

use proptest::prelude::*;

use super::*;

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
    fn unwheel_survives_any_record(record in "([a-z/.\",\r\n=-]|sha256=|a.py|\u{0}){0,60}", points in "([a-z/.=:\\[\\] \n-]|[.]{2}/|[\\[]console_scripts[\\]]\n){0,40}") {
        let made = Made::new("Some_Pkg").file("a.py", "").info_file("entry_points.txt", &points);
        let _ = stays_inside(&made.bytes());
        let _ = stays_inside(&made.info_file("RECORD", &record).bytes());
    }

    #[test]
    fn unwheel_reads_or_refuses_any_file_name(name in "([a-z0-9._/\\-]|py3|none|any|[.]whl|.){0,20}") {
        let _ = name.parse::<crate::WheelName>();
        let _ = format!("a-1-{name}-py3-none-any.whl").parse::<crate::WheelName>();
    }

    #[test]
    fn unwheel_survives_any_names(names in proptest::collection::vec("(\\.\\.?|a|/|\\\\|\u{0}|C:|[a-z./]{1,6}|.){1,5}", 1..4)) {
        let mut made = everything();
        for name in &names {
            made = made.raw(Entry::new(name, b"x"));
        }
        let _ = stays_inside(&made.bytes());
    }
}
