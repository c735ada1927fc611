//! The Python packages of a plan: what each layer of them holds, and what brought the heavy ones in.

use super::plan::shared_by;
use crate::plan::{Figures, LayerFigures, WheelFigures, human};
use crate::table::{lines, table};

/// A table of the layers of packages, and one of the heavy packages with the requirements behind them. `None`: there
/// are none.
pub(super) fn packages(figures: &Figures) -> Option<String> {
    let mut layers: Vec<&LayerFigures> =
        figures.layers.values().filter(|layer| !layer.wheels.is_empty()).collect();
    if layers.is_empty() {
        return None;
    }
    // What most images have first, then the largest; the ids of layers would be no order for people.
    layers.sort_by(|a, b| {
        let key = |layer: &LayerFigures| std::cmp::Reverse((layer.images.len(), layer.bytes));
        key(a).cmp(&key(b)).then_with(|| a.holds.cmp(&b.holds))
    });
    let mut packages = table(["PACKAGES", "BYTES", "SHARED BY", "WHEELS"], &[0, 1]);
    for layer in &layers {
        let wheels: Vec<String> = layer.wheels.iter().map(sized).collect();
        packages.add_row([
            layer.wheels.len().to_string(),
            layer.bytes.map_or_else(|| "?".to_owned(), human),
            shared_by(layer, figures),
            wheels.join(", "),
        ]);
    }
    let mut heavy: Vec<&WheelFigures> =
        layers.iter().flat_map(|layer| &layer.wheels).filter(|wheel| !wheel.reasons.is_empty()).collect();
    heavy.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.title().cmp(&b.title())));
    // Different interpreters have different wheels of one package, each with its own reasons.
    let mut text = lines(&packages);
    if !heavy.is_empty() {
        let mut reasons = table(["HEAVY PACKAGE", "BYTES", "BROUGHT IN BY"], &[1]);
        for wheel in heavy {
            let bytes = wheel.bytes.map_or_else(|| "?".to_owned(), human);
            for (number, reason) in wheel.reasons.iter().enumerate() {
                let first = |text: String| if number == 0 { text } else { String::new() };
                reasons.add_row([first(wheel.title()), first(bytes.clone()), reason.to_string()]);
            }
        }
        text = format!("{text}\n\n{}", lines(&reasons));
    }
    Some(text)
}

/// `numpy 2.1.0 16.1 MB`
fn sized(wheel: &WheelFigures) -> String {
    wheel.bytes.map_or_else(|| wheel.title(), |bytes| format!("{} {}", wheel.title(), human(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ImageFigures, Reason};

    #[test]
    fn layers_of_packages_and_the_lines_behind_them() {
        let wheel =
            |name: &str, bytes: Option<u64>, reasons: &[(&str, u32, &[&str], &[&str])]| WheelFigures {
                name: name.into(),
                version: "1.0".into(),
                bytes,
                reasons: (reasons.iter())
                    .map(|(requirement, line, through, consumers)| Reason {
                        file: "requirements/ml.txt".into(),
                        line: *line,
                        requirement: (*requirement).to_owned(),
                        through: through.iter().map(|&name| name.to_owned()).collect(),
                        consumers: consumers.iter().map(|&name| name.to_owned()).collect(),
                    })
                    .collect(),
            };
        let layer = |wheels: Vec<WheelFigures>, images: &[&str]| LayerFigures {
            bytes: Some(wheels.iter().filter_map(|wheel| wheel.bytes).sum()),
            images: images.iter().map(|&name| name.to_owned()).collect(),
            wheels,
            ..LayerFigures::default()
        };
        let mut figures = Figures::default();
        assert_eq!(packages(&figures), None);
        for name in ["ai", "chat", "web"] {
            figures.images.insert(name.into(), ImageFigures::default());
        }
        let torch = [
            ("torch>=2", 3, &[][..], &["service ai"][..]),
            ("transformers", 7, &["torch"], &["service chat"]),
        ];
        figures
            .layers
            .insert("1".into(), layer(vec![wheel("torch", Some(900_000_000), &torch)], &["ai", "chat"]));
        let small = vec![wheel("attrs", Some(60_000), &[]), wheel("built", None, &[])];
        figures.layers.insert("2".into(), layer(small, &["ai", "chat", "web"]));
        figures.layers.insert("3".into(), layer(Vec::new(), &["web"]));
        let expected = "\
PACKAGES     BYTES  SHARED BY  WHEELS
       2   60.0 kB  all 3      attrs 1.0 60.0 kB, built 1.0
       1  900.0 MB  ai, chat   torch 1.0 900.0 MB

HEAVY PACKAGE     BYTES  BROUGHT IN BY
torch 1.0      900.0 MB  requirements/ml.txt:3: torch>=2 (service ai)
                         requirements/ml.txt:7: transformers → torch (service chat)";
        let text = packages(&figures).unwrap();
        assert_eq!(text, expected, "\n{text}");
    }
}
