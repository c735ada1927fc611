//! What a registry wants to see: the header `WWW-Authenticate`. Source: RFC 9110 section 11.6.1, distribution
//! `docs/spec/auth/token.md`.

use std::collections::BTreeMap;

use super::credentials::Credential;

/// A way to authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A name and a password.
    Basic,
    /// A token from elsewhere.
    Bearer {
        /// Where.
        realm: String,
        /// For whom.
        service: String,
        /// For what; empty if the registry does not say.
        scope: String,
    },
}

impl Challenge {
    /// Whether what the user has is an answer. A token is given to anybody.
    pub(super) fn has_answer(&self, credential: Option<&Credential>) -> bool {
        matches!(
            (self, credential),
            (Self::Bearer { .. }, _) | (Self::Basic, Some(Credential::Password(..) | Credential::Token(_)))
        )
    }
}

/// The challenges of known kinds, in the registry's order.
pub(super) fn challenges<'a>(headers: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    let known = |(scheme, mut parameters): (String, Parameters)| {
        let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => Some(Challenge::Basic),
            "bearer" => {
                let (realm, service, scope) = (take("realm"), take("service"), take("scope"));
                (!realm.is_empty()).then_some(Challenge::Bearer { realm, service, scope })
            }
            _ => None,
        }
    };
    headers.flat_map(schemes).filter_map(known).collect()
}

type Parameters = BTreeMap<String, String>;

/// Schemes, each with its parameters.
fn schemes(header: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    let mut rest = header.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let behind = after.trim_start_matches([' ', '\t']);
        let value = behind.strip_prefix('=').filter(|_| !word.is_empty());
        if let Some(value) = value {
            let (value, after) = read_value(value.trim_start_matches([' ', '\t']));
            if let Some((_, parameters)) = found.last_mut() {
                parameters.insert(word.to_ascii_lowercase(), value);
            }
            rest = after;
        } else {
            if !word.is_empty() {
                found.push((word.to_owned(), Parameters::new()));
            }
            // Something that makes no sense is passed over, one character at least.
            rest = if word.is_empty() { after.get(1..).unwrap_or_default() } else { after };
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// A word or a text in quotation marks, and what follows.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first.
    fn of(headers: &[&str]) -> Option<Challenge> {
        challenges(headers.iter().copied()).into_iter().next()
    }

    fn bearer(realm: &str, service: &str, scope: &str) -> Challenge {
        let [realm, service, scope] = [realm, service, scope].map(str::to_owned);
        Challenge::Bearer { realm, service, scope }
    }

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        assert_eq!(
            of(&[
                "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull\""
            ]),
            Some(bearer("https://auth.docker.io/token", "registry.docker.io", "repository:a/b:pull"))
        );
        assert_eq!(
            of(&[
                "bearer realm=\"https://x/token\", service=x , scope=\"repository:a:pull,push\", error=\"invalid_token\""
            ]),
            Some(bearer("https://x/token", "x", "repository:a:pull,push"))
        );
        assert_eq!(of(&["Basic realm=\"the registry\""]), Some(Challenge::Basic));
        assert_eq!(of(&["Negotiate", "Basic realm=x"]), Some(Challenge::Basic));
        assert_eq!(of(&["Negotiate abc=, Bearer realm=\"https://x\""]), Some(bearer("https://x", "", "")));
        assert_eq!(of(&["Bearer realm=\"a \\\"b\\\"\""]), Some(bearer("a \"b\"", "", "")));
    }

    #[test]
    fn nonsense_is_no_challenge() {
        for header in [
            "",
            ",,,",
            "=",
            "Bearer",
            "Bearer realm=",
            "Bearer realm=\"",
            "Digest realm=\"x\"",
            "==\"=,",
            "ü=ö",
        ] {
            assert_eq!(of(&[header]), None, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_to_its_end(header in "[ -~]{0,60}") {
            let _ = of(&[&header]);
        }
    }
}
