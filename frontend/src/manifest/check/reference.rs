//! Image references, as registries and engines understand them: `[domain/]path[:tag][@digest]`.

use super::Fault;
use crate::manifest::node::quote;
use crate::manifest::rules;

/// Whether a text can only be a name of ours: nothing in it that an image reference with tag,
/// digest, domain or folder would have.
pub(super) fn is_bare(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', ':', '@', '.'])
}

/// An image to build on: with a tag or digest.
pub(super) fn pinned(text: &str) -> Result<String, Fault> {
    let parts = parse(text)?;
    if parts.tag || parts.digest {
        return Ok(text.to_owned());
    }
    Err(Fault::new(
        rules::INVALID_IMAGE,
        format!("the image {} has no tag and no digest", quote(text)),
        format!("write for example {text}:latest"),
    ))
}

/// A name to tag an image with: without digest.
pub(super) fn taggable(text: &str) -> Result<String, Fault> {
    if parse(text)?.digest {
        return Err(Fault::new(
            rules::INVALID_IMAGE,
            format!("found a digest in {}, expected a name with or without a tag", quote(text)),
            "a digest is known only after the build; remove it",
        ));
    }
    Ok(text.to_owned())
}

struct Parts {
    tag: bool,
    digest: bool,
}

const EXAMPLE: &str = "write for example python:3.13-slim or registry.example.com/team/base:1";

fn parse(text: &str) -> Result<Parts, Fault> {
    let fault = |why: &str, hint: &str| {
        Fault::new(rules::INVALID_IMAGE, format!("invalid image reference {}: {why}", quote(text)), hint)
    };
    if text.is_empty() {
        return Err(fault("it is empty", EXAMPLE));
    }
    if text.contains("://") {
        return Err(fault(
            "it has a scheme",
            "write the reference without \"docker-image://\" or \"https://\"",
        ));
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    // A colon after the last slash begins the tag; before it, the port of the domain.
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[slash..].find(':') {
        Some(at) => (&rest[..slash + at], Some(&rest[slash + at + 1..])),
        None => (rest, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err(fault(
            "the tag is not valid",
            "a tag has letters, digits, \"_\", \".\" and \"-\", at most 128, and begins with none of the last two",
        ));
    }
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Err(fault(
            "the digest is not valid",
            "a digest is for example sha256: and 64 hexadecimal digits",
        ));
    }
    let (domain, path) = match name.split_once('/') {
        Some((first, path)) if is_domain_like(first) => (Some(first), path),
        _ => (None, name),
    };
    if domain.is_some_and(|domain| !is_domain(domain)) {
        return Err(fault("the registry's name is not valid", EXAMPLE));
    }
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(fault("its name has capital letters", "names are lower case; tags may have capitals"));
    }
    if name.len() > 255 {
        return Err(fault("its name is longer than 255 characters", EXAMPLE));
    }
    if !path.split('/').all(is_component) {
        return Err(fault(
            "its name is not valid",
            "names have lower-case letters and digits, with single \".\", \"_\", \"-\" between them",
        ));
    }
    Ok(Parts { tag: tag.is_some(), digest: digest.is_some() })
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || ".-".contains(c))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => hex.len() == 64,
        "sha384" => hex.len() == 96,
        "sha512" => hex.len() == 128,
        _ => hex.len() >= 32,
    };
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    length
        && algorithm.split(['-', '_', '+', '.']).all(word)
        && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Whether the first part of a name with a slash is a registry and not a folder of Docker Hub.
fn is_domain_like(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_domain(domain: &str) -> bool {
    if let Some(rest) = domain.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let address = address.chars().all(|c| c.is_ascii_hexdigit() || c == ':') && !address.is_empty();
        return address && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    host.split('.').all(label) && port.is_none_or(is_port)
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(component: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut rest = component;
    loop {
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        if length == 0 {
            return false;
        }
        rest = &rest[length..];
        if rest.is_empty() {
            return true;
        }
        let joint = rest.find(word).unwrap_or(rest.len());
        let between = &rest[..joint];
        if !matches!(between, "." | "_" | "__") && !between.bytes().all(|byte| byte == b'-') {
            return false;
        }
        rest = &rest[joint..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let sha = "a".repeat(64);
        for text in [
            "python:3.13-slim",
            "library/python:3",
            "registry.example.com/team/base:1",
            "registry.example.com:5000/a__b/c--d.e:V1_x",
            "localhost/a:b",
            "localhost:5000/a:b",
            "[::1]:5000/a:b",
            &format!("python@sha256:{sha}"),
            &format!("python:3@sha256:{sha}"),
        ] {
            assert_eq!(pinned(text).unwrap(), text);
        }
        for text in [
            "",
            "python",
            "registry.example.com/team/base",
            "Python:3",
            "python:",
            "python:-x",
            "python:a b",
            "a//b:1",
            "/a:1",
            "a/:1",
            "a..b:1",
            "a___b:1",
            "-a:1",
            "a_:1",
            "https://example.com/a:1",
            "python@sha256:abc",
            "python@",
            "exa_mple.com/a:1",
            "example.com:x/a:1",
            &format!("{}:1", "a".repeat(256)),
            &format!("a:{}", "x".repeat(129)),
        ] {
            assert!(pinned(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_to_tag() {
        assert!(taggable("team/api").is_ok());
        assert!(taggable("team/api:1").is_ok());
        assert!(taggable(&format!("a@sha256:{}", "a".repeat(64))).is_err());
    }

    #[test]
    fn bare_names() {
        assert!(is_bare("base"));
        for text in ["", "a:b", "a/b", "a.b", "a@b"] {
            assert!(!is_bare(text), "{text}");
        }
    }
}
