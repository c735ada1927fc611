//! The header `Authorization`, by what a registry wants and what the user has. Source: distribution
//! `docs/spec/auth/token.md`, `oauth.md`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use serde::Deserialize;

use super::challenge::Challenge;
use super::credentials::Credential;
use crate::http::{self, Http, Method, Uri, header};
use crate::image::parse;
use crate::problem::Problem;

/// What an answer to a token's request has; which of the two, servers do not agree on.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

/// The header's value; nothing if there is nothing to show, which the registry's own answer says best.
pub(super) async fn authorization(
    http: &Http,
    challenge: &Challenge,
    credential: Option<&Credential>,
    repository: &str,
    plain: bool,
) -> Result<Option<String>, Problem> {
    let basic =
        |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let (realm, service, scope) = match (challenge, credential) {
        (_, Some(Credential::Token(token))) => return Ok(Some(format!("Bearer {token}"))),
        (Challenge::Basic, Some(Credential::Password(user, password))) => {
            return Ok(Some(basic(user, password)));
        }
        (Challenge::Basic, _) => return Ok(None),
        (Challenge::Bearer { realm, service, scope }, _) => (realm, service, scope),
    };
    let scope = if scope.is_empty() { format!("repository:{repository}:pull") } else { scope.clone() };
    let uri: Uri = realm
        .parse()
        .map_err(|_| Problem::mistake(format!("found the address of tokens {realm:?}, expected a URL")))?;
    if uri.scheme_str() != Some("https") && !plain && credential.is_some() {
        return Err(Problem::mistake(format!(
            "found the address of tokens {realm}, expected https: a password is not sent without"
        )));
    }
    let request = match credential {
        Some(Credential::Identity(token)) => posted(uri, service, &scope, token)?,
        credential => {
            let mut request = http::get(asked(realm, service, &scope)?);
            if let Some(Credential::Password(user, password)) = credential {
                request.headers_mut().insert(header::AUTHORIZATION, value(&basic(user, password))?);
            }
            request
        }
    };
    let answer = http.send(request).await?;
    let status = answer.status();
    if !status.is_success() {
        let text = format!("{realm} gave no token: {status}");
        return Err(match status.as_u16() {
            429 | 500.. => Problem::TryAgain(text),
            401 | 403 if credential.is_none() => return Ok(None),
            _ if credential.is_none() => Problem::Mistake(text),
            _ => Problem::Mistake(format!("{text}; is the password of docker login still valid?")),
        });
    }
    let token: Token = parse(&http::whole(answer).await?, "a token")?;
    let token = if token.token.is_empty() { token.access_token } else { token.token };
    Ok((!token.is_empty()).then(|| format!("Bearer {token}")))
}

fn asked(realm: &str, service: &str, scope: &str) -> Result<Uri, Problem> {
    let first = if realm.contains('?') { '&' } else { '?' };
    let address =
        format!("{realm}{first}service={}&scope={}", http::encoded(service, ""), http::encoded(scope, "/:,"));
    address
        .parse()
        .map_err(|_| Problem::mistake(format!("found the address of tokens {realm:?}, expected a URL")))
}

fn posted(uri: Uri, service: &str, scope: &str, token: &str) -> Result<hyper::Request<Full<Bytes>>, Problem> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("service", service),
        ("client_id", "layerset"),
        ("scope", scope),
        ("refresh_token", token),
    ];
    let fields: Vec<String> =
        fields.iter().map(|(name, text)| format!("{name}={}", http::encoded(text, ""))).collect();
    let mut request = http::get(uri);
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, value("application/x-www-form-urlencoded")?);
    *request.body_mut() = Full::new(Bytes::from(fields.join("&")));
    Ok(request)
}

/// A header's value, which has no lines.
pub(super) fn value(text: &str) -> Result<header::HeaderValue, Problem> {
    let mut value = header::HeaderValue::from_str(text)
        .map_err(|_| Problem::mistake("found a token or password that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}
