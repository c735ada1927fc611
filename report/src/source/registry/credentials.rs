//! The passwords that `docker login` has kept: in `config.json`, or with a helper. Source: docker/cli
//! `cli/config/configfile`, docker-credential-helpers.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::problem::Problem;

/// Docker Hub's name in files and helpers.
const HUB: &str = "https://index.docker.io/v1/";

/// What is shown to a registry.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// A name and a password.
    Password(String, String),
    /// A token for tokens.
    Identity(String),
    /// A token that is shown as it is.
    Token(String),
}

/// Docker's `config.json`, as far as it is of use here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Credentials {
    auths: BTreeMap<String, Entry>,
    #[serde(rename = "credsStore")]
    store: String,
    #[serde(rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

impl Credentials {
    /// Those of a configuration directory; none if it has no file.
    pub(super) fn read(directory: Option<&Path>) -> Result<Self, Problem> {
        let Some(file) = directory.map(|directory| directory.join("config.json")) else {
            return Ok(Self::default());
        };
        let cannot = |error: &dyn std::fmt::Display| {
            Problem::mistake(format!("cannot read {}: {error}", file.display()))
        };
        match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json).map_err(|error| cannot(&error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(cannot(&error)),
        }
    }

    /// What is known for a registry. Starts a program where a helper keeps it.
    pub(super) fn of(&self, domain: &str) -> Result<Option<Credential>, Problem> {
        let server = if domain == "docker.io" { HUB } else { domain };
        let same = |key: &str| same_registry(key, domain);
        if let Some((key, helper)) = self.helpers.iter().find(|(key, _)| same(key)) {
            return ask(helper, key);
        }
        if !self.store.is_empty() {
            return ask(&self.store, server);
        }
        Ok(self.auths.iter().filter(|(key, _)| same(key)).find_map(|(_, entry)| entry.credential()))
    }
}

impl Entry {
    fn credential(&self) -> Option<Credential> {
        if !self.registrytoken.is_empty() {
            return Some(Credential::Token(self.registrytoken.clone()));
        }
        if !self.identitytoken.is_empty() {
            return Some(Credential::Identity(self.identitytoken.clone()));
        }
        if !self.username.is_empty() {
            return Some(Credential::Password(self.username.clone(), self.password.clone()));
        }
        let plain = String::from_utf8(STANDARD.decode(self.auth.trim()).ok()?).ok()?;
        let (user, password) = plain.split_once(':')?;
        Some(Credential::Password(user.to_owned(), password.trim_matches('\0').to_owned()))
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry")
    }
}

/// `https://registry.example.com/v2/` is `registry.example.com`.
fn same_registry(key: &str, domain: &str) -> bool {
    let host = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let host = host.split('/').next().unwrap_or_default();
    let hub = ["index.docker.io", "registry-1.docker.io", "docker.io"];
    if domain == "docker.io" { hub.contains(&host) } else { host == domain }
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

fn ask(helper: &str, server: &str) -> Result<Option<Credential>, Problem> {
    let program = format!("docker-credential-{helper}");
    let cannot = |why: &dyn std::fmt::Display| {
        Problem::mistake(format!("cannot ask {program} for the password of {server}: {why}"))
    };
    if helper.contains('/') {
        return Err(cannot(&"expected the name of a program"));
    }
    let mut command = Command::new(&program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot(&error))?;
    if let Some(mut input) = child.stdin.take() {
        // One that does not read its input says why by its answer.
        let _ = input.write_all(server.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| cannot(&error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        // Helpers have one sentence for what they do not know. Source: docker-credential-helpers `credentials/error.go`.
        if text.contains("credentials not found") {
            return Ok(None);
        }
        let told = if text.trim().is_empty() { String::from_utf8_lossy(&output.stderr) } else { text };
        return Err(cannot(&told.trim()));
    }
    let answer: Answer = serde_json::from_str(&text).map_err(|_| cannot(&"its answer is not JSON"))?;
    Ok(match (answer.username.as_str(), answer.secret) {
        (_, secret) if secret.is_empty() => None,
        ("<token>", secret) => Some(Credential::Identity(secret)),
        (user, secret) => Some(Credential::Password(user.to_owned(), secret)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, domain: &str) -> Option<Credential> {
        serde_json::from_str::<Credentials>(json).unwrap().of(domain).unwrap()
    }

    fn password(user: &str, password: &str) -> Credential {
        Credential::Password(user.into(), password.into())
    }

    #[test]
    fn passwords_are_found_by_their_registry() {
        // `me:pass:word`
        let json = r#"{"auths": {
            "registry.example.com": {"auth": "bWU6cGFzczp3b3Jk"},
            "https://index.docker.io/v1/": {"username": "hub", "password": "secret"},
            "https://other.example.com/v2/": {"identitytoken": "id"},
            "localhost:5000": {"registrytoken": "raw"},
            "empty.example.com": {}}}"#;
        assert!(of(json, "registry.example.com") == Some(password("me", "pass:word")));
        assert!(of(json, "docker.io") == Some(password("hub", "secret")));
        assert!(of(json, "other.example.com") == Some(Credential::Identity("id".into())));
        assert!(of(json, "localhost:5000") == Some(Credential::Token("raw".into())));
        for none in ["empty.example.com", "example.com", "localhost:5001", "localhost"] {
            assert!(of(json, none).is_none(), "{none}");
        }
        assert!(of("{}", "docker.io").is_none());
    }

    #[test]
    fn a_helper_that_is_not_there_is_told() {
        let credentials: Credentials = serde_json::from_str(
            r#"{"credHelpers": {"a.example.com": "is-nowhere", "b.example.com": "../evil"}}"#,
        )
        .unwrap();
        let told = |domain| credentials.of(domain).err().unwrap().to_string();
        let text = told("a.example.com");
        assert!(
            text.starts_with("cannot ask docker-credential-is-nowhere for the password of a.example.com: "),
            "{text}"
        );
        assert!(told("b.example.com").contains("expected the name of a program"));
        assert!(credentials.of("c.example.com").unwrap().is_none());
    }

    #[test]
    fn a_broken_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Credentials::read(Some(folder.path())).unwrap().auths.is_empty());
        fs::write(folder.path().join("config.json"), "{").unwrap();
        let told = Credentials::read(Some(folder.path())).unwrap_err().to_string();
        assert!(told.starts_with("cannot read ") && told.contains("config.json: "), "{told}");
    }
}
