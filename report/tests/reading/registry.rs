//! Registries: what is asked of them, what is broken and what is away.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use layerset_report::{Digest, Figures, Place, Problems, Request, Surroundings, figures};

use crate::made::{Blobs, Made, Packing, amd64, contents, reported, shop};
use crate::server::{Answer, Asked, Server};

/// What a registry answers without asking who it is.
pub(crate) fn open(blobs: &Blobs, tags: &[(String, String)], asked: &Asked) -> Answer {
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
pub(crate) fn stocked(images: &[Made]) -> (Blobs, Vec<(String, String)>) {
    let mut blobs = Blobs::default();
    let mut tags = Vec::new();
    for made in images {
        let digest = blobs.index(made, Packing::Gzip)["digest"].as_str().unwrap().to_owned();
        tags.push((format!("/v2/{}", made.tag.replace(':', "/manifests/")), digest));
    }
    (blobs, tags)
}

pub(crate) fn of(server: &Server, surroundings: Surroundings) -> Result<Figures, Problems> {
    let names = ["shop/api:1", "shop/web:1"].map(|name| format!("{}/{name}", server.address));
    let group = names.iter().map(|name| Place::parse(name).unwrap()).collect();
    let request = Request { groups: vec![group], platform: amd64(), surroundings };
    let contents = contents(&request, Vec::new())?;
    Ok(figures(&contents.groups[0], &contents.shelf))
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
fn a_blob_that_is_missing_is_no_missing_image() {
    let (blobs, tags) = stocked(&shop());
    let server = Server::start(move |asked, _| {
        if asked.path.contains("/blobs/") { Answer::new(404, "") } else { open(&blobs, &tags, asked) }
    });
    let told = of(&server, Surroundings::default()).unwrap_err().to_string();
    let expected = format!("the registry {} has the image and not its blobs/sha256:", server.address);
    assert!(told.contains(&expected) && !told.contains("no such image"), "{told}");
}

#[test]
fn a_registry_with_tls_on_this_machine_is_told() {
    let server = Server::start(|_, _| Answer::new(400, "Client sent an HTTP request to an HTTPS server."));
    let told = of(&server, Surroundings::default()).unwrap_err().to_string();
    assert!(told.contains(&format!("is written https://{}/shop/api:1", server.address)), "{told}");
}

#[test]
fn a_blob_may_lead_elsewhere_five_times() {
    let (blobs, tags) = stocked(&shop());
    let leading = move |most: usize| {
        let (blobs, tags) = (blobs.clone(), tags.clone());
        move |asked: &Asked, _: &str| {
            let (path, hops) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
            if path.contains("/blobs/") && hops.len() < most {
                return Answer::new(307, "").with("Location", format!("{path}?{hops}x"));
            }
            open(&blobs, &tags, &Asked { path: path.to_owned(), ..asked.clone() })
        }
    };
    let server = Server::start(leading(5));
    assert_eq!(of(&server, Surroundings::default()).unwrap().totals.images, 2);
    let server = Server::start(leading(6));
    let told = of(&server, Surroundings::default()).unwrap_err().to_string();
    assert!(told.contains("leads elsewhere more than 5 times"), "{told}");
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
fn a_registry_without_tls_is_a_mistake() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let told = reported(&[&format!("https://{address}/a:1")], Vec::new()).unwrap_err();
    let text = told.to_string();
    assert!(!told.may_pass() && text.contains("written with http:// before it"), "{text}");
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
