//! Cache: what is imported, what is not used.

use crate::request::{build, ignoring_cache, script};

const STAGES: &str = "\
stages:
  base: {from: 'python:3.13-slim', apt: [curl]}
  other: {from: base, run: [make]}
services:
  api: {from: other, files: [api/]}
";

#[tokio::test]
async fn every_solve_carries_the_cache_imports() {
    let json = r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"r.test/cache"}}]"#;
    let build = build(script(STAGES, &["api/x"]), &[json, "cache-from=r.test/a,r.test/b"]).await;
    build.result();
    assert!(build.solves().len() >= 3);
    for solve in build.solves() {
        let references: Vec<_> =
            solve.cache_imports.iter().map(|import| import.attrs["ref"].as_str()).collect();
        assert_eq!(references, ["r.test/cache", "r.test/a", "r.test/b"]);
        assert!(solve.cache_imports.iter().all(|import| import.r#type == "registry"));
        assert!(solve.allow_result_return && solve.allow_result_array_ref);
    }
}

#[tokio::test]
async fn nothing_ignores_the_cache_unasked() {
    let build = build(script(STAGES, &["api/x"]), &[]).await;
    assert_eq!(ignoring_cache(&build.image()), Vec::<String>::new());
    assert!(build.solves().iter().all(|solve| solve.cache_imports.is_empty()));
}

#[tokio::test]
async fn only_what_is_named_ignores_the_cache() {
    let build = build(script(STAGES, &["api/x"]), &["no-cache=other"]).await;
    assert_eq!(ignoring_cache(&build.image()), ["[other] run make"]);
}

#[tokio::test]
async fn an_empty_list_is_every_step() {
    let build = build(script(STAGES, &["api/x"]), &["no-cache="]).await;
    let ignoring = ignoring_cache(&build.image());
    for step in ["[base] apt curl", "[other] run make"] {
        assert!(ignoring.iter().any(|name| name == step), "{step} is not in {ignoring:?}");
    }
}
