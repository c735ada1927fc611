//! Names of packages, extras and groups, and paths of the build context.

use std::collections::BTreeSet;

/// The normalised form of a project's, an extra's or a group's name: lower case, and a single `-` for every
/// run of `-`, `_` and `.`. `None` if it is none: letters, digits, `-`, `_` and `.` between two letters or
/// digits (the packaging specifications' "names and normalization").
pub fn normalise(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    let (first, last) = (bytes.first()?, bytes.last()?);
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !first.is_ascii_alphanumeric() || !last.is_ascii_alphanumeric() || !bytes.iter().all(allowed) {
        return None;
    }
    Some(squeeze(name))
}

/// Lower case, and a `-` for every run of what is neither letter nor digit.
fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            out.push(char.to_ascii_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// A valid group name for an input, and one that none of `taken` is: `services/api/requirements.txt` is
/// `services-api-requirements`. The chosen name is taken then.
pub fn group(label: &str, taken: &mut BTreeSet<String>) -> String {
    let base = squeeze(label.strip_suffix(".txt").unwrap_or(label));
    let base = if base.is_empty() { "requirements".to_owned() } else { base };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let name = std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name));
    let name = name.unwrap_or(base);
    taken.insert(name.clone());
    name
}

/// `path` as seen from the directory of the file `from`, from the context's root and without `.` and `..`.
/// `None` if it leaves the context, is absolute, or is not a path: no file has a name with a control character.
pub fn resolve(from: &str, path: &str) -> Option<String> {
    if path.starts_with('/')
        || path.contains(|char: char| char == '\\' || char.is_control())
        || path.is_empty()
    {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// The name at the beginning of a text, such as that of `flask[async]==3.0`; `None` if it begins otherwise.
pub fn leading(text: &str) -> Option<&str> {
    let end = text.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.')));
    text.get(..end.unwrap_or(text.len())).filter(|name| !name.is_empty() && !name.starts_with('-'))
}

/// Is it the bare name of a file, as a wheel's or an sdist's must be.
pub fn is_filename(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with('.')
        && !name.chars().any(|char| char.is_control() || matches!(char, '/' | '\\'))
}

/// The last segment of an address, decoded, without query and fragment.
pub fn filename_of(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let path =
        path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    decode(path.rsplit('/').next().unwrap_or_default())
}

/// The text with its `%xx` decoded; what is not UTF-8 then becomes U+FFFD.
pub fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (byte, digit(0), digit(1)) {
            out.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Does the address carry a user name or a password.
pub fn has_credentials(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    match user(rest) {
        // The user of git over ssh is a part of the address and no secret.
        Some(user) => !scheme.ends_with("ssh") || user.contains(':'),
        None => false,
    }
}

/// User name and password at the beginning of an address after its scheme. A password may have a slash that should
/// have been `%2F`: then no number follows what looks like a host.
fn user(rest: &str) -> Option<&str> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let of = match authority.rsplit_once(':') {
        Some((host, after)) if !host.starts_with('[') && !authority.contains('@') && !port(after) => rest,
        _ => authority,
    };
    of.rsplit_once('@').map(|(user, _)| user)
}

/// The address without user name and password, for messages.
pub fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let secret = user(rest).map_or(0, |user| user.len() + 1);
    format!("{scheme}://{}", rest.get(secret..).unwrap_or_default())
}

/// A text with the user names and passwords of all addresses in it taken off.
pub fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(|char: char| char.is_whitespace() || matches!(char, '"' | '`' | '<' | '>'));
        let address = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        // The next address begins in the same word where a mark is between them.
        let address = address.split_once("://").map_or(address, |(first, _)| first);
        rest = after.get(user(address).map_or(0, |user| user.len() + 1)..).unwrap_or_default();
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            ("Flask", Some("flask")),
            ("zope.interface", Some("zope-interface")),
            ("a__b-.c", Some("a-b-c")),
            ("-a", None),
            ("a_", None),
            ("", None),
            ("a b", None),
            ("é", None),
        ] {
            assert_eq!(normalise(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn groups_are_unique() {
        let mut taken = BTreeSet::new();
        let names =
            ["a/req.txt", "a-req.txt", "pyproject.toml:dev", "---"].map(|path| group(path, &mut taken));
        assert_eq!(names, ["a-req", "a-req-2", "pyproject-toml-dev", "requirements"]);
    }

    #[test]
    fn paths() {
        for (from, path, expected) in [
            ("a/b.txt", "c.txt", Some("a/c.txt")),
            ("a/b.txt", "../c.txt", Some("c.txt")),
            ("a/b.txt", "./x/../c.txt", Some("a/c.txt")),
            ("b.txt", ".", Some(".")),
            ("b.txt", "../c.txt", None),
            ("a/b.txt", "/c.txt", None),
            ("a/b.txt", "", None),
            ("a/b.txt", "c\n--index-url x", None),
            ("a/b.txt", "c\0", None),
        ] {
            assert_eq!(resolve(from, path).as_deref(), expected, "{from} {path}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(
            filename_of("https://h/p/a-1%2Bcpu-py3-none-any.whl?x=1#sha256=0"),
            "a-1+cpu-py3-none-any.whl"
        );
        assert_eq!(filename_of("https://h"), "");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert!(has_credentials("https://u:p@h/x") && has_credentials("https://token@h/x"));
        assert!(!has_credentials("https://h/x@1") && !has_credentials("ssh://git@h/x"));
        assert!(has_credentials("git+ssh://git:p@h/x"));
        assert_eq!(without_credentials("https://u:p@h/x?y"), "https://h/x?y");
        assert!(has_credentials("https://u:p/w@h/x") && !has_credentials("https://h:8080/a@1"));
        assert!(!has_credentials("https://[::1]/a@1") && !has_credentials("https://[::1]:80/a@1"));
        assert_eq!(without_credentials("https://u:p/w@h/x"), "https://h/x");
        for (text, expected) in [
            ("no address: a@b", "no address: a@b"),
            ("`https://u:s@h/a@1`, git+ssh://git:s@h", "`https://h/a@1`, git+ssh://h"),
            ("-r http://s@h http://s@h/", "-r http://h http://h/"),
            ("https://h:80/a@s", "https://h:80/a@s"),
            ("://s@://", "://://"),
        ] {
            assert_eq!(redacted(text), expected);
        }
        assert!(!is_filename("..") && !is_filename("a/b.whl") && is_filename("a-1.whl"));
    }
}
