//! This machine's Docker, over its API: what `docker save` does, without it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::Surroundings;
use super::context::{Endpoint, context};
use crate::digest::Digest;
use crate::http::{self, Answer, Http, StatusCode};
use crate::image::parse;
use crate::problem::Problem;

const SOCKET: &str = "/var/run/docker.sock";
/// How long an archive may take to begin. With a graph driver an engine writes all of its layers to its own disk before the
/// first byte, which takes minutes for images of some gigabytes; a server that is gone is still told in the end.
const SAVING: Duration = Duration::from_secs(6 * 60 * 60);

/// The most bytes of names in one request: addresses of 64 KiB and more are none.
const MOST_NAMES: usize = 32 << 10;

/// An engine.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    http: Http,
    base: String,
    /// As the user knows it.
    shown: String,
}

/// An image as an engine knows it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Inspected {
    #[serde(rename = "Id")]
    pub(crate) id: Digest,
}

impl Engine {
    /// The one that `docker` would speak to.
    pub(crate) fn of(surroundings: &Surroundings) -> Result<Self, Problem> {
        // The variables for certificates are for the engine that a variable names; a context has its own.
        let Endpoint { host, identity } = match &surroundings.docker_host {
            Some(host) => Endpoint { host: host.clone(), identity: surroundings.docker_certificates.clone() },
            None => context(surroundings)?
                .unwrap_or_else(|| Endpoint { host: format!("unix://{SOCKET}"), identity: None }),
        };
        let network = |scheme: &str, address: &str| {
            Ok(Self {
                http: Http::network(identity.as_deref().filter(|_| scheme == "https"))?,
                base: format!("{scheme}://{}", address.trim_end_matches('/')),
                shown: host.clone(),
            })
        };
        match host.split_once("://") {
            Some(("unix", path)) => Ok(Self {
                http: Http::unix(Path::new(path)),
                base: "http://docker".into(),
                shown: host.clone(),
            }),
            Some(("tcp", address)) if identity.is_some() => network("https", address),
            Some((scheme @ ("http" | "https"), address)) => network(scheme, address),
            Some(("tcp", address)) => network("http", address),
            _ => Err(Problem::mistake(format!(
                "found the engine {host}, expected unix:// or tcp://; \
                 with this one, use: docker save IMAGE… | layerset report -"
            ))),
        }
    }

    /// Looks for an image.
    pub(crate) async fn inspect(&self, name: &str) -> Result<Inspected, Problem> {
        let answer = self.get(&self.http, &format!("images/{}/json", http::encoded(name, "/:@"))).await?;
        // Until here it is the same for all of them.
        let of = |problem: Problem| problem.of(&format!("docker://{name}"));
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(of(Problem::mistake(format!(
                "the engine {} has no such image; an image of a registry is written without docker://",
                self.shown
            ))));
        }
        let answer = self.good(answer).await.map_err(of)?;
        parse(&http::whole(answer).await?, "an image of the engine").map_err(of)
    }

    /// An archive with all of them, which are [`few`].
    pub(crate) async fn save(&self, names: &BTreeMap<String, Digest>) -> Result<Answer, Problem> {
        let names: Vec<String> = names.keys().map(|name| asked(name)).collect();
        let patient = self.http.within(SAVING);
        let answer = self.get(&patient, &format!("images/get?{}", names.join("&"))).await?;
        self.good(answer).await
    }

    async fn get(&self, http: &Http, path: &str) -> Result<Answer, Problem> {
        let uri = format!("{}/{path}", self.base).parse();
        let uri =
            uri.map_err(|error| Problem::mistake(format!("found the engine {}: {error}", self.shown)))?;
        let answer = http.send(http::get(uri)).await;
        let told = |text: String| format!("{text}; the engine is {}", self.shown);
        answer.map_err(|problem| match problem {
            Problem::TryAgain(text) => Problem::TryAgain(told(text)),
            Problem::Mistake(text) => Problem::Mistake(told(text)),
        })
    }

    async fn good(&self, answer: Answer) -> Result<Answer, Problem> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = http::whole(answer).await.unwrap_or_default();
        let text = format!("the engine {} answered {status}: {}", self.shown, message(&body));
        Err(if status.is_server_error() { Problem::TryAgain(text) } else { Problem::Mistake(text) })
    }
}

/// As many at once as one request has room for.
pub(crate) fn few(names: &BTreeMap<String, Digest>) -> Vec<BTreeMap<String, Digest>> {
    let mut portions: Vec<BTreeMap<String, Digest>> = Vec::new();
    let mut bytes = 0;
    for (name, id) in names {
        let own = asked(name).len() + 1;
        bytes += own;
        if let Some(portion) = portions.last_mut().filter(|_| bytes <= MOST_NAMES) {
            portion.insert(name.clone(), *id);
        } else {
            portions.push(BTreeMap::from([(name.clone(), *id)]));
            bytes = own;
        }
    }
    portions
}

fn asked(name: &str) -> String {
    format!("names={}", http::encoded(name, ""))
}

/// `{"message": "…"}`
fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Message {
        message: String,
    }
    let text = || String::from_utf8_lossy(body).chars().take(200).collect();
    serde_json::from_slice::<Message>(body).map_or_else(|_| text(), |message| message.message)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(100);

    /// An engine that has much to do before each answer.
    async fn slow() -> Engine {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 512]).await;
                    tokio::time::sleep(5 * PATIENCE).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
                });
            }
        });
        let http = Http::network(None).unwrap().within(PATIENCE);
        Engine { http, base: format!("http://{address}"), shown: format!("tcp://{address}") }
    }

    #[tokio::test]
    async fn an_archive_may_take_its_time_to_begin_and_nothing_else_may() {
        let engine = slow().await;
        let names = BTreeMap::from([("shop/api:1".to_owned(), Digest::default())]);
        let archive = http::whole(engine.save(&names).await.unwrap()).await.unwrap();
        assert_eq!(archive, "{}");
        let told = engine.inspect("shop/api:1").await.unwrap_err();
        assert!(told.may_pass() && told.to_string().contains("did not answer within"), "{told}");
    }
}
