//! `layerset report`: how well images share, said to people and programs. The crate `layerset_report` reads and counts;
//! here `table` and `page` show it, `limits` tells what is too much, `passed_over` what is no image, `bake` knows which images a bake file makes.

mod bake;
mod limits;
mod page;
mod passed_over;
mod table;

use layerset_report::{Exceeded, Figures, changes};
use serde_json::{Value, json};

pub use bake::tags;
pub use limits::told;
pub use page::report_page;
pub use passed_over::passed_over;
pub use table::report;

/// What is reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The images that were asked for.
    pub figures: Figures,
    /// Those that they are compared with.
    pub before: Option<Figures>,
    /// The limits that do not hold.
    pub exceeded: Vec<Exceeded>,
}

/// The report for programs.
pub fn json(report: &Report) -> Value {
    let mut json = json!({"figures": report.figures, "exceeded": report.exceeded});
    if let Some(before) = &report.before {
        json["before"] = json!(before);
        json["changes"] = json!(changes(before, &report.figures));
    }
    json
}

/// The figures in what `layerset report --format json` has printed.
pub fn read_figures(json: &[u8]) -> Result<Figures, String> {
    let mut report: Value =
        serde_json::from_slice(json).map_err(|error| format!("found no JSON ({error})"))?;
    let figures = report.get_mut("figures").map(Value::take).ok_or("found JSON without \"figures\"")?;
    serde_json::from_value(figures).map_err(|error| format!("found figures of something else ({error})"))
}

#[cfg(test)]
pub(crate) mod examples {
    use layerset_report::{Digest, Duplicate, Figures, How, ImageFigures, LayerFigures, Totals, Waste};

    /// Two images that share a layer; `scale` makes all of it larger.
    pub(crate) fn figures(scale: u64) -> Figures {
        let [base, api, web] = ["base", "api", "web"].map(|name| Digest::of(name.as_bytes()));
        let image = |own, layers: [Digest; 2]| ImageFigures {
            platform: "linux/amd64".into(),
            bytes: (30_000_000 + own) * scale,
            own_bytes: own * scale,
            unpacked_bytes: (90_000_000 + 3 * own) * scale,
            wasted_bytes: 2_000_000,
            layers: layers.to_vec(),
        };
        let layer = |bytes, made_by: &str, images: &[&str]| LayerFigures {
            bytes: bytes * scale,
            unpacked_bytes: 3 * bytes * scale,
            files: 1_200,
            made_by: made_by.into(),
            images: images.iter().map(|&name| name.to_owned()).collect(),
        };
        let both = ["localhost:5000/shop/api:1", "localhost:5000/shop/web:1"];
        let mut figures = Figures::default();
        figures.images.insert(both[0].into(), image(12_000_000, [base, api]));
        figures.images.insert(both[1].into(), image(5_000_000, [base, web]));
        figures.layers.insert(base, layer(30_000_000, "ADD root.tar / # the base", &both));
        figures
            .layers
            .insert(api, layer(12_000_000, "RUN pip install --requirement requirements/api.txt", &both[..1]));
        figures.layers.insert(web, layer(5_000_000, "", &both[1..]));
        figures.duplicated.push(Duplicate {
            digest: Digest::of(b"file"),
            bytes: 800_000,
            copies: 2,
            duplicated_bytes: 800_000,
            paths: vec!["/app/model.bin".into(), "/srv/model.bin".into()],
            path_count: 1_200,
            layers: vec![api, web],
            images: both.map(str::to_owned).to_vec(),
        });
        figures.wasted.push(Waste {
            path: "/var/cache/apt/archives/curl.deb".into(),
            bytes: 2_000_000,
            layer: base,
            how: How::Removed,
            by: "RUN rm -rf /var/cache/apt".into(),
            images: both.map(str::to_owned).to_vec(),
        });
        figures.totals = Totals {
            images: 2,
            layers: 3,
            uses: 4,
            image_bytes: 77_000_000 * scale,
            stored_bytes: 47_000_000 * scale,
            reuse: 0.3896,
            disk_bytes: 141_000_000 * scale,
            median_image_bytes: 38_500_000 * scale,
            largest_image_bytes: 42_000_000 * scale,
            most_layers: 2,
            duplicated_bytes: 800_000,
            duplicated_files: 1,
            wasted_bytes: 2_000_000,
            wasted_files: 1,
        };
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs depend on the names.
    #[test]
    fn every_field_is_documented() {
        let page = include_str!("../../../docs/how-to/report.md");
        let limits = layerset_report::Limits { stored: Some(0), ..layerset_report::Limits::default() };
        let figures = examples::figures(1);
        let exceeded = limits.exceeded(&figures);
        let json = json(&Report { before: Some(figures.clone()), figures, exceeded });
        let mut pending = vec![&json];
        while let Some(value) = pending.pop() {
            match value {
                Value::Array(list) => pending.extend(list),
                Value::Object(fields) => {
                    for (name, value) in fields {
                        // Images and layers stand there by their own names.
                        let own = name.starts_with("sha256:") || name.contains(":5000/");
                        let named =
                            ["", "figures."].iter().any(|start| page.contains(&format!("`{start}{name}`")));
                        assert!(own || named, "{name} is not in docs/how-to/report.md");
                        pending.push(value);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn what_was_printed_can_be_read() {
        let report =
            Report { figures: examples::figures(1), before: Some(examples::figures(3)), ..Report::default() };
        let json = json(&report);
        assert_eq!(read_figures(json.to_string().as_bytes()), Ok(examples::figures(1)));
        assert_eq!(json["changes"][1]["times"], 3.0);
        assert!(read_figures(b"{}").unwrap_err().contains("without \"figures\""));
        assert!(read_figures(b"x").unwrap_err().contains("found no JSON"));
        assert!(
            read_figures(br#"{"figures": {"totals": 1}}"#)
                .unwrap_err()
                .contains("found figures of something else")
        );
    }

    #[test]
    fn names_do_not_command_the_terminal() {
        let evil = "x\u{1b}[2J\nlayerset: all is well\u{9b}";
        let mut figures = examples::figures(1);
        let image = figures.images.values().next().unwrap().clone();
        figures.images.insert(evil.into(), image);
        figures.layers.values_mut().next().unwrap().made_by = evil.into();
        figures.duplicated[0].paths = vec![evil.into()];
        figures.wasted[0].path = evil.into();
        figures.wasted[0].by = evil.into();
        figures.wasted[0].images = vec![evil.into()];
        let text = report(&Report { figures, ..Report::default() });
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
        assert!(text.contains(r"x\u{1b}[2J\nlayerset: all is well\u{9b}"), "{text}");
    }
}
