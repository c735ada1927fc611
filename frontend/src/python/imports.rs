//! Which modules a source file names: what it imports, and names of modules in strings, because some are
//! loaded by name. A scanner, no parser: it tells names, strings and comments apart and knows where a
//! statement begins, which is all that imports need. Source: "lexical analysis" and "the import
//! statement" of the Python language reference.

use std::collections::{BTreeMap, BTreeSet};

/// Names of top-level modules by the path of the file that names them, lower case.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// Strings inside of fields of strings deeper are not looked at.
const DEEPEST: usize = 16;
/// No module has a longer name (bytes).
const LONGEST: usize = 80;

/// Whether a file may be a source, by its name: worth to be read.
pub fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    is_python(path) || matches!(extension, None | Some("sh" | "bash" | "conf"))
}

/// Whether a file is Python's by its name.
pub fn is_python(path: &str) -> bool {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    extension.is_some_and(|(_, extension)| matches!(extension, "py" | "pyw" | "pyx" | "ipynb"))
}

/// What a file of the context names; `None` if it is no source.
pub fn names_in(path: &str, bytes: &[u8]) -> Option<BTreeSet<String>> {
    let name = path.rsplit('/').next().unwrap_or_default();
    // What a package is made of says what it requires, which is no use of it.
    if name == "setup.py" {
        return None;
    }
    let text = || String::from_utf8_lossy(bytes);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("py" | "pyw" | "pyx") => Some(modules(&text())),
        Some("ipynb") => Some(notebook(bytes)),
        Some("sh" | "bash" | "conf") => Some(text().lines().flat_map(words).collect()),
        Some(_) => None,
        None => {
            let first = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
            let program = String::from_utf8_lossy(first);
            let python = program.contains("python");
            Some(if python { modules(&text()) } else { text().lines().flat_map(words).collect() })
        }
    }
}

/// The modules that words of a command may mean: `python -m a.b`, `/venv/bin/a`, `a:app`.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.split(move |c| !is_word(c)).filter_map(top)
}

/// What the code cells of a notebook name.
fn notebook(bytes: &[u8]) -> BTreeSet<String> {
    let notebook: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    let cells = notebook["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
    let source = |cell: &serde_json::Value| match &cell["source"] {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(lines) => lines.iter().filter_map(serde_json::Value::as_str).collect(),
        _ => String::new(),
    };
    cells.iter().flat_map(|cell| modules(&source(cell))).collect()
}

/// The modules that a Python source names.
pub(super) fn modules(source: &str) -> BTreeSet<String> {
    let mut scanner = Scanner { text: source, at: 0, depth: 0 };
    let mut found = BTreeSet::new();
    let mut begins = true;
    // What comes next is the first name of a module to import.
    let mut wanted = false;
    let mut importing = false;
    while let Some(token) = scanner.next() {
        let began = std::mem::take(&mut begins);
        let asked = std::mem::take(&mut wanted);
        match token {
            Token::Name("import") if began => (wanted, importing) = (true, true),
            Token::Name("from") if began => wanted = true,
            Token::Name(name) if asked => found.extend(top(name)),
            Token::Text(text) => found.extend(Some(text).filter(|text| is_dotted(text)).and_then(top)),
            // `from . import a` is of the package itself.
            Token::Sign(b',') => wanted = importing && scanner.depth == 0,
            Token::Sign(b';' | b':') | Token::Line => {
                begins = scanner.depth == 0;
                importing = false;
            }
            Token::Name(_) | Token::Sign(_) => {}
        }
    }
    found
}

/// The top-level module of a dotted name, lower case with `_` for `-`.
fn top(name: &str) -> Option<String> {
    let first = name.trim_matches(['.', '-']).split('.').next().unwrap_or_default();
    let begins = first.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (begins && first.len() <= LONGEST).then(|| first.to_ascii_lowercase().replace('-', "_"))
}

/// Whether a string could be the name of a module or package.
fn is_dotted(text: &str) -> bool {
    text.len() <= 4 * LONGEST
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.'))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    /// An identifier or keyword.
    Name(&'t str),
    /// What is in a string that has no fields.
    Text(&'t str),
    /// Any other byte.
    Sign(u8),
    /// The end of a logical line.
    Line,
}

struct Scanner<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    /// Open brackets: inside of them a line does not end.
    depth: usize,
}

impl<'t> Scanner<'t> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let byte = self.byte(0)?;
            match byte {
                b'\\' => {
                    self.at += if self.byte(1) == Some(b'\r') && self.byte(2) == Some(b'\n') { 3 } else { 2 }
                }
                b'\n' | b'\r' => {
                    self.at += 1;
                    if self.depth == 0 {
                        return Some(Token::Line);
                    }
                }
                b'#' => self.skip(|byte| !matches!(byte, b'\n' | b'\r')),
                b'"' | b'\'' => return Some(self.string(false, false, 0)),
                b'0'..=b'9' => self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')),
                byte if is_name(byte) => {
                    let name = self.name();
                    return Some(match self.prefixed(name, 0) {
                        Some(text) => text,
                        None => Token::Name(name),
                    });
                }
                byte => {
                    self.at += 1;
                    match byte {
                        b'(' | b'[' | b'{' => self.depth += 1,
                        b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                        byte if byte.is_ascii_whitespace() => continue,
                        _ => {}
                    }
                    return Some(Token::Sign(byte));
                }
            }
        }
    }

    fn skip(&mut self, while_it: impl Fn(u8) -> bool) {
        while self.byte(0).is_some_and(&while_it) {
            self.at += 1;
        }
    }

    fn name(&mut self) -> &'t str {
        let start = self.at;
        self.skip(is_name);
        // Names are ASCII, or whole characters of more bytes.
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The string that `name` is the prefix of, if it is one.
    fn prefixed(&mut self, name: &str, nesting: usize) -> Option<Token<'t>> {
        let has = |letter: char| name.contains([letter, letter.to_ascii_uppercase()]);
        let is_prefix = name.len() <= 2 && name.chars().all(|c| "rRbBuUfFtT".contains(c));
        let quoted = matches!(self.byte(0), Some(b'"' | b'\''));
        (is_prefix && quoted).then(|| self.string(has('r'), has('f') || has('t'), nesting))
    }

    /// The string that begins here. One that is not closed ends with its line.
    fn string(&mut self, raw: bool, fields: bool, nesting: usize) -> Token<'t> {
        let quote = self.byte(0);
        let long = self.byte(1) == quote && self.byte(2) == quote;
        let length = if long { 3 } else { 1 };
        self.at += length;
        let start = self.at;
        let mut end = self.text.len();
        while let Some(byte) = self.byte(0) {
            match byte {
                // In front of a field it is a backslash and no more.
                b'\\' if fields && self.byte(1) == Some(b'{') && (raw || self.byte(2) != Some(b'{')) => {
                    self.at += 1;
                }
                b'\\' => self.at += 2,
                b'\n' | b'\r' if !long => {
                    end = self.at;
                    break;
                }
                b'{' if fields && self.byte(1) == Some(b'{') => self.at += 2,
                b'{' if fields && nesting < DEEPEST => {
                    self.at += 1;
                    self.field(nesting + 1);
                }
                byte if Some(byte) == quote
                    && (!long || (self.byte(1) == quote && self.byte(2) == quote)) =>
                {
                    end = self.at;
                    self.at += length;
                    break;
                }
                _ => self.at += 1,
            }
        }
        let text = self.text.get(start..end).filter(|_| !fields);
        Token::Text(text.unwrap_or_default())
    }

    /// A replacement field, after its brace: an expression, then perhaps a format.
    fn field(&mut self, nesting: usize) {
        let mut depth = 0_usize;
        let mut format = false;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'}' if depth == 0 => {
                    self.at += 1;
                    return;
                }
                b'{' if format && nesting < DEEPEST => {
                    self.at += 1;
                    self.field(nesting + 1);
                }
                b'\n' | b'\r' if format => return,
                _ if format => self.at += 1,
                b'"' | b'\'' => {
                    self.string(false, false, nesting);
                }
                byte if is_name(byte) => {
                    let name = self.name();
                    self.prefixed(name, nesting);
                }
                byte => {
                    self.at += 1;
                    match byte {
                        b'(' | b'[' | b'{' => depth += 1,
                        b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                        b':' => format = depth == 0,
                        _ => {}
                    }
                }
            }
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests;
