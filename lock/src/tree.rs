//! TOML with places: what readers of TOML ask for, and problems where it is not so.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Place, Problem};

/// A document that is being read. What is wrong is collected.
pub(crate) struct Tree<'a> {
    file: &'a str,
    text: &'a str,
    /// Where lines begin, in bytes.
    starts: Vec<usize>,
    /// How many characters begin before each [`STEP`]th byte: a document may be one line.
    counts: Vec<usize>,
    /// What is wrong so far.
    pub(crate) problems: Vec<Problem>,
}

/// Bytes between two places whose characters are counted beforehand.
const STEP: usize = 256;

/// How many characters begin in some bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// A value with its place.
pub(crate) type Node<'n, 'a> = &'n Spanned<DeValue<'a>>;

impl<'a> Tree<'a> {
    /// The document's table; what TOML does not allow is among the problems.
    pub(crate) fn parse(file: &'a str, text: &'a str) -> (Self, Spanned<DeTable<'a>>) {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut count = 0;
        let counts = text.as_bytes().chunks(STEP).map(|chunk| {
            let before = count;
            count += characters(chunk);
            before
        });
        let mut tree = Self { file, text, starts, counts: counts.collect(), problems: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().unwrap_or(0..0).start;
            tree.wrong(at, format!("this is not TOML: {}", error.message()), "");
        }
        (tree, table)
    }

    /// The place of a byte of the text.
    pub(crate) fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = self.before(at).saturating_sub(self.before(start)) + 1;
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { file: self.file.to_owned(), line: number(line), column: number(column) }
    }

    /// How many characters begin before a byte of the text.
    fn before(&self, at: usize) -> usize {
        let step = (at / STEP).min(self.counts.len().saturating_sub(1));
        let rest = self.text.as_bytes().get(step * STEP..at).unwrap_or_default();
        self.counts.get(step).map_or(0, |count| count + characters(rest))
    }

    /// Something wrong at a byte of the text.
    pub(crate) fn wrong(&mut self, at: usize, message: impl Into<String>, hint: &str) {
        let problem = Problem::at(self.place(at), message);
        self.problems.push(if hint.is_empty() { problem } else { problem.hint(hint) });
    }

    fn kind(&mut self, key: &str, node: Node<'_, 'a>, expected: &str) {
        let found = node.get_ref().type_str();
        self.wrong(node.span().start, format!("expected {expected} at \"{key}\", found {found}"), "");
    }

    /// A text, if the key is there.
    pub(crate) fn text<'n>(&mut self, table: &'n DeTable<'a>, key: &str) -> Option<&'n str> {
        let node = table.get(key)?;
        let text = node.get_ref().as_str();
        if text.is_none() {
            self.kind(key, node, "a string");
        }
        text
    }

    /// A whole number that is not negative, if the key is there.
    pub(crate) fn number(&mut self, table: &DeTable<'a>, key: &str) -> Option<u64> {
        let node = table.get(key)?;
        let integer = node.get_ref().as_integer();
        let number = integer.and_then(|integer| u64::from_str_radix(integer.as_str(), integer.radix()).ok());
        match integer.filter(|_| number.is_none()) {
            Some(integer) => {
                let found = integer.as_str().chars().take(40).collect::<String>();
                let message = format!(
                    "expected a whole number at \"{key}\" that is not negative and not too large, found {found}"
                );
                self.wrong(node.span().start, message, "");
            }
            None if number.is_none() => self.kind(key, node, "a whole number"),
            None => {}
        }
        number
    }

    /// A table, if the key is there.
    pub(crate) fn table<'n>(&mut self, table: &'n DeTable<'a>, key: &str) -> Option<&'n DeTable<'a>> {
        let node = table.get(key)?;
        let inner = node.get_ref().as_table();
        if inner.is_none() {
            self.kind(key, node, "a table");
        }
        inner
    }

    /// The elements of a list; none if the key is not there.
    pub(crate) fn list<'n>(&mut self, table: &'n DeTable<'a>, key: &str) -> Vec<Node<'n, 'a>> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let list = node.get_ref().as_array();
        if list.is_none() {
            self.kind(key, node, "a list");
        }
        list.into_iter().flat_map(|list| list.iter()).collect()
    }

    /// The tables of a list, each with where it is.
    pub(crate) fn tables<'n>(&mut self, table: &'n DeTable<'a>, key: &str) -> Vec<(usize, &'n DeTable<'a>)> {
        let mut tables = Vec::new();
        for node in self.list(table, key) {
            match node.get_ref().as_table() {
                Some(inner) => tables.push((node.span().start, inner)),
                None => self.kind(key, node, "a list of tables"),
            }
        }
        tables
    }

    /// The texts of a list, each with where it is.
    pub(crate) fn texts<'n>(&mut self, table: &'n DeTable<'a>, key: &str) -> Vec<(usize, &'n str)> {
        let mut texts = Vec::new();
        for node in self.list(table, key) {
            match node.get_ref().as_str() {
                Some(text) => texts.push((node.span().start, text)),
                None => self.kind(key, node, "a list of strings"),
            }
        }
        texts
    }
}
