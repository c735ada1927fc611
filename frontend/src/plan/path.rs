//! Paths inside images and contexts: slashes, clean, no file system behind them.

/// `path` below `directory` unless it is absolute; no trailing slash but for the root.
pub(super) fn resolve(directory: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
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
}
