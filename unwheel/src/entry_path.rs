//! Which names of entries may become paths.

/// The longest path Linux takes, less what a scheme's folders need.
const LONGEST: usize = 3072;
/// Directories inside each other, and the file in them: no wheel has half as many.
const DEEPEST: usize = 50;
/// The longest name of a file.
const LONGEST_PART: usize = 255;

/// The name of an entry if it is a relative path that stays where it is put, in one spelling only: no
/// `.`, `..` or empty parts, no backslashes, no drive letters, nothing that a terminal or RECORD would
/// misread. A directory's name keeps its final `/`. The error completes "the entry's name …".
pub(crate) fn check(raw: &[u8]) -> Result<&str, String> {
    let name = std::str::from_utf8(raw).map_err(|_| "is not UTF-8".to_owned())?;
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.is_empty() {
        return Err("is empty".to_owned());
    }
    if name.starts_with('/') {
        return Err("is an absolute path".to_owned());
    }
    if name.contains('\\') {
        return Err("has a backslash, expected / between directories".to_owned());
    }
    if name.chars().any(char::is_control) {
        return Err("has a control character".to_owned());
    }
    if let [letter, b':', ..] = name.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Err("starts with a drive letter".to_owned());
    }
    if path.len() > LONGEST {
        return Err(format!("has {} bytes, expected at most {LONGEST}", path.len()));
    }
    let depth = path.split('/').count();
    if depth > DEEPEST {
        return Err(format!("has {depth} parts, expected at most {DEEPEST}"));
    }
    for part in path.split('/') {
        match part {
            "" => return Err("has an empty part".to_owned()),
            "." | ".." => return Err(format!("has a part {part:?}, expected a path that stays in the tree")),
            part if part.len() > LONGEST_PART => {
                return Err(format!("has a part of {} bytes, expected at most {LONGEST_PART}", part.len()));
            }
            _ => {}
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwheel_takes_plain_names() {
        for name in ["a", "a/b.py", "a/", "a b/ü.txt", "..a/b..", "a/...", "1:x", "[x]"] {
            assert_eq!(check(name.as_bytes()), Ok(name));
        }
    }

    #[test]
    fn unwheel_refuses_a_path_that_leaves_the_tree() {
        let long = "x".repeat(256);
        let far = "x/".repeat(2000);
        let deep = "x/".repeat(51);
        for (name, fault) in [
            ("", "is empty"),
            ("/", "is empty"),
            ("/etc/passwd", "absolute"),
            ("../x", "\"..\""),
            ("a/../../x", "\"..\""),
            ("a/..", "\"..\""),
            ("./a", "\".\""),
            ("a//b", "empty part"),
            ("a\\b", "backslash"),
            ("..\\x", "backslash"),
            ("C:x", "drive letter"),
            ("a\nb", "control"),
            ("a\0b", "control"),
            (&long, "part of 256 bytes"),
            (&far, "at most 3072"),
            (&deep, "has 51 parts, expected at most 50"),
        ] {
            let found = check(name.as_bytes()).expect_err(name);
            assert!(found.contains(fault), "{name:?}: {found}");
        }
        assert!(check(b"\xff").is_err());
    }
}
