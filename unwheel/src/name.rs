//! Names of distributions.

/// The normalised form of a distribution's name: lower case, each run of `-`, `_` and `.` one `-`
/// (the specification "names and normalization").
pub fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    let mut gap = false;
    for letter in name.chars() {
        if matches!(letter, '-' | '_' | '.') {
            gap = true;
            continue;
        }
        if gap {
            normal.push('-');
            gap = false;
        }
        normal.extend(letter.to_lowercase());
    }
    if gap {
        normal.push('-');
    }
    normal
}

/// Whether `name` is one: ASCII letters and digits, with `.`, `_` and `-` between them.
pub(crate) fn is_valid(name: &str) -> bool {
    let inner = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'.' | b'_' | b'-');
    let bytes = name.as_bytes();
    bytes.iter().all(|letter| inner(*letter))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwheel_normalises_names() {
        for (written, normal) in [
            ("Friendly-Bard", "friendly-bard"),
            ("FRIENDLY_BARD", "friendly-bard"),
            ("friendly.bard", "friendly-bard"),
            ("friendly--bard", "friendly-bard"),
            ("FrIeNdLy-._.-bArD", "friendly-bard"),
            ("a", "a"),
        ] {
            assert_eq!(normalise(written), normal);
        }
    }

    #[test]
    fn unwheel_knows_names_from_other_text() {
        for good in ["a", "zope.interface", "A1_b-c"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "a/b", "é"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
