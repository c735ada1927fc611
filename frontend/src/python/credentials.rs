//! Whose credentials a file is downloaded with: those of the index it is a file of, and of no other.

use super::Credential;
use crate::manifest::model::Index;

/// Where steps that ask indexes have secrets.
const SECRETS: &str = "/.layerset/secrets";

/// The build secret for the file at `url`. A lock does not say of which index a file is: of the indexes on the same host it is that
/// which has most of the path in common with it (`/repository/internal/simple` and `/repository/internal/packages/…`), and of several
/// one with credentials.
pub(super) fn secret_of(url: &str, indexes: &[Index]) -> Option<String> {
    let (origin, path) = divided(url);
    let common = |index: &Index| {
        let (other, at) = divided(&index.url.value);
        let same = path.split('/').zip(at.split('/')).take_while(|(a, b)| a == b).count();
        (other == origin).then_some(same)
    };
    // Of those alike the first, which is asked first.
    let own = indexes.iter().rev().filter_map(|index| Some((common(index)?, index)));
    let own = own.max_by_key(|(same, index)| (*same, index.secret.is_some()))?;
    own.1.secret.clone()
}

/// Credentials of the indexes that have some, and the secrets behind them: the id of each, and the file that a step reads.
pub fn of_indexes(indexes: &[Index]) -> (Vec<Credential>, Vec<(String, String)>) {
    let secrets =
        indexes.iter().enumerate().filter_map(|(number, index)| Some((number, index.secret.clone()?)));
    let file = |number: usize| format!("{SECRETS}/{number}");
    secrets
        .map(|(number, id)| {
            let credential = Credential { index: format!("INDEX{number}"), file: file(number) };
            (credential, (id, file(number)))
        })
        .unzip()
}

/// Scheme and host of an address as they are compared, in lower case and without the port that is the scheme's own, and its path.
fn divided(url: &str) -> (String, &str) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    let (origin, path) = url.split_at(end);
    let mut origin = origin.to_ascii_lowercase();
    for (scheme, port) in [("https://", ":443"), ("http://", ":80")] {
        if origin.starts_with(scheme) && origin.ends_with(port) {
            origin.truncate(origin.len() - port.len());
        }
    }
    (origin, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Span, Spanned};

    #[test]
    fn a_file_is_of_the_index_with_its_path() {
        let index = |url: &str, secret: &str| Index {
            url: Spanned { value: url.to_owned(), span: Span::default() },
            secret: (!secret.is_empty()).then(|| secret.to_owned()),
        };
        let indexes = [
            index("https://one.example.com/repository/proxy/simple", ""),
            index("https://one.example.com/repository/internal/simple/", "internal"),
            index("https://one.example.com/repository/research/simple", "research"),
            index("https://two.example.com", "two"),
            index("https://three.example.com/simple", "three"),
            index("https://three.example.com/simple", "again"),
            index("HTTPS://Four.example.com:443/Simple", "four"),
            index("http://five.example.com", "five"),
        ];
        for (url, expected) in [
            ("https://one.example.com/repository/proxy/packages/a-1-py3-none-any.whl", None),
            ("https://one.example.com/repository/internal/packages/a-1-py3-none-any.whl", Some("internal")),
            ("https://one.example.com/repository/research/packages/a-1-py3-none-any.whl", Some("research")),
            // Its path says nothing.
            ("https://one.example.com/files/a-1-py3-none-any.whl", Some("internal")),
            ("https://two.example.com/a-1-py3-none-any.whl", Some("two")),
            ("https://three.example.com/simple/a/a-1-py3-none-any.whl", Some("three")),
            ("https://two.example.com:443/a-1-py3-none-any.whl", Some("two")),
            ("https://four.Example.com/Files/a-1-py3-none-any.whl", Some("four")),
            ("http://five.example.com:80/a-1-py3-none-any.whl", Some("five")),
            ("http://five.example.com:443/a-1-py3-none-any.whl", None),
            ("https://four.example.com:8443/a-1-py3-none-any.whl", None),
            ("http://two.example.com/a-1-py3-none-any.whl", None),
            ("https://two.example.com.evil.example/a-1-py3-none-any.whl", None),
            ("https://files.example.com/a-1-py3-none-any.whl", None),
        ] {
            assert_eq!(secret_of(url, &indexes).as_deref(), expected, "{url}");
        }
    }
}
