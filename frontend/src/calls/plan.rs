//! `--call=plan`: the layers of every image in their order, what they hold and who shares them.

use std::fmt::Write as _;

use super::{Answer, plan_packages};
use crate::plan::{Figures, ImageFigures, LayerFigures, Plan, human};
use crate::table::{counted, lines, table, thousands};

/// The plan and its figures; as JSON the plan itself, with the figures beside it. `notes` are sentences on what is
/// not known.
pub fn plan(plan: &Plan, figures: &Figures, notes: &[String]) -> Answer {
    let mut json = serde_json::to_value(plan).unwrap_or_default();
    json["figures"] = serde_json::to_value(figures).unwrap_or_default();
    let mut text = format!("{}\n\n", images(figures));
    if let Some(packages) = plan_packages::packages(figures) {
        let _ = writeln!(text, "{packages}\n");
    }
    text += &summary(figures);
    if !notes.is_empty() {
        json["notes"] = notes.into();
        let _ = writeln!(text, "{}", notes.join("\n"));
    }
    Answer { json, text, status: 0 }
}

fn images(figures: &Figures) -> String {
    let mut images = table(["IMAGE", "BYTES", "FILES", "SHARED BY", "HOLDS"], &[1, 2]);
    for (name, image) in &figures.images {
        images.add_row([
            name.clone(),
            human(image.bytes),
            thousands(image.files),
            String::new(),
            format!("{} on {}", counted(image.layers.len(), "layer"), below(image)),
        ]);
        for layer in image.layers.iter().filter_map(|id| figures.layers.get(id)) {
            images.add_row([
                String::new(),
                layer.bytes.map_or_else(|| "?".to_owned(), human),
                files(layer),
                shared_by(layer, figures),
                layer.holds.clone(),
            ]);
        }
    }
    lines(&images)
}

/// `python:3.13-slim (5 layers) and 3 of commands`
fn below(image: &ImageFigures) -> String {
    let mut text = image.base.clone();
    if let Some(count) = image.base_layers.filter(|count| *count > 0) {
        let _ = write!(text, " ({})", counted(count, "layer"));
    }
    if image.steps > 0 {
        let _ = write!(text, " and {} of packages and commands", image.steps);
    }
    text
}

/// How many files a layer has; of packages nothing, because they are not unpacked yet.
pub(super) fn files(layer: &LayerFigures) -> String {
    if layer.wheels.is_empty() {
        layer.files.map_or_else(|| "?".to_owned(), thousands)
    } else {
        String::new()
    }
}

pub(super) fn shared_by(layer: &LayerFigures, figures: &Figures) -> String {
    match &layer.images[..] {
        [_] => "only here".to_owned(),
        all if all.len() == figures.images.len() => format!("all {}", all.len()),
        [a, b] => format!("{a}, {b}"),
        many => format!("{} images", many.len()),
    }
}

fn summary(figures: &Figures) -> String {
    let totals = &figures.totals;
    let mut table = table(["", "BYTES", ""], &[1]);
    let rows = [
        (
            "images",
            totals.image_bytes,
            format!(
                "{}, if each stored its own {}",
                counted(totals.images, "image"),
                counted(totals.uses, "layer")
            ),
        ),
        (
            "stored",
            totals.stored_bytes,
            format!(
                "{}: {:.1} % of the images is shared",
                counted(totals.layers, "distinct layer"),
                totals.reuse * 100.0
            ),
        ),
        (
            "ideal",
            totals.ideal_bytes,
            format!("every file once for each place: overhead {:.3}", totals.overhead),
        ),
        ("disk", totals.disk_bytes, "layers as an engine with all images unpacks them".to_owned()),
    ];
    for (name, bytes, what) in rows {
        table.add_row([name.to_owned(), human(bytes), what]);
    }
    let mut text = lines(&table);
    text.push('\n');
    if totals.unknown_layers > 0 {
        let _ = writeln!(
            text,
            "without {} whose files come from stages, images or contexts",
            counted(totals.unknown_layers, "layer")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_a_summary() {
        let image = |layers: &[&str], bytes| ImageFigures {
            base: "busybox:1".into(),
            base_layers: Some(2),
            layers: layers.iter().map(|&id| id.to_owned()).collect(),
            bytes,
            files: 2,
            ..ImageFigures::default()
        };
        let layer = |holds: &str, bytes, images: &[&str]| LayerFigures {
            holds: holds.into(),
            bytes,
            files: bytes.map(|_| 1),
            images: images.iter().map(|&name| name.to_owned()).collect(),
            wheels: Vec::new(),
        };
        let mut figures = Figures::default();
        figures.images.insert("api".into(), image(&["1", "2"], 1_500));
        figures.images.insert("web".into(), image(&["1", "3"], 1_000));
        figures.layers.insert("1".into(), layer("lib", Some(1_000), &["api", "web"]));
        figures.layers.insert("2".into(), layer("api", Some(500), &["api"]));
        figures.layers.insert("3".into(), layer("/dist from ui", None, &["web"]));
        let text = images(&figures);
        let expected = "\
IMAGE   BYTES  FILES  SHARED BY  HOLDS
api    1.5 kB      2             2 layers on busybox:1 (2 layers)
       1.0 kB      1  all 2      lib
        500 B      1  only here  api
web    1.0 kB      2             2 layers on busybox:1 (2 layers)
       1.0 kB      1  all 2      lib
            ?      ?  only here  /dist from ui";
        assert_eq!(text, expected, "\n{text}");
    }
}
