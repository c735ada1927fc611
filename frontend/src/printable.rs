//! Texts of others on a terminal: names and commands of images are whatever their makers want.

/// The same text on one line, with nothing in it that a terminal obeys.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_not_commanded() {
        assert_eq!(printable("\u{1b}[2J\u{9b}31m\u{7}\r\nü…"), "\\u{1b}[2J\\u{9b}31m\\u{7}\\r\\nü…");
    }
}
