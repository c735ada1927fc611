//! The page of `layerset report --html` in a real browser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot make its own files has failed")]

mod browser;

use std::fs;
use std::path::Path;

use browser::{Page, between, drawn, tags};
use layerset::report::{Report, report_page};
use layerset_report::{Digest, Figures, ImageFigures, LayerFigures, Limits};

/// Two images with a layer of their own each and one in common.
fn figures(scale: u64) -> Figures {
    let mut figures = Figures::default();
    let ids = ["base", "api", "web"].map(|name| Digest::of(name.as_bytes()));
    for (at, name) in ["shop/api:1", "shop/web:1"].into_iter().enumerate() {
        let layers = vec![ids[0], ids[at + 1]];
        let image = ImageFigures { bytes: 900 * scale, layers, ..ImageFigures::default() };
        figures.images.insert(name.into(), image);
        let own = LayerFigures { bytes: 300 * scale, images: vec![name.into()], ..LayerFigures::default() };
        figures.layers.insert(ids[at + 1], own);
    }
    let images = figures.images.keys().cloned().collect();
    let shared = LayerFigures {
        bytes: 600 * scale,
        made_by: "RUN pip install".into(),
        images,
        ..LayerFigures::default()
    };
    figures.layers.insert(ids[0], shared);
    figures.totals.images = 2;
    figures.totals.layers = 3;
    figures.totals.image_bytes = 1800 * scale;
    figures.totals.stored_bytes = 1200 * scale;
    figures.totals.reuse = 0.3333;
    figures
}

fn page(name: &str, report: &Report) -> Page {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    Page { html: report_page(report), folder }
}

#[test]
fn rows_figures_and_tables() {
    let report = Report { figures: figures(1), ..Report::default() };
    let html = drawn(&page("report-page-rows", &report), "");
    for (id, figure) in [("reuse", "33.3 %"), ("stored", "1.2 kB"), ("wasted", "0 B")] {
        assert_eq!(between(&html, &format!("<b id=\"{id}\">"), "<"), figure, "{id}");
    }
    let rows: Vec<&str> = html.split("<div class=\"row\"").skip(1).collect();
    let names: Vec<&str> = rows.iter().map(|row| between(row, "data-image=\"", "\"")).collect();
    assert_eq!(names, ["shop/api:1", "shop/web:1"]);
    let shared: Vec<_> = rows.iter().map(|row| tags(row, "<div class=\"layer shared\"")[0]).collect();
    assert_eq!(shared[0], shared[1], "one layer has one colour and width");
    assert!(shared[0].contains("flex-basis: 66.6"), "{shared:?}");
    let lists = between(&html, "id=\"lists\"", "</section>");
    assert!(lists.contains("RUN pip install") && lists.contains("shop/api:1, shop/web:1"), "{lists}");
    assert!(html.contains("id=\"limits\" hidden"), "no limit is there");
}

#[test]
fn two_groups_and_limits() {
    let figures_now = figures(1);
    let limits = Limits { stored: Some(1195), ..Limits::default() };
    let exceeded = limits.exceeded(&figures_now);
    let report = Report { figures: figures_now, before: Some(figures(10)), exceeded };
    let script = "at('group').value = 'before'; at('group').dispatchEvent(new Event('change'));\
                  at('order').value = 'size'; at('order').dispatchEvent(new Event('change'));";
    let html = drawn(&page("report-page-groups", &report), script);
    assert_eq!(html.matches("<div class=\"row\"").count(), 4);
    for text in [
        "<s>12.0 kB</s>",
        "each image by itself, before",
        "--max-stored",
        "1,200 B",
        "1,195 B",
        "<h3>before</h3>",
    ] {
        assert!(html.contains(text), "no {text} in {html}");
    }
    let lists = between(&html, "id=\"lists\"", "</section>");
    assert!(lists.contains("6.0 kB"), "the larger group's layers: {lists}");
}

#[test]
fn focus_explains_a_layer() {
    let report = Report { figures: figures(1), ..Report::default() };
    let html =
        drawn(&page("report-page-focus", &report), "document.querySelector('#rows .layer.shared').focus();");
    let tip = between(&html, "<div id=\"tip\"", "</main>");
    for part in ["<b>RUN pip install</b>", "600 B", "in 2 images"] {
        assert!(tip.contains(part), "no {part} in {tip}");
    }
    assert_eq!(html.matches("layer shared on").count(), 2);
}

#[test]
fn the_filter_leaves_what_it_names() {
    let report = Report { figures: figures(1), ..Report::default() };
    let script = "at('filter').value = 'web'; at('filter').dispatchEvent(new Event('input'));";
    let html = drawn(&page("report-page-filter", &report), script);
    let rows = tags(&html, "<div class=\"row\"");
    assert_eq!(rows.iter().filter(|row| row.contains("hidden")).count(), 1, "{rows:?}");
}
