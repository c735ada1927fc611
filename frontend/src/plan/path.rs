//! Paths inside images and contexts: slashes, clean, no file system behind them.

/// `path` below `directory` unless it is absolute; no trailing slash but for the root.
pub(super) fn resolve(directory: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut clean: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    format!("/{}", clean.join("/"))
}

/// The names of a path.
pub(super) fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A name as a pattern that matches it alone: Go's `filepath.Match` as moby's patternmatcher changes
/// it, which reads a leading `!` as "not this" and trims spaces from both ends of a pattern.
pub fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    let last = name.chars().count().saturating_sub(1);
    for (place, c) in name.chars().enumerate() {
        match c {
            '*' | '?' | '[' | ']' | '\\' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if c.is_whitespace() && (place == 0 || place == last) => escaped.extend(['[', c, ']']),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_at_the_directory() {
        assert_eq!(resolve("/app", "a/b"), "/app/a/b");
        assert_eq!(resolve("/app", ""), "/app");
        assert_eq!(resolve("/", ""), "/");
        assert_eq!(resolve("/app", "/etc/x/"), "/etc/x");
    }

    #[test]
    fn special_names_match_themselves_alone() {
        assert_eq!(escape("a b"), "a b");
        assert_eq!(escape(" a "), "[ ]a[ ]");
        assert_eq!(escape("!x[1]*"), "\\!x\\[1\\]\\*");
    }
}
