//! Pages for browsers: one file each without anything from elsewhere. A template gets its data, and what all pages have in
//! common: how they look, and how their scripts write numbers.

use std::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Where a template takes what, in the order in which it is put there: data may have the text of a place in it.
const STYLE_PLACE: &str = "/*style*/";
const SCRIPT_PLACE: &str = "/*script*/";
const DATA_PLACE: &str = "/*data*/";

/// The whole page.
pub fn page(template: &str, data: &Value) -> String {
    template.replacen(STYLE_PLACE, STYLE, 1).replacen(SCRIPT_PLACE, SCRIPT, 1).replacen(
        DATA_PLACE,
        &for_script(&data.to_string()),
        1,
    )
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

/// Whether a template is complete and asks for nothing from elsewhere; for the tests of those who have one.
#[cfg(test)]
pub(crate) fn check(template: &str) {
    let page = page(template, &Value::Null).replace("http://www.w3.org/", "");
    for outside in ["http:", "https:", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(outside), "{outside} in the template");
    }
    for place in [STYLE_PLACE, SCRIPT_PLACE, DATA_PLACE] {
        assert_eq!(template.matches(place).count(), 1, "{place}");
    }
}

/// What a page's script reads.
#[cfg(test)]
pub(crate) fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}
