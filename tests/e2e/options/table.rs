//! The page of options names a test for each row, and each test here has its row.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use harness::place::workspace;

const HEAD: &str = "| option | behaviour | Dockerfile frontend | test |";

/// Names of the test functions of a directory's files, at any depth.
fn tests(dir: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            tests(&path, names);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut marked = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn ").filter(|_| marked) {
                names.insert(name.split('(').next().unwrap().to_owned());
            }
            marked = line == "#[test]";
        }
    }
}

fn all(dir: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    tests(&workspace().join("tests/e2e").join(dir), &mut names);
    names
}

/// The rows of the page's tables, as cells.
fn rows() -> Vec<Vec<String>> {
    let page = fs::read_to_string(workspace().join("docs/reference/options.md")).unwrap();
    let rows =
        page.lines().filter(|line| line.starts_with('|') && *line != HEAD && !line.starts_with("|---"));
    // A `|` in a cell is written `\|`.
    let cells = |row: &str| -> Vec<String> {
        let row = row.replace("\\|", "\u{1}");
        row.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn the_page_names_tests_that_are_there() {
    let tests = all(".");
    let rows = rows();
    assert!(rows.len() >= 25, "found {} rows", rows.len());
    for row in &rows {
        assert_eq!(row.len(), 4, "option, behaviour, Dockerfile frontend, test: {row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        for name in row[3].split(", ") {
            let name = name.trim_matches('`');
            assert!(tests.contains(name), "no test {name:?} in tests/e2e");
        }
    }
}

#[test]
fn every_test_of_an_option_is_on_the_page() {
    let named: BTreeSet<String> = rows()
        .iter()
        .flat_map(|row| row[3].split(", "))
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    let of_the_page = ["the_page_names_tests_that_are_there", "every_test_of_an_option_is_on_the_page"];
    let missing: Vec<String> = all("options")
        .into_iter()
        .filter(|name| !named.contains(name) && !of_the_page.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?} in docs/reference/options.md");
}
