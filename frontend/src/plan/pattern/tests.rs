use proptest::prelude::*;

use super::*;

fn matches(pattern: &str, path: &str) -> bool {
    Matcher::new(&[pattern]).unwrap().matches(path)
}

#[test]
fn one_pattern() {
    for (pattern, path, expected) in [
        ("**", "file", true),
        ("**", "a/b", true),
        ("**/**", "a/b", true),
        ("dir/**", "dir/file", true),
        ("dir/**", "dir", false),
        ("dir/**", "dirt/file", false),
        ("**/dir2/*", "a/dir2/file", true),
        ("**/dir2/*", "dir2/a/b", true),
        ("**/dir2/*", "dir2", false),
        ("a**/b", "aa/x/b", true),
        ("a**/b", "ab", true),
        ("**file", "a/myfile", true),
        ("**/file", "a/myfile", false),
        ("**/file", "a/file", true),
        ("**/file", "file", true),
        ("**/file", "file/below", true),
        ("*.py", "a.py", true),
        ("*.py", "x/a.py", false),
        ("**/*.py", "x/y/a.py", true),
        ("**/*.py", "a.pyc", false),
        ("**/*.py", "d.py/anything", true),
        ("*", "a/b", true),
        ("a/*", "a", false),
        ("a/*/c", "a/b/c/d", true),
        ("a/*/c", "a/b/d/c", false),
        ("a/**/c", "a/c", true),
        ("a/**/c", "a/x/y/c", true),
        ("a/**/c", "ac", false),
        ("?", "é", true),
        ("?", "/", false),
        ("a?b", "a/b", false),
        ("[a-c]x", "bx", true),
        ("[a-c]x", "dx", false),
        ("[^a-c]x", "dx", true),
        // It is an expression, so "not a to c" holds for a slash too.
        ("d[^a-c]x", "d/x", true),
        // And "!" in brackets is a character.
        ("[!a]", "!", true),
        ("[!a]", "b", false),
        ("a\\*b", "a*b", true),
        ("a\\*b", "axb", false),
        ("\\!a", "!a", true),
        ("\\d", "7", true),
        ("[[:digit:]]", "7", true),
        ("a.b", "axb", false),
        ("a.*", "a.b", true),
        ("a.*", "axb", false),
        ("a+(b)|{c}$", "a+(b)|{c}$", true),
        ("a+*", "aab", false),
        ("a^b", "a^b", true),
        ("[ ]a[ ]", " a ", true),
        ("  a  ", "a", true),
        ("./a//b/../c/", "a/c", true),
        ("/a", "a", false),
        ("a", "a/b/c", true),
        ("a", "ab", false),
    ] {
        assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
    }
}

#[test]
fn later_patterns_take_back() {
    for (patterns, path, expected) in [
        (&["**/*.md", "!README.md"][..], "README.md", false),
        (&["**/*.md", "!README.md"], "docs/README.md", true),
        (&["!README.md", "**/*.md"], "README.md", true),
        (&["docs", "!docs/keep"], "docs/keep/x", false),
        (&["docs", "!docs/keep"], "docs/other", true),
        (&["docs", "!docs/keep", "docs/keep/not"], "docs/keep/not", true),
        (&["*", "!a", "a/b"], "a/b/c", true),
        (&["*", "!a", "a/b"], "a/c", false),
        // The second "a" was not looked at for "a" itself, so it is not known below.
        (&["a", "!a/b", "a"], "a/b", false),
    ] {
        assert_eq!(Matcher::new(patterns).unwrap().matches(path), expected, "{patterns:?} {path}");
    }
}

#[test]
fn bad_patterns() {
    for pattern in ["[", "a\\", "[]", "[a", "[-a]", "[a-]", "!", "[[:none:]]", "[b-a]x"] {
        assert_eq!(Matcher::new(&[pattern]).err(), Some(BadPattern(pattern.to_owned())));
    }
    assert!(Matcher::new(&["", "  "]).unwrap().rules.is_empty());
}

#[test]
fn a_name_made_plain_matches_itself_alone() {
    for name in ["a b", " a ", "!x", "x[1]*?", "back\\slash", "ü^$.+"] {
        let pattern = super::super::path::escape(name);
        assert!(matches(&pattern, name), "{pattern}");
        assert!(!matches(&pattern, "x1"), "{pattern}");
    }
}

#[test]
fn what_a_filter_says_of_whole_directories() {
    let filter = |include: &[&str], exclude: &[&str]| {
        let list = |patterns: &[&str]| patterns.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
        Filter::new(&list(include), &list(exclude)).unwrap()
    };
    let says = |filter: &Filter, directory: &str| {
        let place = filter.enter(directory, &Place::default());
        (filter.none_below(directory, &place), filter.all_below(directory, &place))
    };
    assert_eq!(says(&filter(&["a"], &[]), "a"), (false, true));
    assert_eq!(says(&filter(&["a"], &[]), "b"), (true, false));
    assert_eq!(says(&filter(&["b/c"], &[]), "b"), (false, false));
    assert_eq!(says(&filter(&["**/x"], &[]), "b"), (false, false));
    assert_eq!(says(&filter(&[], &["a/x"]), "b"), (false, true));
    assert_eq!(says(&filter(&[], &["b"]), "b"), (true, false));
    assert_eq!(says(&filter(&[], &["b", "!b/c"]), "b"), (false, false));
    assert_eq!(says(&filter(&[], &["b", "!c/d"]), "b"), (true, false));
}

/// Pieces that patterns and paths are made of, so that they often meet.
fn patterns() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        Just("a"),
        Just("b"),
        Just("*"),
        Just("?"),
        Just("**"),
        Just("/"),
        Just("[ab]"),
        Just("."),
        Just("é"),
    ];
    let pattern = (any::<bool>(), proptest::collection::vec(piece, 1..7))
        .prop_map(|(back, pieces)| format!("{}{}", if back { "!" } else { "" }, pieces.concat()));
    proptest::collection::vec(pattern, 0..5)
}

fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a"), Just("b"), Just("ab"), Just("é"), Just("a.b")];
    proptest::collection::vec(name, 1..5).prop_map(|names| names.join("/"))
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,12}", path in "\\PC{0,12}") {
        if let Ok(matcher) = Matcher::new(&[text]) {
            let _ = (matcher.matches(&path), matcher.can_match_below(&path));
        }
    }

    /// The index of plain lists says what the list says, pattern by pattern.
    #[test]
    fn the_index_changes_nothing(patterns in patterns(), path in path()) {
        let plain: Vec<&String> = patterns.iter().filter(|pattern| !pattern.starts_with('!')).collect();
        let Ok(all) = Matcher::new(&plain) else { return Ok(()) };
        let single = plain.iter().any(|pattern| matches(pattern, &path));
        prop_assert_eq!(all.matches(&path), single);
    }

    /// What is said of whole directories holds for everything in them.
    #[test]
    fn shortcuts_are_right(include in patterns(), exclude in patterns(), path in path(), more in path()) {
        let Ok(filter) = Filter::new(&include, &exclude) else { return Ok(()) };
        let down = |path: &str, from: Place, base: &str| {
            path.split('/').fold((from, base.to_owned()), |(place, above), name| {
                let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
                (filter.enter(&path, &place), path)
            }).0
        };
        let place = down(&path, Place::default(), "");
        let below = down(&more, place.clone(), &path);
        if filter.none_below(&path, &place) {
            prop_assert!(!below.kept());
        }
        if filter.all_below(&path, &place) {
            prop_assert!(below.kept());
        }
    }
}
