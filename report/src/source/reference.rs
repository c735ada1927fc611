//! References to images in registries. Source: distribution/reference `regexp.go`.

use std::fmt;
use std::net::IpAddr;

use crate::problem::Problem;

/// What Docker Hub's registry answers to.
const HUB: &str = "registry-1.docker.io";

/// A repository of a registry, and which of its images.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Host and port, as it is written; `docker.io` if nothing is.
    pub domain: String,
    /// The path of the repository.
    pub repository: String,
    /// A tag, or a digest.
    pub target: String,
    /// Without TLS.
    pub plain: bool,
    written: String,
}

impl Reference {
    /// Reads `[http://|https://][DOMAIN/]REPOSITORY[:TAG][@DIGEST]`.
    pub fn parse(written: &str) -> Result<Self, Problem> {
        let bad =
            |why: &str| Problem::mistake(format!("found {written:?}, which is no image reference: {why}"));
        let (plain, text) = match written.split_once("://") {
            Some(("http", text)) => (Some(true), text),
            Some(("https", text)) => (Some(false), text),
            Some(_) => {
                return Err(bad(
                    "expected REGISTRY/NAME:TAG, docker://NAME for this machine's engine, or the path of a file",
                ));
            }
            None => (None, written),
        };
        let (domain, rest) = match text.split_once('/') {
            Some((first, rest)) if is_domain(first) => (first, rest),
            _ => ("docker.io", text),
        };
        let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
        let (tagged, digest) = match rest.split_once('@') {
            Some((tagged, digest)) => (tagged, Some(digest)),
            None => (rest, None),
        };
        let (path, tag) = match tagged.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (tagged, None),
        };
        if path.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(bad("repositories have lower case letters alone"));
        }
        if path.is_empty() || !path.split('/').all(is_component) {
            return Err(bad("expected a name such as shop/api"));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(bad("expected a tag of letters, digits, dots and dashes"));
        }
        if digest.is_some_and(|digest| crate::Digest::parse(digest).is_none()) {
            return Err(bad("expected a digest of sha256: and 64 digits"));
        }
        let hub = domain == "docker.io";
        let library = if hub && !path.contains('/') { "library/" } else { "" };
        // Without a scheme, and without what is understood of Docker Hub, so that an image has one name.
        let official = rest.strip_prefix("library/").filter(|_| path.matches('/').count() == 1);
        let text = if hub { official.unwrap_or(rest) } else { text };
        let written = match (digest, tag) {
            (None, None) => format!("{text}:latest"),
            _ => text.to_owned(),
        };
        Ok(Self {
            domain: domain.to_owned(),
            repository: format!("{library}{path}"),
            target: digest.or(tag).unwrap_or("latest").to_owned(),
            plain: plain.unwrap_or_else(|| is_loopback(domain)),
            written,
        })
    }

    /// Host and port that answer.
    pub(super) fn host(&self) -> &str {
        if self.domain == "docker.io" { HUB } else { &self.domain }
    }

    /// The address of something of the repository.
    pub(super) fn url(&self, of: &str) -> String {
        let scheme = if self.plain { "http" } else { "https" };
        format!("{scheme}://{}/v2/{}/{of}", self.host(), self.repository)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Docker's rule: a first component is a registry if it has a dot, a port, capitals, or is `localhost`.
fn is_domain(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':'])
        || component.chars().any(|c| c.is_ascii_uppercase())
}

fn is_component(component: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    component.starts_with(inner)
        && component.ends_with(inner)
        && component.chars().all(|c| inner(c) || "._-".contains(c))
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || ".-".contains(c))
}

/// Docker speaks to such registries without TLS.
fn is_loopback(domain: &str) -> bool {
    let host = match domain.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => domain.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_docker_does() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for (written, url, shown) in [
            ("busybox", "https://registry-1.docker.io/v2/library/busybox/manifests/latest", "busybox:latest"),
            ("shop/api:1", "https://registry-1.docker.io/v2/shop/api/manifests/1", "shop/api:1"),
            (
                "docker.io/library/busybox:1",
                "https://registry-1.docker.io/v2/library/busybox/manifests/1",
                "busybox:1",
            ),
            (
                "docker.io/library/a/b:1",
                "https://registry-1.docker.io/v2/library/a/b/manifests/1",
                "library/a/b:1",
            ),
            ("localhost:5000/a", "http://localhost:5000/v2/a/manifests/latest", "localhost:5000/a:latest"),
            ("127.0.0.1/a:1", "http://127.0.0.1/v2/a/manifests/1", "127.0.0.1/a:1"),
            ("[::1]:5000/a:1", "http://[::1]:5000/v2/a/manifests/1", "[::1]:5000/a:1"),
            ("https://localhost/a:1", "https://localhost/v2/a/manifests/1", "localhost/a:1"),
            ("http://lan:5000/a/b:1", "http://lan:5000/v2/a/b/manifests/1", "lan:5000/a/b:1"),
            ("ghcr.io/a/b:1", "https://ghcr.io/v2/a/b/manifests/1", "ghcr.io/a/b:1"),
        ] {
            let reference = Reference::parse(written).unwrap();
            assert_eq!(reference.url(&format!("manifests/{}", reference.target)), url);
            assert_eq!(reference.to_string(), shown);
        }
        for (one, other) in [
            ("docker.io/shop/api:1", "shop/api:1"),
            ("index.docker.io/library/busybox", "busybox:latest"),
            ("https://docker.io/busybox", "library/busybox"),
        ] {
            assert_eq!(Reference::parse(one).unwrap(), Reference::parse(other).unwrap(), "{one}");
        }
        let both = Reference::parse(&format!("ghcr.io/a:1@{digest}")).unwrap();
        assert_eq!((both.target, both.repository.as_str()), (digest, "a"));
    }

    #[test]
    fn what_is_no_reference_is_told() {
        for (written, told) in [
            ("shop/-api", "expected a name such as shop/api"),
            ("shop/API", "lower case"),
            ("shop/api:", "expected a tag"),
            ("shop/api:a b", "expected a tag"),
            ("shop//api", "expected a name"),
            ("", "expected a name"),
            ("a@sha256:0", "expected a digest"),
            ("ftp://a/b", "docker://NAME"),
            ("a.b/../c", "expected a name"),
        ] {
            let problem = Reference::parse(written).unwrap_err().to_string();
            assert!(
                problem.starts_with(&format!("found {written:?}")) && problem.contains(told),
                "{problem}"
            );
        }
    }
}
