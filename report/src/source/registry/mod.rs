//! Images in registries, over their API. `challenge` reads what a registry wants to see, `credentials` looks for what the user
//! has, `token` makes a header of both. Source: opencontainers/distribution-spec.

mod challenge;
mod credentials;
mod token;

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::header::HeaderName;
use tokio::sync::Mutex;

use self::challenge::{Challenge, challenge};
use self::credentials::Credentials;
use super::{Reference, Surroundings};
use crate::digest::Digest;
use crate::http::{self, Answer, Http, Proxy, StatusCode, Uri, header};
use crate::image::{ACCEPT, Config, Document, Image, choose, parse};
use crate::platform::Platform;
use crate::problem::Problem;

/// How often a request is made that fails by bad luck, and what is waited for in between.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_secs(2)];
/// How often an answer may lead elsewhere.
const MOST_REDIRECTS: usize = 5;

/// All registries.
pub(crate) struct Registries {
    http: Http,
    credentials: Credentials,
    /// By host and repository.
    known: Mutex<BTreeMap<(String, String), String>>,
}

/// A blob in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) reference: Reference,
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
}

/// An answer, and the host that gave it, if that is not the registry.
struct Followed {
    answer: Answer,
    elsewhere: Option<String>,
}

/// An image, and the blobs of its layers.
pub(crate) struct Resolved {
    pub(crate) image: Image,
    pub(crate) blobs: Vec<Remote>,
}

impl Registries {
    pub(crate) fn new(surroundings: &Surroundings) -> Result<Self, Problem> {
        let credentials = Credentials::read(surroundings.docker_config.as_deref())?;
        let proxy =
            surroundings.proxy.as_deref().map(|proxy| Proxy::new(proxy, surroundings.no_proxy.as_deref()));
        Ok(Self { http: Http::through(proxy.transpose()?), credentials, known: Mutex::default() })
    }

    /// Reads an image's manifest and configuration.
    pub(crate) async fn resolve(
        &self,
        reference: &Reference,
        platform: &Platform,
    ) -> Result<Resolved, Problem> {
        let mut found = self.document(reference, &reference.target).await?;
        for _ in 0..3 {
            let Some(entries) = &found.manifests else { break };
            let entry = choose(entries, platform)?.digest()?;
            found = self.document(reference, &entry.to_string()).await?;
        }
        let (config, layers) = found.image()?;
        let digest = config.digest()?;
        let answer = self.get(reference, &format!("blobs/{digest}"), None).await?;
        let bytes = http::whole(answer).await?;
        held(&bytes, &digest)?;
        let blobs: Vec<Digest> = layers.iter().map(|(digest, _)| *digest).collect();
        let image = Image::new(&reference.to_string(), parse::<Config>(&bytes, "a configuration")?, &blobs)?;
        let remote = |(digest, bytes)| Remote { reference: reference.clone(), digest, bytes };
        Ok(Resolved { image, blobs: layers.into_iter().map(remote).collect() })
    }

    async fn document(&self, reference: &Reference, target: &str) -> Result<Document, Problem> {
        let answer = self.get(reference, &format!("manifests/{target}"), Some(ACCEPT)).await?;
        let bytes = http::whole(answer).await?;
        if let Some(digest) = Digest::parse(target) {
            held(&bytes, &digest)?;
        }
        parse(&bytes, "an image manifest")
    }

    /// Begins to get a blob.
    pub(crate) async fn blob(&self, blob: &Remote) -> Result<Answer, Problem> {
        self.get(&blob.reference, &format!("blobs/{}", blob.digest), None).await
    }

    async fn get(&self, reference: &Reference, of: &str, accept: Option<&str>) -> Result<Answer, Problem> {
        for pause in PAUSES {
            match self.once(reference, of, accept).await {
                Err(problem) if problem.may_pass() => tokio::time::sleep(pause).await,
                done => return done,
            }
        }
        self.once(reference, of, accept).await
    }

    async fn once(&self, reference: &Reference, of: &str, accept: Option<&str>) -> Result<Answer, Problem> {
        let url = reference.url(of);
        let key = (reference.host().to_owned(), reference.repository.clone());
        let known = self.known.lock().await.get(&key).cloned();
        let mut found = self.follow(reference, &url, accept, known.as_deref()).await?;
        // Nobody but the registry may ask for the password that is kept for it, nor give a token in its name.
        if found.elsewhere.is_none() && found.answer.status() == StatusCode::UNAUTHORIZED {
            let mut all = self.known.lock().await;
            // Another request may have got one since.
            let newer = all.get(&key).filter(|newer| Some(*newer) != known.as_ref()).cloned();
            let shown = match newer {
                Some(newer) => Some(newer),
                None => self.authorization(reference, &found.answer).await?,
            };
            if let Some(shown) = shown {
                all.insert(key, shown.clone());
                drop(all);
                found = self.follow(reference, &url, accept, Some(&shown)).await?;
            }
        }
        good(reference, found)
    }

    async fn authorization(&self, reference: &Reference, answer: &Answer) -> Result<Option<String>, Problem> {
        let Some(challenge) = challenged(answer) else { return Ok(None) };
        let (credentials, domain) = (self.credentials.clone(), reference.domain.clone());
        // A helper is a program that may ask the user.
        let credential = tokio::task::spawn_blocking(move || credentials.of(&domain));
        let credential = credential.await.map_err(|error| Problem::mistake(error.to_string()))??;
        let (repository, plain) = (&reference.repository, reference.plain);
        token::authorization(&self.http, &challenge, credential.as_ref(), repository, plain).await
    }

    /// Gets what is at an address, or where that leads: blobs are often kept elsewhere.
    async fn follow(
        &self,
        reference: &Reference,
        url: &str,
        accept: Option<&str>,
        shown: Option<&str>,
    ) -> Result<Followed, Problem> {
        let bad = |url: &str| Problem::mistake(format!("found the address {url}, expected a URL"));
        let mut uri: Uri = url.parse().map_err(|_| bad(url))?;
        let first = uri.clone();
        // A token that anybody gets, and the server that it is for.
        let mut guest: Option<(Uri, String)> = None;
        for _ in 0..MOST_REDIRECTS {
            let mut request = http::get(uri.clone());
            let mut add = |name: HeaderName, text: &str| -> Result<(), Problem> {
                request.headers_mut().insert(name, token::value(text)?);
                Ok(())
            };
            if let Some(accept) = accept {
                add(header::ACCEPT, accept)?;
            }
            // Whoever it leads to must not see the user's token.
            let elsewhere = !http::same_server(&uri, &first);
            let theirs = guest.as_ref().filter(|(server, _)| elsewhere && http::same_server(&uri, server));
            let asked_as_guest = theirs.is_some();
            if let Some(shown) = theirs.map(|(_, token)| token.as_str()).or(shown.filter(|_| !elsewhere)) {
                add(header::AUTHORIZATION, shown)?;
            }
            let answer = self.http.send(request).await?;
            let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
            if let Some(location) = location.filter(|_| answer.status().is_redirection()) {
                uri = http::joined(&uri, location).ok_or_else(|| bad(location))?;
                continue;
            }
            if elsewhere && !asked_as_guest && answer.status() == StatusCode::UNAUTHORIZED {
                guest = self.guest(reference, &answer).await?.map(|token| (uri.clone(), token));
                if guest.is_some() {
                    continue;
                }
            }
            let host = uri.authority().filter(|_| elsewhere).map(ToString::to_string);
            return Ok(Followed { answer, elsewhere: host });
        }
        Err(Problem::mistake(format!("{url} leads elsewhere more than {MOST_REDIRECTS} times")))
    }

    /// What another registry that an answer leads to lets anybody read with; nothing that the user has is shown for it.
    async fn guest(&self, reference: &Reference, answer: &Answer) -> Result<Option<String>, Problem> {
        let Some(challenge @ Challenge::Bearer { .. }) = challenged(answer) else { return Ok(None) };
        let (repository, plain) = (&reference.repository, reference.plain);
        match token::authorization(&self.http, &challenge, None, repository, plain).await {
            // What it answered without a token says more: there is no password that could be wrong.
            Err(problem) if !problem.may_pass() => Ok(None),
            given => given,
        }
    }
}

/// What an answer asks for.
fn challenged(answer: &Answer) -> Option<Challenge> {
    let headers = answer.headers().get_all(header::WWW_AUTHENTICATE).into_iter();
    challenge(headers.filter_map(|value| value.to_str().ok()))
}

/// An answer with what was asked for.
fn good(reference: &Reference, found: Followed) -> Result<Answer, Problem> {
    let (status, domain) = (found.answer.status(), &reference.domain);
    if status.is_success() {
        return Ok(found.answer);
    }
    if let Some(host) = found.elsewhere {
        let text = format!("the registry {domain} leads to {host}, which answered {status}");
        return Err(match status.as_u16() {
            429 | 500.. => Problem::try_again(text),
            _ => {
                Problem::mistake(format!("{text}, expected what is stored there: ask who runs the registry"))
            }
        });
    }
    Err(match status.as_u16() {
        404 => Problem::mistake(format!(
            "there is no such image in the registry {domain}; one of this machine's engine is written docker://{reference}"
        )),
        401 | 403 => Problem::mistake(format!(
            "the registry {domain} does not let you read it, or does not have it: docker login {domain}"
        )),
        429 => Problem::try_again(format!("the registry {domain} was asked too often: {status}")),
        500.. => Problem::try_again(format!("the registry {domain} answered {status}")),
        _ => Problem::mistake(format!("the registry {domain} answered {status}")),
    })
}

fn held(bytes: &[u8], digest: &Digest) -> Result<(), Problem> {
    match Digest::of(bytes) {
        found if found == *digest => Ok(()),
        found => Err(Problem::mistake(format!("found a blob with the digest {found}, expected {digest}"))),
    }
}
