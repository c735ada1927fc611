//! A file that diagnostics point into, and how byte offsets become lines and columns.

use std::ops::{Range, RangeInclusive};

use buildkit_llb::{Position, Range as Area};

use super::{Diagnostic, Span};

/// The most lines of one place that the engine is told of: a screen has room for a few such places.
const RANGE_LINES: usize = 10;

/// A file that diagnostics point into.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name as the user gave it, `layerset.yaml`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where each line starts; found once, so that a thousand diagnostics cost no thousand scans.
    starts: Vec<usize>,
}

impl Source {
    /// A source of text that is known to be text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect();
        Self { name: name.into(), text, starts }
    }

    /// The source of some bytes; what is not UTF-8 becomes a diagnostic, and `U+FFFD` in the text.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> (Self, Option<Diagnostic>) {
        match std::str::from_utf8(bytes) {
            Ok(text) => (Self::new(name, text), None),
            Err(error) => {
                let start = error.valid_up_to();
                let byte = bytes.get(start).copied().unwrap_or_default();
                let diagnostic = Diagnostic::error(
                    "not-utf8",
                    Span::new(start, char::REPLACEMENT_CHARACTER.len_utf8()),
                    format!("found the byte 0x{byte:02x}, which is not UTF-8"),
                )
                .hint("save the file as UTF-8");
                (Self::new(name, String::from_utf8_lossy(bytes)), Some(diagnostic))
            }
        }
    }

    /// Line and column of a byte offset, both from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.boundary(offset);
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// The lines, from 1, that a span touches.
    pub fn lines(&self, span: Span) -> RangeInclusive<usize> {
        let last = span.end.saturating_sub(1).max(span.start);
        self.position(span.start).0..=self.position(last).0
    }

    /// A span as the engine takes places: lines from 1, characters from 0. A long one is cut, because
    /// the engine prints every line of it.
    pub fn range(&self, span: Span) -> Area {
        let (line, _) = self.position(span.start);
        let cut = self.bytes_of_lines(line, line + RANGE_LINES - 1).end;
        let span = Span { start: span.start, end: span.end.min(cut) };
        let position = |offset| {
            let (line, column) = self.position(offset);
            let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
            Position { line: number(line), character: number(column - 1) }
        };
        Area { start: position(span.start), end: position(span.end.max(span.start)) }
    }

    /// What stands at a span; empty if it is outside the text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(self.boundary(span.start)..self.boundary(span.end)).unwrap_or_default()
    }

    /// The bytes of lines `first..=last` (from 1), without the last line's end.
    pub(crate) fn bytes_of_lines(&self, first: usize, last: usize) -> Range<usize> {
        let start = self.starts.get(first.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let end = self.starts.get(last).map_or(self.text.len(), |next| next - 1);
        start..end.max(start)
    }

    /// The nearest character boundary at or before an offset.
    pub(super) fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("f", "ab\nä€c\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(2), (1, 3));
        assert_eq!(source.position(3), (2, 1));
        assert_eq!(source.position(5), (2, 2));
        assert_eq!(source.position(8), (2, 3));
        assert_eq!(source.position(10), (3, 1));
        assert_eq!(source.position(99), (3, 1));
    }

    #[test]
    fn an_offset_inside_a_character_is_its_start() {
        assert_eq!(Source::new("f", "ä").position(1), (1, 1));
    }

    #[test]
    fn lines_of_a_span() {
        let source = Source::new("f", "a\nb\nc");
        assert_eq!(source.lines(Span { start: 0, end: 2 }), 1..=1);
        assert_eq!(source.lines(Span { start: 0, end: 3 }), 1..=2);
        assert_eq!(source.lines(Span { start: 4, end: 4 }), 3..=3);
    }

    #[test]
    fn a_long_range_is_cut() {
        let source = Source::new("f", "line\n".repeat(1000));
        let range = source.range(Span { start: 5, end: 5000 });
        assert_eq!((range.start.line, range.end.line), (2, 11));
        let short = source.range(Span { start: 5, end: 12 });
        assert_eq!((short.end.line, short.end.character), (3, 2));
    }

    #[test]
    fn bytes_that_are_no_text() {
        let (source, diagnostic) = Source::from_bytes("f", b"ab\ncd\xffe");
        let diagnostic = diagnostic.unwrap();
        assert_eq!(source.position(diagnostic.span.start), (2, 3));
        assert_eq!(source.slice(diagnostic.span), "\u{fffd}");
    }
}
