//! `--call=plan`: the layers of every image, and which images share them.

use std::fmt::Write as _;

use comfy_table::Table;

use super::Answer;
use crate::plan::Plan;

/// The plan as a table of layers and one of images; as JSON the plan itself.
pub fn plan(plan: &Plan) -> Answer {
    let json = serde_json::to_value(plan).unwrap_or_default();
    Answer { json, text: text(plan), status: 0 }
}

fn text(plan: &Plan) -> String {
    let mut images = table(["IMAGE", "BASE", "LAYERS", "SHARED"]);
    for (name, image) in &plan.images {
        let layers = &image.chain.layers;
        let shared = layers.iter().filter(|id| plan.layers[**id].consumers.len() > 1).count();
        images.add_row([
            name.clone(),
            image.chain.base.to_string(),
            layers.len().to_string(),
            shared.to_string(),
        ]);
    }
    let mut layers = table(["LAYER", "HOLDS", "IMAGES"]);
    for layer in &plan.layers {
        let what = layer.name.split_once("] copy ").map_or(layer.name.as_str(), |(_, what)| what);
        layers.add_row([layer.id.clone(), what.to_owned(), consumers(&layer.consumers)]);
    }
    let used: usize = plan.images.values().map(|image| image.chain.layers.len()).sum();
    let stored = plan.layers.len();
    let mut text = format!("{images}\n\n{layers}\n\n");
    let _ =
        writeln!(text, "{stored} file layers stored once, used {used} times by {} images", plan.images.len());
    text
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header);
    table
}

fn consumers(all: &[String]) -> String {
    let names: Vec<&str> = all.iter().map(|c| c.strip_prefix("service ").unwrap_or(c)).collect();
    match &names[..] {
        [first, second, third, _, rest @ ..] => {
            format!("{first}, {second}, {third} and {} more", rest.len() + 1)
        }
        few => few.join(", "),
    }
}
