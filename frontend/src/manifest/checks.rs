//! What to make of warnings: `# check=skip=RULE,…;error=true` above the manifest, or the build argument
//! `BUILDKIT_DOCKERFILE_CHECK`, which wins, both as the Dockerfile frontend reads them.
//! Source: moby/buildkit `frontend/dockerfile/linter/linter.go`, `frontend/dockerfile/parser/directives.go`.

use std::collections::{BTreeMap, BTreeSet};

use super::node::quote;
use super::rules;
use super::scan::BOM;
use super::suggest::suggest;
use crate::diagnostic::{Diagnostic, Severity, Source, Span};

/// The build argument that says the same for one build.
const ARGUMENT: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// Every rule that warns.
const WARNINGS: [&str; 16] = [
    "base-platform",
    "different-pins",
    "duplicate-key",
    "foreign-platform",
    "inexact-mode",
    "not-expanded",
    "requirements",
    "syntax-not-first",
    "unknown-build-arg",
    "unlocked",
    "unsupported-option",
    "unused-arg",
    "unused-heavy-package",
    "unused-requirements",
    "unused-stage",
    "unused-template",
];

/// Which warnings are shown, and whether they are errors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    skip_all: bool,
    skip: BTreeSet<String>,
    as_errors: bool,
}

impl Checks {
    /// Reads them; what is wrong with them goes to `problems`.
    pub(super) fn read(
        source: &Source,
        args: &BTreeMap<String, String>,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let (text, span, of_the_manifest) = match args.get(ARGUMENT) {
            Some(given) => (given.as_str(), Span::default(), false),
            None => match directive(&source.text) {
                Some(span) => (source.slice(span), span, true),
                None => return Self::default(),
            },
        };
        let checks = Self::parse(text).unwrap_or_else(|found| {
            let given = if of_the_manifest { String::new() } else { format!("build argument {ARGUMENT}: ") };
            let message = format!("{given}found {}, expected skip=RULES, error=true or both", quote(found));
            let hint = "write for example skip=unused-arg,unused-stage;error=true";
            problems.push(Diagnostic::error(rules::INVALID_VALUE, span, message).hint(hint));
            Self::default()
        });
        // One argument may be for Dockerfiles too, which have rules of their own.
        let known = |rule: &&String| !of_the_manifest || WARNINGS.contains(&rule.as_str());
        for unknown in checks.skip.iter().filter(|rule| !known(rule)) {
            let at = text.find(unknown.as_str()).unwrap_or_default();
            let span = Span::new(span.start + at, unknown.len());
            let message = format!("found the rule {}, expected one that warns", quote(unknown));
            let all = || format!("those are {}", WARNINGS.join(", "));
            let hint = suggest(unknown, WARNINGS.into_iter()).unwrap_or_else(all);
            problems.push(Diagnostic::error(rules::INVALID_VALUE, span, message).hint(hint));
        }
        checks
    }

    /// An error is the part that means nothing. Rules that are experiments there are none here.
    fn parse(text: &str) -> Result<Self, &str> {
        let mut checks = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                Some(("skip", "all")) => checks.skip_all = true,
                Some(("skip", rules)) => {
                    checks.skip = rules.split(',').map(|rule| rule.trim().to_owned()).collect();
                }
                Some(("error", value)) => {
                    checks.as_errors = match value.to_ascii_lowercase().as_str() {
                        "true" | "t" | "1" => true,
                        "false" | "f" | "0" => false,
                        _ => return Err(part),
                    };
                }
                Some(("experimental", _)) => {}
                _ => return Err(part),
            }
        }
        Ok(checks)
    }

    /// Errors, and what is left of warnings.
    pub fn of(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let skipped = |rule: &str| self.skip_all || self.skip.contains(rule);
        let kept = found.into_iter().filter(|d| d.severity == Severity::Error || !skipped(d.rule));
        let severity = |d: &Diagnostic| if self.as_errors { Severity::Error } else { d.severity };
        kept.map(|diagnostic| Diagnostic { severity: severity(&diagnostic), ..diagnostic }).collect()
    }
}

/// What stands behind `# check=` in the comments that the file begins with.
fn directive(text: &str) -> Option<Span> {
    let mut offset = text.len() - text.trim_start_matches(BOM).len();
    for line in text[offset..].split_inclusive('\n') {
        let comment = line.trim_end().strip_prefix('#')?;
        if let Some((name, value)) = comment.split_once('=')
            && name.trim().eq_ignore_ascii_case("check")
        {
            let value = value.trim_start();
            return Some(Span::new(offset + line.trim_end().len() - value.len(), value.len()));
        }
        offset += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, argument: Option<&str>) -> (Checks, Vec<String>) {
        let (source, _) = Source::from_bytes("layerset.yaml", text.as_bytes());
        let args = argument.map(|value| (ARGUMENT.to_owned(), value.to_owned())).into_iter().collect();
        let mut problems = Vec::new();
        let checks = Checks::read(&source, &args, &mut problems);
        (checks, problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn warnings_are_skipped_or_errors() {
        let found = || {
            vec![
                Diagnostic::warning("unused-arg", Span::default(), "a"),
                Diagnostic::error("x", Span::default(), "b"),
            ]
        };
        let left = |text: &str| {
            let (checks, problems) = read(text, None);
            assert_eq!(problems, Vec::<String>::new(), "{text}");
            checks.of(found()).into_iter().map(|d| (d.rule, d.severity)).collect::<Vec<_>>()
        };
        let error = ("x", Severity::Error);
        assert_eq!(
            left("# syntax=x\nservices:\n# check=skip=all\n"),
            [("unused-arg", Severity::Warning), error]
        );
        for skip in [
            "#check=skip=unused-arg\n",
            "# syntax=x\n# Check = skip = unused-stage, unused-arg ; error=1\r\n",
            "# check=skip=all",
            "\u{feff}# check=skip=all\n",
        ] {
            assert_eq!(left(skip), [error], "{skip}");
        }
        assert_eq!(left("# check=error=true\n"), [("unused-arg", Severity::Error), error]);
    }

    #[test]
    fn the_build_argument_wins() {
        let (checks, problems) =
            read("# check=skip=all\n", Some("skip=JSONArgsRecommended;experimental=all"));
        assert_eq!((checks.skip_all, checks.skip.len(), problems.len()), (false, 1, 0));
        let (_, problems) = read("", Some("skip"));
        assert_eq!(
            problems,
            [
                "build argument BUILDKIT_DOCKERFILE_CHECK: found \"skip\", expected skip=RULES, error=true or both"
            ]
        );
    }

    #[test]
    fn rules_that_are_not_there() {
        let (_, problems) = read("# check=skip=unused-args, unused-tag\n", None);
        let expected = ["unused-args", "unused-tag"];
        assert_eq!(
            problems,
            expected.map(|rule| format!("found the rule \"{rule}\", expected one that warns"))
        );
        assert_eq!(
            read("# check=error=yes\n", None).1,
            ["found \"error=yes\", expected skip=RULES, error=true or both"]
        );
    }

    #[test]
    fn every_rule_that_warns_is_explained() {
        let page = include_str!("../../../docs/rules/README.md");
        for rule in WARNINGS {
            assert!(page.contains(&format!("| `{rule}` |")), "{rule}");
        }
    }
}
