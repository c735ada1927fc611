//! What the YAML scanner says, in words that help: the scanner knows its grammar, the user wants to
//! know what to change.

use super::node::quote;
use super::rules;
use crate::diagnostic::{Diagnostic, Source, Span};

/// A character that YAML does not allow. Looked for first: the scanner takes a NUL for the end of the
/// file, and what follows it would be dropped without a word.
pub(super) fn control_character(source: &Source) -> Option<Diagnostic> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{85}') || !c.is_control();
    let (offset, found) = source.text.char_indices().find(|&(_, c)| !allowed(c))?;
    Some(
        Diagnostic::error(
            rules::CONTROL_CHARACTER,
            Span::new(offset, found.len_utf8()),
            format!("found the control character U+{:04X}", u32::from(found)),
        )
        .hint("remove it; in double quotes it can be written as an escape"),
    )
}

/// A scan error as a diagnostic.
pub(super) fn explain(source: &Source, offset: usize, info: &str) -> Diagnostic {
    if let Some(tab) = tab_near(source, offset) {
        return Diagnostic::error(rules::TAB, tab, "found a tab as indentation, expected spaces")
            .hint("YAML is indented with spaces only");
    }
    let rest = source.text.get(offset..).unwrap_or_default();
    let length = rest.chars().next().map_or(0, char::len_utf8);
    let mut here = Span::new(offset.min(source.text.len()), length);
    let has = |part: &str| info.contains(part);
    let (rule, message, hint) = if has("unknown anchor") {
        let name = rest.split(|c: char| c.is_whitespace() || ",]}".contains(c)).next().unwrap_or_default();
        here = Span::new(here.start, name.len());
        (
            rules::ALIAS,
            format!("the alias {} has no anchor before it", quote(name)),
            "put the anchor, as in &name, before its first use; text that begins with * belongs in quotes",
        )
    } else if has("recursion limit") {
        (rules::TOO_DEEP, "nested too deep".to_owned(), "look for a bracket too many")
    } else if has("quoted scalar") && (has("end of stream") || has("indentation")) {
        (rules::YAML, "a quote is never closed".to_owned(), "close it, or double a ' inside single quotes")
    } else if has("escape") {
        (
            rules::YAML,
            "found an unknown escape in double quotes".to_owned(),
            "write \\\\ for a backslash, or use single quotes",
        )
    } else if has("reserved") || rest.starts_with(['@', '`', '%']) {
        (
            rules::YAML,
            format!("found {} at the start of a value", quote(&rest[..length])),
            "put the value in quotes",
        )
    } else if has("flow sequence") || has("flow mapping") || has("bracket") {
        (
            rules::YAML,
            "a bracket or brace is not closed, or a comma is missing before this".to_owned(),
            "every [ needs its ] and every { its }",
        )
    } else if has("mapping values are not allowed") && !second_colon(source, offset) {
        (
            rules::YAML,
            "found \":\" where no key can be".to_owned(),
            "check that the line above has the form \"key: value\"",
        )
    } else if has("trailing content") {
        (
            rules::YAML,
            "found text after a quoted value, expected a comma or the end of the line".to_owned(),
            "put a comma between the two, or the whole value in quotes",
        )
    } else if has("mapping values are not allowed") {
        (
            rules::YAML,
            "found a second \": \" in one value".to_owned(),
            "put a value with a colon and a space in quotes",
        )
    } else if has("simple key") || has("expected key") || has("':'") {
        (
            rules::YAML,
            "expected \"key: value\" here".to_owned(),
            "check the colon, the indentation, and that every bracket above is closed",
        )
    } else if has("indent") || has("'-' indicator") {
        (
            rules::YAML,
            "the indentation fits nothing above".to_owned(),
            "give entries of one list or mapping the same indentation",
        )
    } else {
        return Diagnostic::error(rules::YAML, here, format!("this is not YAML: {info}"))
            .hint("put text with special characters in quotes, and check the lines above");
    };
    Diagnostic::error(rule, here, message).hint(hint)
}

/// Whether the line has a colon before the one at an offset.
fn second_colon(source: &Source, offset: usize) -> bool {
    let line = source.bytes_of_lines(source.position(offset).0, source.position(offset).0);
    source.text.get(line.start..offset).is_some_and(|before| before.contains(": "))
}

/// The tab in the indentation of the line with the error, or of the line before it.
fn tab_near(source: &Source, offset: usize) -> Option<Span> {
    let (line, _) = source.position(offset);
    [line, line.saturating_sub(1)].into_iter().filter(|&line| line > 0).find_map(|line| {
        let bytes = source.bytes_of_lines(line, line);
        let text = source.text.get(bytes.clone())?;
        let indentation = text.len() - text.trim_start_matches([' ', '\t', '-', '?']).len();
        let tab = text.get(..indentation)?.find('\t')?;
        Some(Span::new(bytes.start + tab, 1))
    })
}

/// A scalar's span without what follows the value: block scalars end where the next token begins.
pub(super) fn trim(source: &Source, span: Span) -> Span {
    let text = source.slice(span);
    Span { start: span.start, end: span.start + text.trim_end().len() }
}

/// What editors of Windows begin a text with. The engine looks behind it too.
pub(super) const BOM: char = '\u{feff}';

/// What the first line of a manifest says after `# syntax=`.
pub fn syntax(source: &Source) -> Option<&str> {
    let (name, value) =
        source.text.trim_start_matches(BOM).lines().next()?.strip_prefix('#')?.split_once('=')?;
    Some(value.trim()).filter(|value| name.trim().eq_ignore_ascii_case("syntax") && !value.is_empty())
}

/// `# syntax=` lines that the engine does not see, because they are not the first line.
pub(super) fn late_syntax(source: &Source, problems: &mut Vec<Diagnostic>) {
    let mut offset = 0;
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        let is_syntax = line.strip_prefix('#').is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("syntax"))
                && rest[6..].trim_start().starts_with('=')
        });
        if is_syntax && index > 0 {
            problems.push(
                Diagnostic::warning(
                    rules::SYNTAX_NOT_FIRST,
                    Span::new(offset, line.trim_end().len()),
                    format!(
                        "found \"# syntax=\" on line {}, where the engine does not look for it",
                        index + 1
                    ),
                )
                .hint("make it the very first line of the file"),
            );
        }
        offset += line.len();
    }
}
