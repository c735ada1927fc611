//! `layerset plan --html FILE`: the plan as a picture.

use serde_json::json;

use crate::page::page;
use crate::plan::Figures;

const TEMPLATE: &str = include_str!("plan_page.html");

/// The whole page.
pub fn plan_page(title: &str, figures: &Figures) -> String {
    page(TEMPLATE, &json!({"title": title, "figures": figures}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{check, data};
    use crate::plan::{ImageFigures, LayerFigures};

    #[test]
    fn names_cannot_leave_the_data() {
        let evil = "</script><script>alert(1)</script><!--\u{2028}&amp;/*data*/";
        let mut figures = Figures::default();
        let layer = LayerFigures { holds: evil.into(), ..LayerFigures::default() };
        figures.layers.insert("1".into(), layer);
        figures.images.insert(evil.into(), ImageFigures::default());
        let page = plan_page(evil, &figures);
        assert!(!page.contains("alert(1)</script>"), "{page}");
        let data = data(&page);
        assert_eq!(data["title"], evil);
        assert_eq!(data["figures"]["layers"]["1"]["holds"], evil);
        assert_eq!(data["figures"]["images"][evil]["bytes"], 0);
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        check(TEMPLATE);
    }
}
