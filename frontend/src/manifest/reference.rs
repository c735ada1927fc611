//! Image references.

/// The reference in full: `python:3.13` is `docker.io/library/python:3.13`. Expects a valid reference
/// (the distribution project's grammar); a missing tag becomes `latest`.
pub fn normalise(reference: &str) -> String {
    let (domain, rest) = match reference.split_once('/') {
        Some((first, rest)) if is_domain(first) => (first, rest),
        _ => ("docker.io", reference),
    };
    let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
    let library = if domain == "docker.io" && !rest.contains('/') { "library/" } else { "" };
    let tag = if rest.contains('@') || rest.contains(':') { "" } else { ":latest" };
    format!("{domain}/{library}{rest}{tag}")
}

/// The reference as people and clients write it: without Docker Hub's domain and without the tag `latest`, which
/// is what buildx calls a named context. Source: distribution/reference `FamiliarString`, docker/buildx
/// `util/buildflags/context.go`.
pub fn familiar(reference: &str) -> String {
    let full = normalise(reference);
    let short = full.strip_prefix("docker.io/").unwrap_or(&full);
    let short = short.strip_prefix("library/").filter(|_| short != full).unwrap_or(short);
    short.strip_suffix(":latest").unwrap_or(short).to_owned()
}

/// Docker's rule: a first component is a registry if it has a dot, a port, capitals, or is `localhost`.
fn is_domain(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':'])
        || component.chars().any(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{familiar, normalise};

    #[test]
    fn familiar_names_are_short() {
        for (written, short) in [
            ("docker.io/library/python:3.13", "python:3.13"),
            ("library/busybox:latest", "busybox"),
            ("docker.io/org/app", "org/app"),
            ("registry.test/library/app:1", "registry.test/library/app:1"),
            ("a@sha256:00", "a@sha256:00"),
        ] {
            assert_eq!(familiar(written), short);
        }
    }

    #[test]
    fn short_names_are_docker_hub() {
        for (short, full) in [
            ("python:3.13-slim", "docker.io/library/python:3.13-slim"),
            ("busybox", "docker.io/library/busybox:latest"),
            ("org/app:1", "docker.io/org/app:1"),
            ("localhost:5000/app:1", "localhost:5000/app:1"),
            ("localhost/app", "localhost/app:latest"),
            ("ghcr.io/a/b@sha256:00", "ghcr.io/a/b@sha256:00"),
            ("index.docker.io/a/b:1", "docker.io/a/b:1"),
        ] {
            assert_eq!(normalise(short), full);
        }
    }
}
