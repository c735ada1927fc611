//! What is no image, and is in no figure.

use std::collections::BTreeSet;

use crate::printable::printable;

/// A line for signatures and other artifacts that lie beside images; nothing if there are none.
pub fn passed_over(artifacts: &BTreeSet<String>) -> String {
    let names = artifacts.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ");
    match artifacts.len() {
        0 => String::new(),
        1 => format!("layerset: 1 artifact passed over: {names}\n"),
        number => format!("layerset: {number} artifacts passed over: {names}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_told_in_a_line() {
        let of = |names: &[&str]| passed_over(&names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["api.sig"]), "layerset: 1 artifact passed over: api.sig\n");
        assert_eq!(of(&["b\n\u{1b}[2J", "a"]), "layerset: 2 artifacts passed over: a, b\\n\\u{1b}[2J\n");
    }
}
