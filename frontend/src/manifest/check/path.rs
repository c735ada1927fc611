//! Paths and patterns: made clean, kept inside.

use super::Fault;
use crate::manifest::node::quote;
use crate::manifest::rules;

/// A path in the context: clean, relative, empty for the whole context.
pub(super) fn context(text: &str) -> Result<String, Fault> {
    let literal = literal(text, "path")?;
    if literal.starts_with('/') {
        return Err(leaves(
            text,
            "the context",
            "write it relative to the context, without the leading \"/\"",
        ));
    }
    clean(&literal).ok_or_else(|| leaves(text, "the context", "select only what is in the build context"))
}

/// A path in another stage or image: clean and absolute; what is relative is taken from `/`.
pub(super) fn elsewhere(text: &str) -> Result<String, Fault> {
    let literal = literal(text, "path")?;
    match clean(literal.trim_start_matches('/')) {
        Some(path) => Ok(format!("/{path}")),
        None => Err(leaves(text, "the file system", "remove \"..\"")),
    }
}

/// A target in an image: clean; absolute, or relative to the working directory and below it.
pub(super) fn target(text: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(empty("target"));
    }
    let absolute = text.starts_with('/');
    match clean(text.trim_start_matches('/')) {
        Some(path) if absolute => Ok(format!("/{path}")),
        Some(path) => Ok(path),
        None if absolute => Err(leaves(text, "the file system", "remove \"..\"")),
        None => Err(leaves(text, "the working directory", "write an absolute path")),
    }
}

/// Where a command sees what is mounted: as [`target`], but not in place of all that it has. The working directory itself is
/// known later.
pub(super) fn mounted(text: &str) -> Result<String, Fault> {
    let path = target(text)?;
    if path.is_empty() { Ok(path) } else { below_root(text, path) }
}

/// The same, absolute.
pub(super) fn mounted_absolute(text: &str) -> Result<String, Fault> {
    below_root(text, absolute(text)?)
}

fn below_root(text: &str, path: String) -> Result<String, Fault> {
    if path == "/" {
        let message = format!("found the target {}, expected a place below \"/\"", quote(text));
        return Err(Fault::new(
            rules::INVALID_PATH,
            message,
            "write where the command sees it, for example /tools",
        ));
    }
    Ok(path)
}

/// A clean absolute path.
pub(super) fn absolute(text: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(empty("path"));
    }
    if !text.starts_with('/') {
        let hint = format!("write for example /{}", text.trim_start_matches("./"));
        return Err(Fault::new(
            rules::INVALID_PATH,
            format!("found the path {}, expected an absolute one", quote(text)),
            hint,
        ));
    }
    target(text)
}

/// The path of a volume; the host's side, if there is one, is not an image's business.
pub(super) fn volume(text: &str) -> Result<String, Fault> {
    if text.contains(':') {
        return Err(Fault::new(
            rules::INVALID_PATH,
            format!("found {}, expected only a path in the image", quote(text)),
            "mounts from the host or from named volumes belong in the compose file",
        ));
    }
    absolute(text)
}

/// A pattern below a source.
pub(super) fn pattern(text: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(empty("pattern"));
    }
    let fault = |message: &str, hint: &str| {
        Fault::new(rules::INVALID_PATH, format!("found the pattern {}, {message}", quote(text)), hint)
    };
    if text.starts_with('!') {
        return Err(fault("which begins with \"!\"", "what to leave goes into \"exclude\""));
    }
    if text.starts_with('/') {
        return Err(fault("expected one relative to the source", "remove the leading \"/\""));
    }
    if !brackets_close(text) {
        return Err(fault("with a bracket or backslash left open", "write \\[ for the character itself"));
    }
    match clean(text) {
        Some(pattern) if !pattern.is_empty() => Ok(pattern),
        Some(_) => Err(fault("which matches no file", "write \"**\" for everything")),
        None => Err(fault("which leaves its source", "remove \"..\"")),
    }
}

/// Whether every `[` has its `]` and every backslash something to escape.
fn brackets_close(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    let mut inside = false;
    let mut content = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return false,
            '[' if !inside => (inside, content) = (true, false),
            ']' if inside && !content => return false,
            ']' => inside = false,
            '^' if inside && !content => {}
            _ => content = true,
        }
    }
    !inside
}

/// A path without patterns; a backslash makes `*`, `?`, `[`, `]`, `!` and itself literal.
fn literal(text: &str, what: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(empty(what));
    }
    if text.starts_with('!') {
        return Err(Fault::new(
            rules::INVALID_PATH,
            format!("found the path {}, which begins with \"!\"", quote(text)),
            "what to leave goes into \"exclude\" of a mapping, as in {source: src/, exclude: [\"*.md\"]}",
        ));
    }
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('*' | '?' | '[' | ']' | '\\' | '!')) => out.push(escaped),
                _ => {
                    return Err(Fault::new(
                        rules::INVALID_PATH,
                        format!("found a backslash in the path {}", quote(text)),
                        "separate folders by \"/\"",
                    ));
                }
            },
            '*' | '?' | '[' => {
                return Err(Fault::new(
                    rules::INVALID_PATH,
                    format!("found a pattern in the path {}, expected one file or folder", quote(text)),
                    "patterns go into \"include\", as in {source: src/, include: [\"*.py\"]}",
                ));
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// Without empty and `.` parts; `None` if `..` leads out.
fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn leaves(text: &str, what: &str, hint: &str) -> Fault {
    Fault::new(rules::PATH_LEAVES, format!("the path {} leaves {what}", quote(text)), hint)
}

fn empty(what: &str) -> Fault {
    Fault::new(rules::INVALID_PATH, format!("found an empty {what}"), "write \".\" for the folder itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule<T>(result: Result<T, Fault>) -> Result<T, &'static str> {
        result.map_err(|fault| fault.rule)
    }

    #[test]
    fn paths_of_the_context() {
        for (text, expected) in [
            (".", Ok("")),
            ("./", Ok("")),
            ("a/", Ok("a")),
            ("./a//b/../c", Ok("a/c")),
            ("a/..", Ok("")),
            ("a\\*b", Ok("a*b")),
            ("..", Err(rules::PATH_LEAVES)),
            ("a/../../b", Err(rules::PATH_LEAVES)),
            ("/a", Err(rules::PATH_LEAVES)),
            ("", Err(rules::INVALID_PATH)),
            ("a*", Err(rules::INVALID_PATH)),
            ("[a]", Err(rules::INVALID_PATH)),
            ("!a", Err(rules::INVALID_PATH)),
            ("a\\b", Err(rules::INVALID_PATH)),
        ] {
            assert_eq!(rule(context(text)).as_deref().map_err(|rule| *rule), expected, "{text}");
        }
    }

    #[test]
    fn targets() {
        for (text, expected) in [
            ("/", Ok("/")),
            ("/a/../b/", Ok("/b")),
            ("a/./b", Ok("a/b")),
            (".", Ok("")),
            ("..", Err(rules::PATH_LEAVES)),
            ("/..", Err(rules::PATH_LEAVES)),
            ("", Err(rules::INVALID_PATH)),
        ] {
            assert_eq!(rule(target(text)).as_deref().map_err(|rule| *rule), expected, "{text}");
        }
        assert_eq!(elsewhere("a/b/").ok().as_deref(), Some("/a/b"));
        assert_eq!(rule(absolute("a")), Err(rules::INVALID_PATH));
        assert_eq!(rule(volume("./a:/b")), Err(rules::INVALID_PATH));
    }

    #[test]
    fn patterns() {
        for (text, expected) in [
            ("*.py", Some("*.py")),
            ("./a/**/", Some("a/**")),
            ("[a-z]x", Some("[a-z]x")),
            ("\\[a", Some("\\[a")),
            ("", None),
            ("!a", None),
            ("/a", None),
            ("../a", None),
            (".", None),
            ("[a", None),
            ("[]", None),
            ("a\\", None),
        ] {
            assert_eq!(pattern(text).ok().as_deref(), expected, "{text}");
        }
    }
}
