//! The report for people: what is largest of everything, and the sums last, where a terminal ends.

use std::cmp::Reverse;
use std::fmt::Write as _;

use comfy_table::ContentArrangement;
use layerset_report::{Digest, Figures, How, LayerFigures, changes};

use super::Report;
use crate::plan::human;
use crate::table::{counted, lines, row, table, thousands};

/// The longest list of anything but images.
const MOST: usize = 10;

/// The whole text.
pub fn report(report: &Report) -> String {
    let mut text = String::new();
    if let Some(before) = &report.before {
        let _ = writeln!(text, "before\n\n{}after\n", group(before));
    }
    text += &group(&report.figures);
    text += &match &report.before {
        Some(before) => compared(before, &report.figures),
        None => summary(&report.figures),
    };
    text
}

fn group(figures: &Figures) -> String {
    let parts = [Some(images(figures)), Some(layers(figures)), duplicated(figures), wasted(figures)];
    parts.into_iter().flatten().fold(String::new(), |text, part| text + &part + "\n\n")
}

fn images(figures: &Figures) -> String {
    let mut images = table(["IMAGE", "BYTES", "ONLY HERE", "UNPACKED", "WASTED", "LAYERS"], &[1, 2, 3, 4, 5]);
    // Names are there to be copied: whole, however long they are.
    images.set_content_arrangement(ContentArrangement::Disabled);
    for (name, image) in &figures.images {
        row(
            &mut images,
            [
                name.clone(),
                human(image.bytes),
                human(image.own_bytes),
                human(image.unpacked_bytes),
                human(image.wasted_bytes),
                image.layers.len().to_string(),
            ],
        );
    }
    lines(&images)
}

fn layers(figures: &Figures) -> String {
    let mut layers: Vec<(&Digest, &LayerFigures)> = figures.layers.iter().collect();
    layers.sort_by_key(|(digest, layer)| (Reverse(layer.bytes), **digest));
    let mut largest = table(["LARGEST LAYERS", "BYTES", "FILES", "IN", "MADE BY"], &[1, 2]);
    for (digest, layer) in layers.into_iter().take(MOST) {
        row(
            &mut largest,
            [
                digest.short(),
                human(layer.bytes),
                thousands(layer.files),
                shared_by(&layer.images, figures),
                shortened(&layer.made_by),
            ],
        );
    }
    lines(&largest)
}

fn duplicated(figures: &Figures) -> Option<String> {
    let mut table = table(["DUPLICATED", "LAYERS", "IN", "FILE"], &[0, 1]);
    for one in figures.duplicated.iter().take(MOST) {
        // Older reports have no count.
        let also = one.path_count.max(one.paths.len() as u64).saturating_sub(1);
        let path = one.paths.first().map_or("", String::as_str);
        row(
            &mut table,
            [
                human(one.duplicated_bytes),
                thousands(one.copies),
                shared_by(&one.images, figures),
                if also == 0 { path.to_owned() } else { format!("{path} and {} more", thousands(also)) },
            ],
        );
    }
    (!figures.duplicated.is_empty()).then(|| lines(&table))
}

fn wasted(figures: &Figures) -> Option<String> {
    let mut table = table(["WASTED", "IN", "FILE", "WHY"], &[0]);
    for one in figures.wasted.iter().take(MOST) {
        let how = match one.how {
            How::Overwritten => "overwritten",
            How::WrittenAgain => "written again, unchanged",
            How::Removed => "removed",
        };
        let by = if one.by.is_empty() { String::new() } else { format!(" by {}", shortened(&one.by)) };
        row(
            &mut table,
            [human(one.bytes), shared_by(&one.images, figures), one.path.clone(), format!("{how}{by}")],
        );
    }
    (!figures.wasted.is_empty()).then(|| lines(&table))
}

fn shared_by(images: &[String], figures: &Figures) -> String {
    let last = |name: &String| cut(name.rsplit('/').next().unwrap_or_default(), 30);
    match images {
        [one] => last(one),
        all if all.len() == figures.images.len() => format!("all {}", all.len()),
        many => format!("{} images", many.len()),
    }
}

/// So much of a command as a line has room for.
fn shortened(line: &str) -> String {
    cut(line, 60)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn summary(figures: &Figures) -> String {
    let totals = &figures.totals;
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
        ("disk", totals.disk_bytes, "layers as an engine with all images unpacks them".to_owned()),
        ("median", totals.median_image_bytes, "the image in the middle".to_owned()),
        ("largest", totals.largest_image_bytes, largest(figures)),
        (
            "duplicated",
            totals.duplicated_bytes,
            format!("{} that another layer has too", counted(totals.duplicated_files, "file")),
        ),
        (
            "wasted",
            totals.wasted_bytes,
            format!("{} that a higher layer hides", counted(totals.wasted_files, "file")),
        ),
    ];
    let mut table = table(["", "BYTES", ""], &[1]);
    for (name, bytes, what) in rows {
        row(&mut table, [name.to_owned(), human(bytes), what]);
    }
    lines(&table) + "\n"
}

fn largest(figures: &Figures) -> String {
    let image = figures.images.iter().max_by_key(|(_, image)| image.bytes);
    image.map(|(name, _)| name.clone()).unwrap_or_default()
}

fn compared(before: &Figures, after: &Figures) -> String {
    let mut table = table(["", "BEFORE", "AFTER", "RATIO"], &[1, 2, 3]);
    for change in changes(before, after) {
        let name = change.figure.strip_suffix("_bytes");
        let shown = |value| if name.is_some() { human(value) } else { thousands(value) };
        let shown_name = match name.unwrap_or(change.figure) {
            "image" => "images".to_owned(),
            name => name.replace('_', " "),
        };
        row(
            &mut table,
            [
                shown_name,
                shown(change.before),
                shown(change.after),
                change.times.map_or_else(String::new, |times| format!("{times:.2}")),
            ],
        );
    }
    let part = |figures: &Figures| format!("{:.1} %", figures.totals.reuse * 100.0);
    row(&mut table, ["reuse".to_owned(), part(before), part(after), String::new()]);
    lines(&table) + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::examples::figures;
    use super::*;

    #[test]
    fn the_largest_of_everything_and_the_sums() {
        let one = Report { figures: figures(1), ..Report::default() };
        insta::assert_snapshot!(report(&one), @r"
        IMAGE                        BYTES  ONLY HERE  UNPACKED  WASTED  LAYERS
        localhost:5000/shop/api:1  42.0 MB    12.0 MB  126.0 MB  2.0 MB       2
        localhost:5000/shop/web:1  35.0 MB     5.0 MB  105.0 MB  2.0 MB       2

        LARGEST LAYERS    BYTES  FILES  IN     MADE BY
        cae662172fd4    30.0 MB  1,200  all 2  ADD root.tar / # the base
        14c2529eb449    12.0 MB  1,200  api:1  RUN pip install --requirement requirements/api.txt
        4b5e57f6eb2f     5.0 MB  1,200  web:1

        DUPLICATED  LAYERS  IN     FILE
          800.0 kB       2  all 2  /app/model.bin and 1,199 more

        WASTED  IN     FILE                              WHY
        2.0 MB  all 2  /var/cache/apt/archives/curl.deb  removed by RUN rm -rf /var/cache/apt

                       BYTES
        images       77.0 MB  2 images, if each stored its own 4 layers
        stored       47.0 MB  3 distinct layers: 39.0 % of the images is shared
        disk        141.0 MB  layers as an engine with all images unpacks them
        median       38.5 MB  the image in the middle
        largest      42.0 MB  localhost:5000/shop/api:1
        duplicated  800.0 kB  1 file that another layer has too
        wasted        2.0 MB  1 file that a higher layer hides
        ");
    }

    #[test]
    fn two_groups_side_by_side() {
        let two = Report { figures: figures(1), before: Some(figures(7)), ..Report::default() };
        let text = report(&two);
        assert!(text.starts_with("before\n\nIMAGE ") && text.contains("\n\nafter\n\nIMAGE "), "{text}");
        insta::assert_snapshot!(compared(&figures(7), &figures(1)), @r"
                         BEFORE     AFTER  RATIO
        images         539.0 MB   77.0 MB   7.00
        stored         329.0 MB   47.0 MB   7.00
        disk           987.0 MB  141.0 MB   7.00
        median image   269.5 MB   38.5 MB   7.00
        largest image  294.0 MB   42.0 MB   7.00
        duplicated     800.0 kB  800.0 kB   1.00
        wasted           2.0 MB    2.0 MB   1.00
        layers                3         3   1.00
        reuse            39.0 %    39.0 %
        ");
    }
}
