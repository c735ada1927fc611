//! Images in registries, over their API. `challenge` reads what a registry wants to see, `credentials` looks for what the user
//! has, `token` makes a header of both, `answer` tells what an answer means. Source: opencontainers/distribution-spec.

mod answer;
mod challenge;
mod credentials;
mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hyper::header::HeaderName;
use tokio::sync::Mutex;

use self::answer::{Followed, good};
use self::challenge::{Challenge, challenges};
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
    /// What the user may read with.
    known: Mutex<BTreeMap<Repository, String>>,
    /// What servers that a registry leads to let anybody read with.
    guests: Mutex<BTreeMap<(Repository, String), String>>,
}

/// A registry's host, and a path there.
type Repository = (String, String);

/// A blob in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) reference: Reference,
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
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
        Ok(Self {
            http: Http::through(proxy.transpose()?),
            credentials,
            known: Mutex::default(),
            guests: Mutex::default(),
        })
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
        let key = repository(reference);
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
        good(reference, of, found)
    }

    async fn authorization(&self, reference: &Reference, answer: &Answer) -> Result<Option<String>, Problem> {
        let challenges = challenged(answer);
        if challenges.is_empty() {
            return Ok(None);
        }
        let (credentials, domain) = (self.credentials.clone(), reference.domain.clone());
        // A helper is a program that may ask the user.
        let credential = tokio::task::spawn_blocking(move || credentials.of(&domain));
        let credential = credential.await.map_err(|error| Problem::mistake(error.to_string()))??;
        let (repository, plain) = (&reference.repository, reference.plain);
        let answerable = |one: &&Challenge| one.has_answer(credential.as_ref());
        let Some(challenge) = challenges.iter().find(answerable) else { return Ok(None) };
        token::authorization(&self.http, challenge, credential.as_ref(), repository, plain).await
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
        let first = http::server(&uri);
        let (mut redirects, mut refused) = (0, BTreeSet::new());
        loop {
            let mut request = http::get(uri.clone());
            let mut add = |name: HeaderName, text: &str| -> Result<(), Problem> {
                request.headers_mut().insert(name, token::value(text)?);
                Ok(())
            };
            if let Some(accept) = accept {
                add(header::ACCEPT, accept)?;
            }
            // Whoever it leads to must not see the user's token.
            let server = http::server(&uri);
            let elsewhere = (server != first).then(|| (repository(reference), server));
            let shown = match &elsewhere {
                None => shown.map(str::to_owned),
                Some(guest) => self.guests.lock().await.get(guest).cloned(),
            };
            if let Some(shown) = &shown {
                add(header::AUTHORIZATION, shown)?;
            }
            let answer = self.http.send(request).await?;
            let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
            if let Some(location) = location.filter(|_| answer.status().is_redirection()) {
                uri = http::joined(&uri, location).ok_or_else(|| bad(location))?;
                redirects += 1;
                if redirects > MOST_REDIRECTS {
                    let text = format!("{url} leads elsewhere more than {MOST_REDIRECTS} times");
                    return Err(Problem::mistake(text));
                }
                continue;
            }
            let host = uri.authority().filter(|_| elsewhere.is_some()).map(ToString::to_string);
            if let Some(guest) = elsewhere.filter(|_| answer.status() == StatusCode::UNAUTHORIZED)
                && refused.insert(guest.clone())
                && self.admitted(guest, reference, shown, &answer).await?
            {
                continue;
            }
            return Ok(Followed { answer, elsewhere: host });
        }
    }

    /// Whether there is a token by now with which anybody may read at another server, for what is answered there; nothing that
    /// the user has is shown for it.
    async fn admitted(
        &self,
        guest: (Repository, String),
        reference: &Reference,
        shown: Option<String>,
        answer: &Answer,
    ) -> Result<bool, Problem> {
        let mut all = self.guests.lock().await;
        // Another request may have got one since.
        if all.get(&guest).is_some_and(|newer| Some(newer) != shown.as_ref()) {
            return Ok(true);
        }
        let bearer = |one: &Challenge| matches!(one, Challenge::Bearer { .. });
        let Some(challenge) = challenged(answer).into_iter().find(bearer) else { return Ok(false) };
        let (repository, plain) = (&reference.repository, reference.plain);
        let given = match token::authorization(&self.http, &challenge, None, repository, plain).await {
            // What it answered without a token says more: there is no password that could be wrong.
            Err(problem) if !problem.may_pass() => None,
            given => given?,
        };
        let admitted = given.is_some();
        all.extend(given.map(|token| (guest, token)));
        Ok(admitted)
    }
}

fn repository(reference: &Reference) -> Repository {
    (reference.host().to_owned(), reference.repository.clone())
}

/// What an answer asks for.
fn challenged(answer: &Answer) -> Vec<Challenge> {
    let headers = answer.headers().get_all(header::WWW_AUTHENTICATE).into_iter();
    challenges(headers.filter_map(|value| value.to_str().ok()))
}

fn held(bytes: &[u8], digest: &Digest) -> Result<(), Problem> {
    match Digest::of(bytes) {
        found if found == *digest => Ok(()),
        found => Err(Problem::mistake(format!("found a blob with the digest {found}, expected {digest}"))),
    }
}
