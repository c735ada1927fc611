//! The page of `layerset plan --html` in a real browser: Chromium, which is installed with apt where it is missing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot make its own files has failed")]

mod browser;
mod locked;
#[path = "locked/shop.rs"]
mod shop;

use std::fs;
use std::path::Path;
use std::process::Command;

use browser::{Page, between, drawn, tags};

const MANIFEST: &str = "\
name: shop
services:
  api: {from: scratch, files: [lib/, api/]}
  web: {from: scratch, files: [lib/, web/]}
  'cron': {from: scratch, files: [lib/]}
";

fn page(name: &str) -> Page {
    let bytes = |size| "x".repeat(size);
    let files = [("lib/a", bytes(600)), ("api/main", bytes(300)), ("web/main", bytes(100))];
    let files = files.into_iter().chain([("layerset.yaml", MANIFEST.to_owned())]);
    page_of(name, files.map(|(path, text)| (path.to_owned(), text)))
}

fn page_of(name: &str, files: impl IntoIterator<Item = (String, String)>) -> Page {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    for (path, text) in files {
        fs::create_dir_all(folder.join(&path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_layerset"));
    let output = command.args(["plan", "--html", "page.html"]).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Page { html: fs::read_to_string(folder.join("page.html")).unwrap(), folder }
}

#[test]
fn rows_figures_and_what_they_say() {
    let page = page("plan-page-rows");
    let html = drawn(&page, "");
    assert_eq!(between(&html, "<h1 id=\"title\">", "<"), "shop");
    for (id, figure) in [
        ("reuse", "54.5 %"),
        ("stored", "1.0 kB"),
        ("image-sum", "2.2 kB"),
        ("overhead", "1.000"),
        ("uses", "1.7 ×"),
    ] {
        assert_eq!(between(&html, &format!("<b id=\"{id}\">"), "<"), figure, "{id}");
    }
    let rows: Vec<&str> = html.split("<div class=\"row\"").skip(1).collect();
    assert_eq!(rows.len(), 3);
    // Alike first, then by size.
    let services: Vec<_> = rows.iter().map(|row| between(row, "data-service=\"", "\"")).collect();
    assert_eq!(services, ["api", "web", "cron"]);
    let shared: Vec<_> = rows.iter().map(|row| tags(row, "<div class=\"layer shared\"")[0]).collect();
    let of = |tag: &str, what: &str| between(tag, what, ";").trim().to_owned();
    assert!(shared.iter().all(|tag| of(tag, "--hue:") == of(shared[0], "--hue:")), "{shared:?}");
    // 600 and 300 of the 900 bytes of the largest image.
    let width = |tag: &str| of(tag, "flex-basis:").trim_end_matches('%').parse::<f64>().unwrap();
    let own = tags(rows[0], "<div class=\"layer\"");
    assert_eq!((width(shared[0]).round(), width(own[0]).round()), (67.0, 33.0));
}

#[test]
fn hovering_and_focus_explain_a_layer() {
    let page = page("plan-page-hover");
    for event in ["dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))", "focus()"] {
        let html = drawn(&page, &format!("document.querySelector('#rows .layer.shared').{event};"));
        let tip = between(&html, "<div id=\"tip\"", "</main>");
        for part in ["<b>lib</b>", "600 B in 1 file", "in 3 images", "api, cron, web"] {
            assert!(tip.contains(part), "{event}: no {part} in {tip}");
        }
        assert!(!tags(tip, "<").is_empty() && !tip.starts_with(" role=\"status\" hidden"), "{tip}");
        // The layer in every row, and in the list of shared ones.
        assert_eq!(html.matches("layer shared on").count(), 4, "{event}");
    }
}

#[test]
fn the_filter_leaves_what_it_names() {
    let page = page("plan-page-filter");
    for (text, shown) in [("WEB", 1), ("lib", 3), ("nothing", 0)] {
        let script = format!(
            "const box = document.getElementById('filter'); box.value = '{text}'; \
             box.dispatchEvent(new Event('input'));"
        );
        let html = drawn(&page, &script);
        let rows = tags(&html, "<div class=\"row\"");
        let visible = rows.iter().filter(|row| !row.contains("hidden")).count();
        assert_eq!((rows.len(), visible), (3, shown), "{text}");
    }
}

#[test]
fn packages_are_warm_and_say_where_they_come_from() {
    let page = page_of("plan-page-packages", shop::files());
    let html = drawn(
        &page,
        "[...document.querySelectorAll('#rows .packages')].find(one => one.textContent === 'torch').focus();",
    );
    let rows: Vec<&str> = html.split("<div class=\"row\"").skip(1).collect();
    assert_eq!(rows.len(), 22);
    let hue = |tag: &&str| -> f64 { between(tag, "--hue:", ";").trim().parse().unwrap() };
    let is_warm = |hue: f64| !(90.0..330.0).contains(&hue);
    let tags = |start: &str| tags(&html, start);
    let packages = tags("<div class=\"layer packages shared");
    let files = tags("<div class=\"layer shared");
    assert!(packages.len() > 60 && packages.iter().map(hue).all(is_warm), "{packages:?}");
    assert!(files.len() >= 22 && !files.iter().map(hue).any(is_warm), "{files:?}");
    // A heavy package is named in its own layer.
    assert!(html.contains(">torch</div>") && !html.contains(">attrs</div>"));
    let tip = between(&html, "<div id=\"tip\"", "</main>");
    for part in [
        "torch 2.5.1",
        "906.0 MB in wheels",
        "requirements/vision.txt:3: torch (services moderation, tagging)",
    ] {
        assert!(tip.contains(part), "no {part} in {tip}");
    }
    let through = "requirements/ml.txt:3: accelerate → torch (services forecast, ranking, training)";
    assert!(tip.contains(through), "{tip}");
}

#[test]
fn packages_are_found_by_their_names() {
    let page = page_of("plan-page-search", shop::files());
    let script = "const box = document.getElementById('filter'); box.value = 'structlog'; \
                  box.dispatchEvent(new Event('input')); box.value = 'Xgboost'; \
                  box.dispatchEvent(new Event('input'));";
    let html = drawn(&page, script);
    let visible = tags(&html, "<div class=\"row\"").iter().filter(|row| !row.contains("hidden")).count();
    assert_eq!(visible, 5);
}
