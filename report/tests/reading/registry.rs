//! Registries: their passwords and tokens, what leads elsewhere, what is broken and what is away.

use std::sync::atomic::{AtomicUsize, Ordering};

use layerset_report::{Digest, Figures, Place, Problems, Request, Surroundings, figures};

use crate::made::{Blobs, Made, Packing, amd64, contents, reported, shop};
use crate::server::{Answer, Asked, Server};

/// What a registry answers without asking who it is.
fn open(blobs: &Blobs, tags: &[(String, String)], asked: &Asked) -> Answer {
    let path = asked.path.strip_prefix("/v2/shop/").unwrap_or_default();
    let (_, rest) = path.split_once('/').unwrap_or_default();
    let blob = |digest: &str| blobs.0.get(&format!("blobs/sha256/{}", digest.trim_start_matches("sha256:")));
    let found = match rest.split_once('/') {
        Some(("manifests", target)) => {
            assert!(asked.header("accept").contains("application/vnd.oci.image.index.v1+json"), "{asked:?}");
            let tag = tags.iter().find(|(path, _)| asked.path == *path).map(|(_, digest)| digest.as_str());
            blob(tag.unwrap_or(target))
        }
        Some(("blobs", digest)) => blob(digest),
        _ => None,
    };
    found.map_or_else(|| Answer::new(404, "{}"), |bytes| Answer::new(200, bytes.clone()))
}

/// The images of the shop, and the digests that their tags name.
fn stocked(images: &[Made]) -> (Blobs, Vec<(String, String)>) {
    let mut blobs = Blobs::default();
    let mut tags = Vec::new();
    for made in images {
        let digest = blobs.index(made, Packing::Gzip)["digest"].as_str().unwrap().to_owned();
        tags.push((format!("/v2/{}", made.tag.replace(':', "/manifests/")), digest));
    }
    (blobs, tags)
}

fn of(server: &Server, surroundings: Surroundings) -> Result<Figures, Problems> {
    let names = ["shop/api:1", "shop/web:1"].map(|name| format!("{}/{name}", server.address));
    let group = names.iter().map(|name| Place::parse(name).unwrap()).collect();
    let request = Request { groups: vec![group], platform: amd64(), surroundings };
    let contents = contents(&request, Vec::new())?;
    Ok(figures(&contents.groups[0], &contents.shelf))
}

/// A configuration of Docker with a line for a server.
fn configured(entry: impl Fn(&str) -> String) -> impl Fn(&Server) -> (tempfile::TempDir, Surroundings) {
    move |server| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), entry(&server.address)).unwrap();
        let surroundings =
            Surroundings { docker_config: Some(folder.path().to_owned()), ..Surroundings::default() };
        (folder, surroundings)
    }
}

#[test]
fn each_blob_is_asked_for_once() {
    let (blobs, tags) = stocked(&shop());
    let server = Server::start(move |asked, _| open(&blobs, &tags, asked));
    let found = of(&server, Surroundings::default()).unwrap();
    let archived = reported(&["-"], Blobs::layout(&shop(), Packing::Gzip).archive(&[])).unwrap();
    assert_eq!(found.totals, archived.totals, "a registry and an archive have the same figures");
    assert_eq!(found.layers.keys().collect::<Vec<_>>(), archived.layers.keys().collect::<Vec<_>>());
    let asked = server.asked();
    for digest in found.layers.keys() {
        let times = asked.iter().filter(|asked| asked.path.ends_with(&format!("blobs/{digest}"))).count();
        assert_eq!(times, 1, "{digest}");
    }
}

#[test]
fn a_token_is_fetched_with_the_password() {
    let (blobs, tags) = stocked(&shop());
    let server = Server::start(move |asked, own| {
        if asked.path.starts_with("/token?") {
            // `me:secret`
            assert_eq!(asked.header("authorization"), "Basic bWU6c2VjcmV0");
            let scope = if asked.path.contains("shop/api") { "api" } else { "web" };
            assert!(asked.path.starts_with("/token?service=the%20shop&scope=repository:shop/"), "{asked:?}");
            return Answer::new(200, format!("{{\"token\": \"for-{scope}\"}}"));
        }
        let scope = if asked.path.contains("/api/") { "api" } else { "web" };
        if asked.header("authorization") == format!("Bearer for-{scope}") {
            return open(&blobs, &tags, asked);
        }
        let realm = format!(
            "Bearer realm=\"http://{own}/token\",service=\"the shop\",scope=\"repository:shop/{scope}:pull\""
        );
        Answer::new(401, "{}").with("WWW-Authenticate", realm)
    });
    let config =
        configured(|address| format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"bWU6c2VjcmV0\"}}}}}}"));
    let (_folder, surroundings) = config(&server);
    assert_eq!(of(&server, surroundings).unwrap().totals.images, 2);
    let tokens = server.asked().iter().filter(|asked| asked.path.starts_with("/token")).count();
    assert_eq!(tokens, 2, "one for each repository");
}

#[test]
fn an_identity_token_is_exchanged() {
    let (blobs, tags) = stocked(&shop());
    let server = Server::start(move |asked, own| {
        if asked.path == "/oauth" {
            assert_eq!(asked.method, "POST");
            assert!(
                asked.body.contains("grant_type=refresh_token&service=s&client_id=layerset"),
                "{asked:?}"
            );
            assert!(asked.body.contains("refresh_token=my%26identity"), "{asked:?}");
            return Answer::new(200, "{\"access_token\": \"t\"}");
        }
        if asked.header("authorization") == "Bearer t" {
            return open(&blobs, &tags, asked);
        }
        Answer::new(401, "")
            .with("WWW-Authenticate", format!("Bearer realm=\"http://{own}/oauth\",service=\"s\""))
    });
    let config = configured(|address| {
        format!("{{\"auths\": {{\"{address}\": {{\"identitytoken\": \"my&identity\"}}}}}}")
    });
    let (_folder, surroundings) = config(&server);
    assert_eq!(of(&server, surroundings).unwrap().totals.images, 2);
}

#[test]
fn whoever_may_not_read_is_told_to_log_in() {
    let (blobs, tags) = stocked(&shop());
    let server = Server::start(move |asked, _| {
        if asked.header("authorization") == "Basic bWU6c2VjcmV0" {
            return open(&blobs, &tags, asked);
        }
        Answer::new(401, "").with("WWW-Authenticate", "Basic realm=\"shop\"")
    });
    let told = of(&server, Surroundings::default()).unwrap_err();
    assert!(!told.may_pass() && told.0.len() == 2, "{told}");
    assert!(told.to_string().contains(&format!("docker login {}", server.address)), "{told}");
    let config = configured(|address| {
        format!("{{\"auths\": {{\"{address}\": {{\"username\": \"me\", \"password\": \"secret\"}}}}}}")
    });
    let (_folder, surroundings) = config(&server);
    assert_eq!(of(&server, surroundings).unwrap().totals.images, 2);
}

#[test]
fn what_leads_elsewhere_takes_no_token_along() {
    let (blobs, tags) = stocked(&shop());
    let elsewhere = blobs.clone();
    let cdn = Server::start(move |asked, _| {
        assert_eq!(asked.header("authorization"), "");
        let digest = asked.path.trim_start_matches("/sha256:");
        Answer::new(200, elsewhere.0[&format!("blobs/sha256/{digest}")].clone())
    });
    let address = cdn.address.clone();
    let server = Server::start(move |asked, _| {
        if asked.header("authorization") != "Basic bWU6c2VjcmV0" {
            return Answer::new(401, "").with("WWW-Authenticate", "Basic realm=\"shop\"");
        }
        match asked.path.split_once("/blobs/") {
            Some((_, digest)) => Answer::new(307, "").with("Location", format!("http://{address}/{digest}")),
            None => open(&blobs, &tags, asked),
        }
    });
    let config =
        configured(|address| format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"bWU6c2VjcmV0\"}}}}}}"));
    let (_folder, surroundings) = config(&server);
    assert_eq!(of(&server, surroundings).unwrap().totals.images, 2);
    assert!(!cdn.asked().is_empty());
}

#[test]
fn whoever_it_leads_to_may_not_ask_for_the_password() {
    for scheme in ["Basic", "Bearer"] {
        let (blobs, tags) = stocked(&shop());
        let thief = Server::start(move |asked, own| match asked.path.starts_with("/token") {
            true => Answer::new(200, "{\"token\": \"stolen\"}"),
            false => Answer::new(401, "")
                .with("WWW-Authenticate", format!("{scheme} realm=\"http://{own}/token\",service=\"x\"")),
        });
        let address = thief.address.clone();
        let server = Server::start(move |asked, _| {
            assert_ne!(asked.header("authorization"), "Bearer stolen");
            if asked.header("authorization") != "Basic bWU6c2VjcmV0" {
                return Answer::new(401, "").with("WWW-Authenticate", "Basic realm=\"shop\"");
            }
            match asked.path.split_once("/blobs/") {
                Some((_, digest)) => {
                    Answer::new(307, "").with("Location", format!("http://{address}/{digest}"))
                }
                None => open(&blobs, &tags, asked),
            }
        });
        let config =
            configured(|address| format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"bWU6c2VjcmV0\"}}}}}}"));
        let (_folder, surroundings) = config(&server);
        let told = of(&server, surroundings).unwrap_err();
        let text = told.to_string();
        let expected =
            format!("the registry {} leads to {}, which answered 401", server.address, thief.address);
        assert!(!told.may_pass() && text.contains(&expected) && !text.contains("docker login"), "{text}");
        assert!(!thief.asked().is_empty());
        for asked in thief.asked() {
            assert!(
                asked.header("authorization").is_empty() && !asked.path.starts_with("/token"),
                "{asked:?}"
            );
        }
    }
}

#[test]
fn all_that_is_missing_is_told_at_once() {
    let server = Server::start(|_, _| Answer::new(404, "{\"errors\": []}"));
    let told = of(&server, Surroundings::default()).unwrap_err();
    assert!(!told.may_pass());
    let text = told.to_string();
    for name in ["api", "web"] {
        let line = format!("{0}/shop/{name}:1: there is no such image in the registry {0}", server.address);
        assert!(text.contains(&line), "{text}");
    }
}

#[test]
fn bad_luck_is_tried_again() {
    let (blobs, tags) = stocked(&shop());
    let number = AtomicUsize::new(0);
    let server = Server::start(move |asked, _| match number.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::new(503, ""),
        1 => Answer::new(429, ""),
        _ => open(&blobs, &tags, asked),
    });
    assert_eq!(of(&server, Surroundings::default()).unwrap().totals.images, 2);

    let server = Server::start(|_, _| Answer::new(502, ""));
    let told = of(&server, Surroundings::default()).unwrap_err();
    assert!(told.may_pass() && told.to_string().contains("answered 502"), "{told}");
}

#[test]
fn a_registry_that_is_away_is_worth_another_try() {
    let server = Server::start(|_, _| Answer::new(200, ""));
    let address = server.address.clone();
    // A port that nobody listens on any more.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = reported(&[&format!("{closed}/a:1")], Vec::new()).unwrap_err();
    assert!(told.may_pass() && told.to_string().contains(&format!("cannot reach {closed}")), "{told}");
    let told = reported(&[&format!("{address}/a:1")], Vec::new()).unwrap_err();
    assert!(
        !told.may_pass() && told.to_string().contains("found an image manifest that cannot be read"),
        "{told}"
    );
}

#[test]
fn a_lost_connection_is_no_damaged_blob() {
    let (blobs, tags) = stocked(&shop());
    let largest = blobs.clone();
    let cut = move |times: usize| {
        let (blobs, tags) = (largest.clone(), tags.clone());
        let number = AtomicUsize::new(0);
        move |asked: &Asked, _: &str| {
            let mut answer = open(&blobs, &tags, asked);
            let layer = answer.body.starts_with(&[0x1f, 0x8b]);
            if layer && number.fetch_add(1, Ordering::Relaxed) < times {
                answer.cut = Some(answer.body.len() / 2);
            }
            answer
        }
    };
    let server = Server::start(cut(2));
    assert_eq!(of(&server, Surroundings::default()).unwrap().totals.images, 2);
    let server = Server::start(cut(usize::MAX));
    let told = of(&server, Surroundings::default()).unwrap_err();
    assert!(told.may_pass() && told.to_string().contains("the connection was lost"), "{told}");
    let _ = blobs;
}

#[test]
fn a_blob_that_is_not_what_it_is_called_is_told() {
    let (blobs, tags) = stocked(&shop());
    let server = Server::start(move |asked, _| {
        let mut answer = open(&blobs, &tags, asked);
        if answer.body.starts_with(&[0x1f, 0x8b]) {
            *answer.body.last_mut().unwrap() ^= 1;
        }
        answer
    });
    let told = of(&server, Surroundings::default()).unwrap_err();
    assert!(!told.may_pass() && told.to_string().contains("the blob is damaged"), "{told}");
    assert!(told.to_string().contains(&Digest::default().to_string()[..7]), "{told}");

    // A manifest by digest is held to it too.
    let server = Server::start(|_, _| Answer::new(200, "{\"schemaVersion\": 2}"));
    let name = format!("{}/a@{}", server.address, Digest::of(b"other"));
    let told = reported(&[&name], Vec::new()).unwrap_err().to_string();
    assert!(told.contains("found a blob with the digest"), "{told}");
}
