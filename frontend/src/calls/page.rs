//! `layerset plan --html FILE`: the plan as a picture, one page without anything from elsewhere.

use std::fmt::Write as _;

use serde_json::json;

use crate::plan::Figures;

const TEMPLATE: &str = include_str!("page.html");
/// Where the template takes the data.
const PLACE: &str = "/*data*/";

/// The whole page.
pub fn page(title: &str, figures: &Figures) -> String {
    let data = json!({"title": title, "figures": figures});
    TEMPLATE.replacen(PLACE, &for_script(&data.to_string()), 1)
}

/// JSON that can stand in a script element: nothing in it ends the element or begins a comment, and
/// what JavaScript takes for the end of a line is no character of its own.
fn for_script(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ImageFigures, LayerFigures};

    /// What the page's script reads.
    fn data(page: &str) -> serde_json::Value {
        let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
        let (data, _) = rest.split_once("</script>").unwrap();
        serde_json::from_str(data).unwrap()
    }

    #[test]
    fn names_cannot_leave_the_data() {
        let evil = "</script><script>alert(1)</script><!--\u{2028}&amp;/*data*/";
        let mut figures = Figures::default();
        let layer = LayerFigures { holds: evil.into(), ..LayerFigures::default() };
        figures.layers.insert("1".into(), layer);
        figures.images.insert(evil.into(), ImageFigures::default());
        let page = page(evil, &figures);
        assert!(!page.contains("alert(1)</script>"), "{page}");
        let data = data(&page);
        assert_eq!(data["title"], evil);
        assert_eq!(data["figures"]["layers"]["1"]["holds"], evil);
        assert_eq!(data["figures"]["images"][evil]["bytes"], 0);
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for outside in ["http:", "https:", "src=", "@import", "url(", "<link"] {
            let found = TEMPLATE.replace("http://www.w3.org/", "").contains(outside);
            assert!(!found, "{outside} in the template");
        }
        assert_eq!(TEMPLATE.matches(PLACE).count(), 1);
    }
}
