//! `layerset report --html FILE`: the report as a picture.

use super::Report;
use crate::page::page;

const TEMPLATE: &str = include_str!("page.html");

/// The whole page.
pub fn report_page(report: &Report) -> String {
    page(TEMPLATE, &super::json(report))
}

#[cfg(test)]
mod tests {
    use super::super::examples::figures;
    use super::*;
    use crate::page::{check, data};

    #[test]
    fn names_cannot_leave_the_data() {
        let evil = "</script><script>alert(1)</script><!--\u{2028}&amp;/*data*/";
        let mut report = Report { figures: figures(1), ..Report::default() };
        report.figures.wasted[0].path = evil.into();
        let page = report_page(&report);
        assert!(!page.contains("alert(1)</script>"), "{page}");
        assert_eq!(data(&page)["figures"]["wasted"][0]["path"], evil);
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        check(TEMPLATE);
    }
}
