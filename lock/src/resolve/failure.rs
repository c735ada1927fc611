//! What uv says when it fails: which kind of failure it is, and the text that is shown.

use crate::name;
use crate::problem::Kind;

/// What uv said.
pub(super) struct Said {
    /// What kind of failure it is, as far as its words tell.
    pub(super) kind: Kind,
    /// Its words without its own decoration and without credentials; a few lines.
    pub(super) text: String,
    /// The same with all lines.
    pub(super) full: String,
    /// The index refused the credentials, or there were none.
    pub(super) refused: bool,
}

/// More lines of an explanation help nobody.
const LINES: usize = 40;

impl Said {
    /// From uv's stderr. It exits with 1 where no versions fit and with 2 for all else, a missing page of an
    /// index included, so the words decide.
    pub(super) fn of(stderr: &str) -> Self {
        let mut lines = Vec::new();
        for line in stderr.lines() {
            let line = line.trim_end();
            let bare = line.trim_start_matches([' ', '×', '╰', '─', '▶', '├', '│']);
            let bare = ["error: ", "cause: ", "Caused by: "]
                .into_iter()
                .fold(bare, |line, label| line.strip_prefix(label).unwrap_or(line));
            if !bare.is_empty() && !bare.starts_with("warning:") {
                lines.push(name::redacted(bare));
            }
        }
        let full = lines.join("\n");
        let more = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        if more > 0 {
            lines.push(format!("… and {more} more lines"));
        }
        let text = lines.join("\n");
        let says = |words: &[&str]| words.iter().any(|word| full.contains(word));
        // Where no versions fit, that the index refused is only one of uv's hints.
        let refused = says(&[
            "status client error (401",
            "status client error (403",
            "lack of valid authentication credentials",
        ]);
        let kind = if refused {
            Kind::Input
        } else if says(&["No solution found when resolving", "requirements are unsatisfiable"]) {
            if says(&["was not found in the", "status client error (404"]) {
                Kind::NotFound
            } else {
                Kind::Conflict
            }
        } else if says(&["status client error (404", "HTTP status client error"]) {
            Kind::NotFound
        } else if says(&[
            "error sending request",
            "Failed to fetch",
            "client error (Connect)",
            "status server error",
            "timed out",
            "dns error",
            "connection closed",
            "Failed to download",
            "retries",
        ]) {
            Kind::Network
        } else if says(&["Distribution not found at", "Conflicting URLs", "Couldn't parse requirement"]) {
            Kind::Input
        } else {
            Kind::Resolver
        };
        Self { kind, text, full, refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (stderr, kind) in [
            (
                "error: No solution found when resolving dependencies\n  cause: Because you require a<3 and a>=3, we can conclude that your requirements are unsatisfiable.",
                Kind::Conflict,
            ),
            (
                "  × No solution found when resolving dependencies:\n  ╰─▶ Because a was not found in the package registry and you require a, we can conclude that your requirements are unsatisfiable.",
                Kind::NotFound,
            ),
            (
                "error: Failed to fetch: http://127.0.0.1:9/simple/a/\n  cause: error sending request for url (http://127.0.0.1:9/simple/a/)\n  cause: client error (Connect)",
                Kind::Network,
            ),
            (
                "error: Failed to fetch: `http://h/a.whl`\n  cause: HTTP status client error (404 Not Found) for url (http://h/a.whl)",
                Kind::NotFound,
            ),
            (
                "error: Failed to fetch: `http://h/a/`\n  cause: HTTP status client error (401 Unauthorized) for url (http://h/a/)",
                Kind::Input,
            ),
            (
                "error: No solution found when resolving dependencies\n  cause: Because a was not found in the package registry and you require a, we can conclude that your requirements are unsatisfiable.\nhint: An index URL (http://h/simple) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)",
                Kind::Input,
            ),
            ("error: unexpected argument '--format' found", Kind::Resolver),
        ] {
            assert_eq!(Said::of(stderr).kind, kind, "{stderr}");
        }
    }

    #[test]
    fn trimmed_and_clean() {
        let said = Said::of("warning: x\nerror: Failed to fetch: `https://u:secret@h/a`\n  cause: y\n\n");
        assert_eq!(said.text, "Failed to fetch: `https://h/a`\ny");
        assert!(Said::of(&"line\n".repeat(100)).text.ends_with("line\n… and 60 more lines"));
    }
}
