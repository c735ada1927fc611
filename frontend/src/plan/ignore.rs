//! `.dockerignore`: Docker's own pattern language, handed on to the engine, which knows it.

/// The exclusion patterns of a `.dockerignore` file, as the moby project's reader takes them: comments and
/// blank lines dropped, paths cleaned and made relative, `!` kept in front.
/// Source: moby/patternmatcher, `ignorefile.ReadAll`.
pub fn ignore_patterns(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let (bang, pattern) = match line.strip_prefix('!') {
                Some(rest) => ("!", rest.trim()),
                None => ("", line),
            };
            let clean = clean(pattern);
            (!clean.is_empty()).then(|| format!("{bang}{clean}"))
        })
        .collect()
}

/// Go's `filepath.Clean`, with the leading slash gone.
pub(super) fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if pattern.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() && !pattern.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::ignore_patterns;

    #[test]
    fn reads_like_docker() {
        let text = "\u{feff}# comment\n\n  /logs/  \n!logs/keep.txt\n*.pyc\n./a/../b\n ! c \n";
        assert_eq!(ignore_patterns(text), ["logs", "!logs/keep.txt", "*.pyc", "b", "!c"]);
    }
}
