//! `layerset plan --diff OLD.json`: what an edit of the manifest will rebuild and push.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::Answer;
use super::plan::files;
use crate::plan::{Change, Diff, Figures, LayerFigures, PackageDiff, diff, human};
use crate::table::{lines, table};

/// The figures in what `--call=plan,format=json` has printed.
pub fn read_figures(json: &[u8]) -> Result<Figures, String> {
    let plan: Value = serde_json::from_slice(json).map_err(|error| format!("found no JSON ({error})"))?;
    let figures = plan.get("figures").cloned().ok_or("found JSON without \"figures\"")?;
    serde_json::from_value(figures).map_err(|error| format!("found figures of another version ({error})"))
}

/// Compares two plans.
pub fn plan_diff(old: &Figures, new: &Figures) -> Answer {
    let diff = diff(old, new);
    let json = serde_json::to_value(&diff).unwrap_or_default();
    Answer { text: text(&diff, new), json, status: 0 }
}

fn text(diff: &Diff, new: &Figures) -> String {
    if *diff == Diff::default() {
        return "nothing changes\n".to_owned();
    }
    let mut text = String::new();
    if !diff.images.is_empty() {
        let mut images = table(["IMAGE", "CHANGE", "NEW LAYERS", "PUSHES"], &[2, 3]);
        for (name, image) in &diff.images {
            let count = image.new_layers.len();
            images.add_row([
                name.clone(),
                change(image.change).to_owned(),
                if count == 0 { String::new() } else { count.to_string() },
                if count == 0 { String::new() } else { human(image.pushed_bytes) },
            ]);
        }
        let _ = writeln!(text, "{}\n", lines(&images));
    }
    let mut rows: Vec<[String; 5]> = Vec::new();
    let lists = [("new", &diff.new_layers), ("changed", &diff.changed_layers), ("gone", &diff.gone_layers)];
    for (what, layers) in lists {
        rows.extend(sorted(layers).into_iter().map(|layer| row(what, layer)));
    }
    for moved in diff.moved_layers.values() {
        let sign =
            |sign: &str, names: &[String]| (!names.is_empty()).then(|| format!("{sign}{}", few(names)));
        let who: Vec<String> =
            [sign("+ ", &moved.to), sign("- ", &moved.from)].into_iter().flatten().collect();
        rows.push(["moved".into(), String::new(), String::new(), who.join(" "), moved.holds.clone()]);
    }
    if !rows.is_empty() {
        let mut layers = table(["LAYER", "BYTES", "FILES", "IMAGES", "HOLDS"], &[1, 2]);
        for row in rows {
            layers.add_row(row);
        }
        let _ = writeln!(text, "{}\n", lines(&layers));
    }
    if !diff.packages.is_empty() {
        let mut packages = table(["PACKAGE", "CHANGE", "NEW BYTES"], &[2]);
        for (name, package) in &diff.packages {
            let bytes = if package.to.is_empty() { String::new() } else { human(package.new_bytes) };
            packages.add_row([name.clone(), versions(package), bytes]);
        }
        let _ = writeln!(text, "{}\n", lines(&packages));
    }
    let _ = writeln!(
        text,
        "{} of {} images change, {} are pushed",
        diff.images.values().filter(|image| image.change != Change::Gone).count(),
        new.images.len(),
        human(diff.pushed_bytes)
    );
    text
}

fn row(what: &str, layer: &LayerFigures) -> [String; 5] {
    [
        what.to_owned(),
        layer.bytes.map_or_else(|| "?".to_owned(), human),
        files(layer),
        few(&layer.images),
        layer.holds.clone(),
    ]
}

/// The largest first.
fn sorted(layers: &BTreeMap<String, LayerFigures>) -> Vec<&LayerFigures> {
    let mut sorted: Vec<&LayerFigures> = layers.values().collect();
    sorted.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.holds.cmp(&b.holds)));
    sorted
}

fn few(names: &[String]) -> String {
    match names {
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c} and {} more", rest.len()),
        few => few.join(", "),
    }
}

/// `added 2.6`, `removed 2.5`, `2.5 → 2.6`
fn versions(package: &PackageDiff) -> String {
    let (from, to) = (package.from.join(", "), package.to.join(", "));
    match (from.is_empty(), to.is_empty()) {
        (true, _) => format!("added {to}"),
        (_, true) => format!("removed {from}"),
        _ => format!("{from} → {to}"),
    }
}

fn change(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Gone => "gone",
        Change::Base => "other base",
        Change::Layers => "other layers",
        Change::Configuration => "other configuration",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plan_says_so() {
        for (text, message) in [
            ("", "found no JSON"),
            ("{}", "found JSON without \"figures\""),
            ("[]", "found JSON without \"figures\""),
            (r#"{"figures": {"images": 3}}"#, "found figures of another version"),
        ] {
            let error = read_figures(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn what_was_printed_is_read_back() {
        let mut figures = Figures::default();
        figures.layers.insert("1".into(), LayerFigures { bytes: Some(7), ..LayerFigures::default() });
        let printed = serde_json::json!({ "layers": [], "figures": figures }).to_string();
        assert_eq!(read_figures(printed.as_bytes()).unwrap(), figures);
    }

    #[test]
    fn no_change_is_one_line() {
        let figures = Figures::default();
        assert_eq!(plan_diff(&figures, &figures).text, "nothing changes\n");
    }
}
