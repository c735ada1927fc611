//! What the user's machine says to programs that speak to engines and registries: for the command line alone.
//! Source: docker/cli `cli/config/config.go`, `opts/hosts.go`.

use std::path::PathBuf;

use layerset_report::Surroundings;

/// Reads the environment of this process.
#[expect(clippy::disallowed_methods, reason = "this room is the reader of the environment")]
pub fn surroundings() -> Surroundings {
    let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    from(text)
}

fn from(text: impl Fn(&str) -> Option<String>) -> Surroundings {
    let config = text("DOCKER_CONFIG").map(PathBuf::from);
    let config = config.or_else(|| text("HOME").map(|home| PathBuf::from(home).join(".docker")));
    let tls = text("DOCKER_TLS_VERIFY").or_else(|| text("DOCKER_TLS")).is_some();
    let certificates = text("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| config.clone());
    Surroundings {
        docker_host: text("DOCKER_HOST"),
        docker_context: text("DOCKER_CONTEXT"),
        docker_certificates: certificates.filter(|_| tls),
        docker_config: config,
        proxy: text("HTTPS_PROXY").or_else(|| text("https_proxy")),
        no_proxy: text("NO_PROXY").or_else(|| text("no_proxy")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Surroundings {
        from(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn dockers_own_variables_are_read() {
        let home = of(&[("HOME", "/home/me")]);
        assert_eq!(home.docker_config, Some("/home/me/.docker".into()));
        assert_eq!((home.docker_host, home.docker_certificates), (None, None));
        let all = of(&[("DOCKER_CONFIG", "/c"), ("DOCKER_HOST", "tcp://a:2376"), ("DOCKER_TLS_VERIFY", "1")]);
        assert_eq!(all.docker_host.as_deref(), Some("tcp://a:2376"));
        assert_eq!(all.docker_certificates, Some("/c".into()));
        let other = of(&[("DOCKER_TLS", "1"), ("DOCKER_CERT_PATH", "/certs")]);
        assert_eq!((other.docker_certificates, other.docker_config), (Some("/certs".into()), None));
    }
}
