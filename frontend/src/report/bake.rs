//! The images that a bake file makes, by their tags.

use serde_json::Value;

/// The first tag of every target: the others name the same image. Only what is in the file itself counts.
pub fn tags(json: &[u8]) -> Result<Vec<String>, String> {
    const EXPECTED: &str = "expected what \"docker buildx bake --print\" or \"layerset bake\" prints";
    let file: Value =
        serde_json::from_slice(json).map_err(|error| format!("found no JSON ({error}), {EXPECTED}"))?;
    let targets =
        file.get("target").and_then(Value::as_object).ok_or(format!("found no \"target\", {EXPECTED}"))?;
    let mut tags = Vec::new();
    for (name, target) in targets {
        let first = target.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str);
        let first = first.ok_or(format!("found no tags of target {name:?}, its image has no name"))?;
        tags.push(
            plain(first)
                .ok_or(format!("found the tag {first:?} of target {name:?} with a variable, {EXPECTED}"))?,
        );
    }
    if tags.is_empty() { Err(format!("found no target, {EXPECTED}")) } else { Ok(tags) }
}

/// The text of a literal: `$${` stands for `${` and `%%{` for `%{`.
fn plain(text: &str) -> Option<String> {
    let (dollar, percent) = ("\0dollar", "\0percent");
    let hidden = text.replace("$${", dollar).replace("%%{", percent);
    let fixed = !hidden.contains("${") && !hidden.contains("%{");
    fixed.then(|| hidden.replace(dollar, "${").replace(percent, "%{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_an_image() {
        let file = br#"{"group": {"default": {"targets": ["api"]}}, "target": {
            "api": {"tags": ["shop/api:1", "shop/api:latest"]}, "web": {"tags": ["shop/web:1"]}}}"#;
        assert_eq!(tags(file).unwrap(), ["shop/api:1", "shop/web:1"]);
        for (file, told) in [
            ("group \"default\" {}", "found no JSON"),
            ("{}", "found no \"target\""),
            (r#"{"target": {}}"#, "found no target, expected"),
            (r#"{"target": {"api": {}}}"#, "found no tags of target \"api\""),
            (
                r#"{"target": {"api": {"tags": ["a:${TAG}"]}}}"#,
                "found the tag \"a:${TAG}\" of target \"api\" with a variable",
            ),
        ] {
            let error = tags(file.as_bytes()).unwrap_err();
            assert!(error.starts_with(told), "{error}");
        }
        assert_eq!(plain("a$${b}%%{c}").as_deref(), Some("a${b}%{c}"));
    }
}
