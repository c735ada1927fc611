//! What holds for any selections with patterns over any tree, against a model that knows nothing of
//! regions and layers: it looks at every file and asks every selection.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its own manifest has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use layerset::manifest::{self, Inputs, Manifest};
use layerset::plan::{self, Entry, EntryKind, Facts, Figures, Listing, Plan};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

const FOLDERS: [&str; 7] = ["a", "a/b", "a/b/c", "a/d.py", "b", "b/c", "e"];
const FILES: [&str; 4] = ["x.py", "y.md", "z.py", "b.txt"];
const PATTERNS: [&str; 10] =
    ["**/*.py", "*.py", "b", "b/*", "**/c", "*/x.py", "**/y.md", "b/c/z.py", "*", "d.py/?.*"];

/// Files with their sizes, and empty folders.
#[derive(Clone, Debug)]
struct Tree {
    files: BTreeMap<String, u64>,
    empty: BTreeSet<String>,
}

/// Bytes of files that are worth a layer of their own.
const LARGE: Range<u64> = 16_000..17_000;

fn trees(sizes: Range<u64>) -> impl Strategy<Value = Tree> {
    let all: Vec<String> =
        FOLDERS.iter().flat_map(|folder| FILES.iter().map(move |file| format!("{folder}/{file}"))).collect();
    let count = all.len();
    let files = subsequence(all, 1..count);
    let sizes = prop::collection::vec(sizes, count);
    let empty = subsequence(vec!["a/empty", "a/b/nothing", "e/c", "b/d.py"], 0..4);
    (files, sizes, empty).prop_map(|(files, sizes, empty)| Tree {
        files: files.into_iter().zip(sizes).collect(),
        empty: empty.into_iter().map(str::to_owned).collect(),
    })
}

impl Tree {
    fn listing(&self) -> Listing {
        let files = self.files.iter().map(|(path, size)| Entry {
            path: path.clone(),
            kind: EntryKind::File,
            size: *size,
            mode: 0o644,
        });
        let empty = self.empty.iter().map(|path| Entry {
            path: path.clone(),
            kind: EntryKind::Directory,
            size: 0,
            mode: 0o755,
        });
        Listing::new(files.chain(empty).collect())
    }

    /// Everything that is in no other thing: files, and folders with nothing in them.
    fn leaves(&self) -> impl Iterator<Item = &String> {
        self.files.keys().chain(&self.empty)
    }
}

/// A selection as the manifest says it.
#[derive(Clone, Debug, PartialEq)]
struct Selection {
    source: String,
    moved: bool,
    include: Vec<String>,
    exclude: Vec<String>,
}

fn selections() -> impl Strategy<Value = Selection> {
    let sources = ["a", "a/b", "a/b/c", "a/d.py", "b", "e", "a/x.py", "."];
    let patterns = || {
        let some = subsequence(PATTERNS.to_vec(), 1..4);
        prop_oneof![3 => Just(Vec::new()), 2 => some]
            .prop_map(|patterns| patterns.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    (prop::sample::select(sources.to_vec()), prop::bool::weighted(0.15), patterns(), patterns()).prop_map(
        |(source, moved, include, exclude)| {
            // The engine knows no patterns for a single file.
            let kept = |patterns| if source.ends_with("x.py") { Vec::new() } else { patterns };
            Selection { source: source.to_owned(), moved, include: kept(include), exclude: kept(exclude) }
        },
    )
}

type Services = BTreeMap<String, Vec<Selection>>;

fn services() -> impl Strategy<Value = Services> {
    let one = prop::collection::vec(selections(), 1..5);
    prop::collection::vec(one, 1..5).prop_map(|all| {
        all.into_iter().enumerate().map(|(number, files)| (format!("service{number}"), files)).collect()
    })
}

impl Selection {
    fn root(&self) -> &str {
        if self.source == "." { "" } else { &self.source }
    }

    fn target(&self) -> String {
        let below = if self.moved { "/srv/moved" } else { "/app" };
        join(below, self.root())
    }

    fn written(&self) -> Value {
        let mut file = json!({"source": self.source, "target": self.target()});
        for (key, list) in [("include", &self.include), ("exclude", &self.exclude)] {
            if !list.is_empty() {
                file[key] = json!(list);
            }
        }
        file
    }
}

fn load(services: &Services) -> Manifest {
    let services: serde_json::Map<String, Value> = services
        .iter()
        .map(|(name, files)| {
            let files: Vec<Value> = files.iter().map(Selection::written).collect();
            (name.clone(), json!({"from": "scratch", "working_dir": "/app", "files": files}))
        })
        .collect();
    let text = json!({"services": services}).to_string();
    let inputs = Inputs::default();
    manifest::load("layerset.yaml", text.as_bytes(), &inputs).manifest.unwrap()
}

fn planned(services: &Services, tree: &Tree) -> (Plan, Figures) {
    let manifest = load(services);
    let listing = tree.listing();
    let sizes = |plan: &Plan| plan::measure(plan, &listing);
    let facts = Facts { listing: Some(listing.clone()), ..Facts::default() };
    let planned = plan::plan(&manifest, &facts, Vec::new());
    let figures = plan::figures(&planned, &facts, &sizes(&planned));
    (planned, figures)
}

fn join(above: &str, below: &str) -> String {
    if below.is_empty() { above.to_owned() } else { format!("{}/{below}", above.trim_end_matches('/')) }
}

// --- the model

/// Whether a pattern matches a path or something above it, name by name.
fn takes(pattern: &str, path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let pattern: Vec<&str> = pattern.split('/').collect();
    (1..=names.len()).any(|count| names_match(&pattern, &names[..count]))
}

fn names_match(pattern: &[&str], names: &[&str]) -> bool {
    match (pattern, names) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=names.len()).any(|skip| names_match(rest, &names[skip..])),
        ([first, rest @ ..], [name, others @ ..]) => name_matches(first, name) && names_match(rest, others),
        _ => false,
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => (0..=name.len()).any(|skip| name_matches(&pattern[1..], &name[skip..])),
        Some('?') => !name.is_empty() && name_matches(&pattern[1..], &name[1..]),
        Some(c) => name.strip_prefix(c).is_some_and(|rest| name_matches(&pattern[1..], rest)),
    }
}

/// Of a copy, what goes where: `(source, target)`.
fn copied(
    tree: &Tree,
    source: &str,
    target: &str,
    include: &[String],
    exclude: &[String],
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for leaf in tree.leaves() {
        let inner = if source.is_empty() {
            leaf
        } else if leaf == source {
            all.push((leaf.clone(), target.to_owned()));
            continue;
        } else if let Some(inner) = leaf.strip_prefix(source).and_then(|rest| rest.strip_prefix('/')) {
            inner
        } else {
            continue;
        };
        let taken = include.is_empty() || include.iter().any(|pattern| takes(pattern, inner));
        if taken && !exclude.iter().any(|pattern| takes(pattern, inner)) {
            all.push((leaf.clone(), join(target, inner)));
        }
    }
    all
}

fn needed(tree: &Tree, files: &[Selection]) -> BTreeSet<(String, String)> {
    let of = |s: &Selection| copied(tree, s.root(), &s.target(), &s.include, &s.exclude);
    files.iter().flat_map(of).collect()
}

/// What an image of the plan holds, as often as it does.
fn held(plan: &Plan, tree: &Tree, layers: &[usize]) -> Vec<(String, String)> {
    let parts = layers.iter().flat_map(|id| &plan.layers[*id].parts);
    let of = |part: &plan::Part| {
        let (source, patterns) = (part.source.trim_start_matches('/'), &part.patterns);
        copied(tree, source, &part.target, &patterns.include, &patterns.exclude)
    };
    let mut all: Vec<_> = parts.flat_map(of).collect();
    all.sort();
    all
}

fn ids(plan: &Plan) -> BTreeMap<String, BTreeSet<String>> {
    plan.images
        .iter()
        .map(|(name, image)| (name.clone(), image.chain.layer_ids.iter().cloned().collect()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_image_has_what_it_needs_once_and_nothing_else(services in services(), tree in trees(0..20_000)) {
        let (plan, _) = planned(&services, &tree);
        for (name, files) in &services {
            let needed: Vec<_> = needed(&tree, files).into_iter().collect();
            let held = held(&plan, &tree, &plan.images[name].chain.layers);
            prop_assert_eq!(&held, &needed, "{} of {:#?}", name, plan.layers);
        }
    }

    #[test]
    fn no_byte_is_stored_twice(services in services(), tree in trees(LARGE)) {
        let (plan, figures) = planned(&services, &tree);
        let bytes = |places: &BTreeSet<(String, String)>| -> u64 {
            places.iter().map(|(source, _)| tree.files.get(source).copied().unwrap_or_default()).sum()
        };
        let per_image: Vec<BTreeSet<_>> = services.values().map(|files| needed(&tree, files)).collect();
        let all: BTreeSet<_> = per_image.iter().flatten().cloned().collect();
        let totals = &figures.totals;
        prop_assert_eq!(totals.ideal_bytes, bytes(&all));
        prop_assert_eq!(totals.stored_bytes, bytes(&all), "{:#?}", plan.layers);
        prop_assert_eq!(totals.image_bytes, per_image.iter().map(bytes).sum::<u64>());
        prop_assert!(totals.disk_bytes >= totals.stored_bytes && totals.disk_bytes <= totals.image_bytes);
    }

    /// Where builds list the context, what is small is in one layer of each image, and the rest is stored once.
    #[test]
    fn small_files_of_an_image_are_one_layer(services in services(), tree in trees(0..20_000)) {
        let (plan, figures) = planned(&services, &tree);
        let bytes = |id: &usize| -> u64 {
            let held = held(&plan, &tree, &[*id]);
            held.iter().map(|(source, _)| tree.files.get(source).copied().unwrap_or_default()).sum()
        };
        let small = |layers: &[usize]| layers.iter().filter(|id| bytes(id) < LARGE.start).count();
        let totals = &figures.totals;
        if plan::plan(&load(&services), &Facts::default(), Vec::new()).needs_listing {
            for image in plan.images.values() {
                prop_assert!(small(&image.chain.layers) <= 1, "{:#?}", plan.layers);
            }
        } else {
            prop_assert_eq!(totals.stored_bytes, totals.ideal_bytes);
        }
        prop_assert!(totals.disk_bytes >= totals.stored_bytes && totals.disk_bytes <= totals.image_bytes);
    }

    /// The same whatever the order of services and of what they say.
    #[test]
    fn order_does_not_matter(services in services(), tree in trees(0..20_000)) {
        let turned: Services = services
            .iter()
            .map(|(name, files)| {
                let turned = |list: &[String]| list.iter().rev().cloned().collect::<Vec<_>>();
                let files = files.iter().rev().map(|file| Selection {
                    include: turned(&file.include),
                    exclude: turned(&file.exclude),
                    ..file.clone()
                });
                (name.clone(), files.collect())
            })
            .collect();
        let layers = |services: &Services| {
            let plan = planned(services, &tree).0;
            held_by_layer(&plan, &tree)
        };
        prop_assert_eq!(layers(&services), layers(&turned));
    }

    /// A service that takes all that some others take changes no layer: it uses whole atoms.
    #[test]
    fn a_service_of_whole_atoms_changes_no_layer(services in services(), tree in trees(LARGE), of in any::<u8>()) {
        // Folders without anything in them are too small to be a layer, and selections that take nothing are none.
        let tree = Tree { empty: BTreeSet::new(), ..tree };
        let has_files = |file: &Selection| !needed(&tree, std::slice::from_ref(file)).is_empty();
        let services: Services = services
            .into_iter()
            .map(|(name, files)| (name, files.into_iter().filter(has_files).collect()))
            .collect();
        let (before, _) = planned(&services, &tree);
        let chosen = services.values().enumerate().filter(|(number, _)| of & (1 << number) != 0);
        let files: Vec<Selection> = chosen.flat_map(|(_, files)| files).cloned().collect();
        let mut more = services.clone();
        more.insert("another".to_owned(), files);
        let (planned_after, _) = planned(&more, &tree);
        let (before, mut after) = (ids(&before), ids(&planned_after));
        after.remove("another").unwrap();
        prop_assert_eq!(&before, &after);
        let known: BTreeSet<String> = before.into_values().flatten().collect();
        // Directories that nothing is taken of are too small to be a layer.
        let layers = &planned_after.images["another"].chain.layers;
        let holds = |layer: &&usize| !held(&planned_after, &tree, &[**layer]).is_empty();
        prop_assert!(layers.iter().filter(holds).all(|layer| known.contains(&planned_after.layers[*layer].id)));
    }

    /// Where nothing overlaps by pattern, the plan is the same without a listing: a build asks for none.
    #[test]
    fn a_listing_changes_nothing_where_none_is_needed(services in services(), tree in trees(LARGE)) {
        let manifest = load(&services);
        let facts = Facts::default();
        let without = plan::plan(&manifest, &facts, Vec::new());
        if !without.needs_listing {
            let json = |plan: &Plan| serde_json::to_string(plan).unwrap();
            prop_assert_eq!(json(&without), json(&planned(&services, &tree).0));
        }
    }
}

/// What every layer holds, and who has it.
fn held_by_layer(plan: &Plan, tree: &Tree) -> BTreeMap<Vec<(String, String)>, Vec<String>> {
    let layer = |id: usize| (held(plan, tree, &[id]), plan.layers[id].consumers.clone());
    (0..plan.layers.len()).map(layer).filter(|(held, _)| !held.is_empty()).collect()
}

#[test]
fn the_model_knows_patterns() {
    for (pattern, path, expected) in [
        ("**/*.py", "a/b/x.py", true),
        ("*.py", "a/x.py", false),
        ("b", "b/c/x", true),
        ("b/*", "b", false),
        ("d.py/?.*", "d.py/x.md", true),
    ] {
        assert_eq!(takes(pattern, path), expected, "{pattern} {path}");
    }
}
