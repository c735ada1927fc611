//! The bytes of ops, compared with what they were known to be.
//!
//! `ops.json` is this crate's own record and is always checked: it shows that bytes changed, not
//! that they are right. Whether they are right shows the file of ops that BuildKit's own Go client
//! wrote; it is no part of the project and is checked where it is there.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "golden/own.rs"]
mod own;
#[path = "golden/reference.rs"]
mod reference;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use buildkit_llb::Definition;
use buildkit_proto::pb;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

#[derive(Debug, Serialize, Deserialize)]
struct Goldens {
    cases: Vec<Case>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Case {
    name: String,
    head: String,
    ops: Vec<Op>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Op {
    digest: String,
    bytes_base64: String,
    metadata: Metadata,
}

/// As protobuf's own JSON mapping writes it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Metadata {
    caps: BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    description: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ignore_cache: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress_group: Option<ProgressGroup>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct ProgressGroup {
    id: String,
    name: String,
    weak: bool,
}

impl Case {
    fn of(name: &str, definition: &Definition) -> Self {
        let ops: Vec<_> = definition
            .def
            .iter()
            .map(|bytes| {
                let digest = format!("sha256:{:x}", Sha256::digest(bytes));
                let metadata = Metadata::of(&definition.metadata[&digest]);
                Op { digest, bytes_base64: STANDARD.encode(bytes), metadata }
            })
            .collect();
        let head = ops[ops.len() - 2].digest.clone();
        Self { name: name.to_owned(), head, ops }
    }
}

impl Metadata {
    fn of(metadata: &pb::OpMetadata) -> Self {
        let group = metadata.progress_group.clone();
        Self {
            caps: metadata.caps.clone(),
            description: metadata.description.clone(),
            ignore_cache: metadata.ignore_cache,
            progress_group: group.map(|pb::ProgressGroup { id, name, weak }| ProgressGroup {
                id,
                name,
                weak,
            }),
        }
    }
}

fn assert_same(known: &Case, built: &Case) {
    let name = &known.name;
    assert_eq!(known.ops.len(), built.ops.len(), "{name}: number of ops");
    for (number, (known, built)) in known.ops.iter().zip(&built.ops).enumerate() {
        assert_eq!(known.bytes_base64, built.bytes_base64, "{name}: bytes of op {number}");
        assert_eq!(known.digest, built.digest, "{name}: digest of op {number}");
        assert_eq!(known.metadata, built.metadata, "{name}: metadata of op {number}");
    }
    assert_eq!(known.head, built.head, "{name}: head");
}

fn read(path: &Path) -> Goldens {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test's switch, not an input of what is marshalled")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
fn golden_ops_of_buildkits_go_client() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = environment("LAYERSET_GOLDENS")
        .map_or_else(|| root.join("../shared/goldens/llb.json"), PathBuf::from);
    if !path.exists() {
        println!(
            "no file of the Go client's ops at {}: only the crate's own record is checked",
            path.display()
        );
        return;
    }
    let known = read(&path);
    assert!(!known.cases.is_empty(), "{} holds no case", path.display());
    for case in &known.cases {
        assert_same(case, &Case::of(&case.name, &reference::build(&case.name)));
    }
}

#[test]
fn golden_ops_of_our_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ops.json");
    let built: Vec<_> = own::cases().iter().map(|(name, definition)| Case::of(name, definition)).collect();
    if environment("UPDATE_GOLDENS").is_some() {
        let text = serde_json::to_string_pretty(&Goldens { cases: built }).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
        return;
    }
    let known = read(&path);
    let names = |cases: &[Case]| cases.iter().map(|case| case.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&known.cases), names(&built), "set UPDATE_GOLDENS=1 to record new cases");
    for (known, built) in known.cases.iter().zip(&built) {
        assert_same(known, built);
    }
}
