//! Diagnostics as plain text: `layerset.yaml:12:7: error: …`, the lines with carets, and what to do.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Label, Severity, Source, Span};

/// Places further apart than this get an excerpt each: a diagnostic costs no more than a screen,
/// however long the file is.
const TOGETHER: usize = 40;

/// Diagnostics that are shown of one manifest: whoever has more has made one mistake many times.
pub const MOST: usize = 100;

/// Renders diagnostics in the order given, with an empty line between two; the first [`MOST`] of them.
pub fn render(source: &Source, diagnostics: &[Diagnostic]) -> String {
    let shown = diagnostics.iter().take(MOST).map(|diagnostic| one(source, diagnostic));
    let more = diagnostics.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("and {more} more\n"));
    shown.chain(rest).collect::<Vec<_>>().join("\n")
}

fn one(source: &Source, diagnostic: &Diagnostic) -> String {
    let (line, column) = source.position(diagnostic.span.start);
    let (word, level) = match diagnostic.severity {
        Severity::Error => ("error", Level::ERROR),
        Severity::Warning => ("warning", Level::WARNING),
    };
    let name = &source.name;
    let mut text = format!("{name}:{line}:{column}: {word}: {}\n", diagnostic.message);
    let excerpts = excerpts(source, diagnostic);
    if !excerpts.is_empty() {
        text.push_str(&Renderer::plain().render(&[Group::with_level(level).elements(excerpts)]));
        text.push('\n');
    }
    if let Some(hint) = &diagnostic.hint {
        text.push_str("help: ");
        text.push_str(hint);
        text.push('\n');
    }
    text
}

/// One excerpt for the primary place and the labels near it, and one for each label far away.
fn excerpts<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Vec<Snippet<'a, Annotation<'a>>> {
    if source.text.trim().is_empty() {
        return Vec::new();
    }
    let line = |span: Span| source.position(span.start).0;
    let primary = line(diagnostic.span);
    let (near, far): (Vec<&Label>, Vec<&Label>) =
        diagnostic.labels.iter().partition(|label| line(label.span).abs_diff(primary) <= TOGETHER);
    let first = near.iter().map(|label| line(label.span)).fold(primary, usize::min);
    let last = near.iter().map(|label| line(label.span)).fold(primary, usize::max);
    let mut snippet = window(source, first, last).annotation(AnnotationKind::Primary.span(within(
        source,
        diagnostic.span,
        first,
    )));
    for label in near {
        let span = within(source, label.span, first);
        snippet = snippet.annotation(AnnotationKind::Context.span(span).label(label.text.as_str()));
    }
    let mut out = vec![snippet];
    for label in far {
        let at = line(label.span);
        let span = within(source, label.span, at);
        out.push(
            window(source, at, at)
                .path(source.name.as_str())
                .annotation(AnnotationKind::Context.span(span).label(label.text.as_str())),
        );
    }
    out
}

fn window(source: &Source, first: usize, last: usize) -> Snippet<'_, Annotation<'_>> {
    let text = source.text.get(source.bytes_of_lines(first, last)).unwrap_or_default();
    Snippet::source(text).line_start(first)
}

/// A span relative to the window from line `first` on, cut at the end of its own first line.
fn within(source: &Source, span: Span, first: usize) -> std::ops::Range<usize> {
    let line = source.position(span.start).0;
    let bytes = source.bytes_of_lines(line, line);
    let offset = source.bytes_of_lines(first, first).start;
    let start = source.boundary(span.start).clamp(bytes.start, bytes.end);
    let end = source.boundary(span.end).clamp(start, bytes.end);
    start - offset..end - offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_excerpt_label_and_hint() {
        let source = Source::new("layerset.yaml", "a: 1\nbc: 2\na: 3\n");
        let diagnostic = Diagnostic::error("duplicate-key", Span::new(11, 1), "key \"a\" is there twice")
            .label(Span::new(0, 1), "first here")
            .hint("remove one");
        insta::assert_snapshot!(render(&source, &[diagnostic]), @r#"
        layerset.yaml:3:1: error: key "a" is there twice
          |
        1 | a: 1
          | - first here
        2 | bc: 2
        3 | a: 3
          | ^
        help: remove one
        "#);
    }

    #[test]
    fn a_far_label_has_its_own_excerpt() {
        let source = Source::new("layerset.yaml", format!("a: 1\n{}a: 3\n", "# far\n".repeat(100)));
        let diagnostic = Diagnostic::warning("duplicate-key", Span::new(605, 1), "key \"a\" is there twice")
            .label(Span::new(0, 1), "first here");
        insta::assert_snapshot!(render(&source, &[diagnostic]), @r#"
        layerset.yaml:102:1: warning: key "a" is there twice
            |
        102 | a: 3
            | ^
            |
           ::: layerset.yaml:1:1
            |
          1 | a: 1
            | - first here
        "#);
    }

    #[test]
    fn any_span_of_any_text_renders() {
        for text in ["", "\n", "a", "ä\r\n\tb", "\u{feff}a: b\n\n", "a\0b"] {
            let source = Source::new("f", text);
            for start in 0..=text.len() + 1 {
                for end in start..=text.len() + 2 {
                    let span = Span { start, end };
                    let diagnostic = Diagnostic::error("r", span, "m").label(span, "l");
                    assert!(render(&source, &[diagnostic]).starts_with("f:"));
                }
            }
        }
    }
}
