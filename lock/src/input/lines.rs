//! Logical lines of a requirement file, as pip makes them: a `\` at its end joins a line with the next, then
//! comments are cut off.

use crate::problem::Place;

/// A line as it is understood, with the places of its pieces.
pub(super) struct Line {
    /// Without comment, not trimmed: positions in it are positions for [`Line::place`].
    pub(super) text: String,
    /// From which byte of the text on it is which line of the file.
    pieces: Vec<(usize, u32)>,
}

impl Line {
    /// The place of a byte of the text.
    pub(super) fn place(&self, file: &str, at: usize) -> Place {
        let piece = self.pieces.iter().rev().find(|(from, _)| *from <= at).or(self.pieces.first());
        let (from, line) = piece.copied().unwrap_or((0, 1));
        let before = self.text.get(from..at).map_or(0, |text| text.chars().count());
        Place { file: file.to_owned(), line, column: u32::try_from(before + 1).unwrap_or(u32::MAX) }
    }
}

/// The lines that say something.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut all = Vec::new();
    let mut open: Option<Line> = None;
    for (number, raw) in (1u32..).zip(text.lines()) {
        let comment = raw.trim_start().starts_with('#');
        let joined = raw.strip_suffix('\\').filter(|_| !comment);
        let line = open.get_or_insert_with(|| Line { text: String::new(), pieces: Vec::new() });
        line.pieces.push((line.text.len(), number));
        if comment && !line.text.is_empty() && !line.text.ends_with(char::is_whitespace) {
            // A comment ends a joined line; without the blank it would be a part of its last word.
            line.text.push(' ');
        }
        line.text.push_str(joined.unwrap_or(raw));
        if joined.is_none() {
            all.extend(open.take());
        }
    }
    all.extend(open);
    for line in &mut all {
        if let Some(end) = comment(&line.text) {
            line.text.truncate(end);
        }
    }
    all.retain(|line| !line.text.trim().is_empty());
    all
}

/// Where a comment begins: a `#` at the beginning or after a blank.
fn comment(text: &str) -> Option<usize> {
    let mut blank = true;
    for (at, char) in text.char_indices() {
        if char == '#' && blank {
            return Some(at);
        }
        blank = char.is_whitespace();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_pip_reads_them() {
        let text = "a # one\n# two\n\n  b==1 \\\n  --hash=x\nhttps://h/c#egg=c\nd \\\n# e \\\nf\ng \\";
        let read: Vec<(String, u32)> =
            lines(text).iter().map(|line| (line.text.trim().to_owned(), line.place("f", 0).line)).collect();
        let expected =
            [("a", 1), ("b==1   --hash=x", 4), ("https://h/c#egg=c", 6), ("d", 7), ("f", 9), ("g", 10)];
        assert_eq!(read, expected.map(|(text, line)| (text.to_owned(), line)));
    }

    #[test]
    fn places_in_joined_lines() {
        let lines = lines("é==1 \\\n  --hash=x");
        let at = lines[0].text.find("--hash").unwrap();
        assert_eq!(lines[0].place("f", at).to_string(), "f:2:3");
        assert_eq!(lines[0].place("f", "é".len()).to_string(), "f:1:2");
    }
}
