//! The grammar of markers.

use std::str::FromStr;

use super::{Marker, Op, Operand, variable};

/// Brackets nested deeper are refused: markers come from untrusted locks, and reading is recursive.
const DEEPEST: usize = 50;

/// What is wrong with a marker, and where: bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MarkerError {
    /// Where it is wrong.
    pub at: usize,
    /// What was found and expected.
    pub message: String,
}

impl FromStr for Marker {
    type Err = MarkerError;

    fn from_str(text: &str) -> Result<Self, MarkerError> {
        let mut parser = Parser { text, at: 0 };
        let marker = parser.any(0)?;
        match parser.rest() {
            "" => Ok(marker),
            rest => Err(parser.error(format!("expected \"and\", \"or\" or the end, found {}", shown(rest)))),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

/// The beginning of what is left, in quotes.
fn shown(rest: &str) -> String {
    match rest.split_whitespace().next() {
        None => "the end".to_owned(),
        Some(word) => format!("\"{}\"", word.chars().take(40).collect::<String>()),
    }
}

impl<'a> Parser<'a> {
    /// What is left, from the next character that is no blank.
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn error(&self, message: String) -> MarkerError {
        MarkerError { at: self.at, message }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let ends = |after: &str| !after.starts_with(|char: char| char.is_alphanumeric() || char == '_');
        rest.strip_prefix(word).is_some_and(ends) && self.take(word)
    }

    fn any(&mut self, depth: usize) -> Result<Marker, MarkerError> {
        let mut parts = vec![self.all(depth)?];
        while self.word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(Marker::any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Marker, MarkerError> {
        let mut parts = vec![self.one(depth)?];
        while self.word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(Marker::all(parts))
    }

    fn one(&mut self, depth: usize) -> Result<Marker, MarkerError> {
        if self.take("(") {
            if depth >= DEEPEST {
                return Err(self.error(format!("more than {DEEPEST} brackets inside each other")));
            }
            let inner = self.any(depth + 1)?;
            return if self.take(")") {
                Ok(inner)
            } else {
                let rest = self.rest();
                Err(self.error(format!("expected \")\", found {}", shown(rest))))
            };
        }
        let at = self.at;
        let left = self.operand()?;
        let op = self.op()?;
        let right = self.operand()?;
        if let (Operand::Text(_), Operand::Text(_)) = (&left, &right) {
            let message =
                "compares two texts, expected a variable such as python_version on one side".to_owned();
            return Err(MarkerError { at, message });
        }
        Ok(Marker::Compare { left, op, right })
    }

    fn operand(&mut self) -> Result<Operand, MarkerError> {
        let rest = self.rest();
        if let Some(quote @ ('\'' | '"')) = rest.chars().next() {
            let inner = rest.get(1..).unwrap_or_default();
            let Some(end) = inner.find(quote) else {
                return Err(self.error(format!("a text without its closing {quote}")));
            };
            // Written to a file for the resolver, it would begin another line there.
            if let Some(at) = inner.get(..end).and_then(|text| text.find(char::is_control)) {
                self.at += 1 + at;
                return Err(self.error("a text with a control character".to_owned()));
            }
            self.at += end + 2;
            return Ok(Operand::Text(inner.get(..end).unwrap_or_default().to_owned()));
        }
        let ends = |char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '.'));
        let word = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        let Some(variable) = variable(word) else {
            return Err(self
                .error(format!("expected a marker's variable or a text in quotes, found {}", shown(rest))));
        };
        self.at += word.len();
        Ok(Operand::Variable(variable))
    }

    fn op(&mut self) -> Result<Op, MarkerError> {
        // The longer of two with the same beginning comes first.
        let signs = [
            ("===", Op::Identical),
            ("==", Op::Equal),
            ("!=", Op::NotEqual),
            ("<=", Op::AtMost),
            (">=", Op::AtLeast),
            ("~=", Op::Compatible),
            ("<", Op::Less),
            (">", Op::Greater),
        ];
        if let Some((_, op)) = signs.into_iter().find(|(sign, _)| self.take(sign)) {
            return Ok(op);
        }
        if self.word("in") {
            return Ok(Op::In);
        }
        if self.word("not") {
            if self.word("in") {
                return Ok(Op::NotIn);
            }
            let rest = self.rest();
            return Err(self.error(format!("expected \"in\" after \"not\", found {}", shown(rest))));
        }
        let rest = self.rest();
        Err(self.error(format!("expected a comparison such as == or in, found {}", shown(rest))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        for (text, written) in [
            ("python_version<'3.11'", "python_version < '3.11'"),
            ("( os.name == \"nt\" )", "os_name == 'nt'"),
            (
                "(extra=='a' or extra == 'b') and sys_platform not  in 'x'",
                "(extra == 'a' or extra == 'b') and sys_platform not in 'x'",
            ),
            ("'x' in dependency_groups", "'x' in dependency_groups"),
            (
                "os_name == 'a' and os_name == 'b' or os_name == \"it's\"",
                "os_name == 'a' and os_name == 'b' or os_name == \"it's\"",
            ),
        ] {
            let marker: Marker = text.parse().unwrap();
            assert_eq!(marker.to_string(), written);
            assert_eq!(written.parse::<Marker>().unwrap(), marker);
        }
    }

    #[test]
    fn wrong_ones() {
        for (text, at, message) in [
            ("", 0, "expected a marker's variable or a text in quotes, found the end"),
            (
                "python_versio < '3'",
                0,
                "expected a marker's variable or a text in quotes, found \"python_versio\"",
            ),
            ("os_name = 'x'", 8, "expected a comparison such as == or in, found \"=\""),
            ("os_name == 'x", 11, "a text without its closing '"),
            ("(os_name == 'x'", 15, "expected \")\", found the end"),
            ("os_name == 'x' xor", 15, "expected \"and\", \"or\" or the end, found \"xor\""),
            ("os_name == 'x\n--index-url y'", 13, "a text with a control character"),
            ("'x' == 'y'", 0, "compares two texts, expected a variable such as python_version on one side"),
            ("os_name not 'x'", 12, "expected \"in\" after \"not\", found \"'x'\""),
        ] {
            let error = text.parse::<Marker>().unwrap_err();
            assert_eq!((error.at, error.message.as_str()), (at, message), "{text}");
        }
        assert!("(".repeat(100_000).parse::<Marker>().is_err());
    }
}
