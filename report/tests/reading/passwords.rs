//! Passwords and tokens of registries, and what leads elsewhere, where neither may go.

use layerset_report::Surroundings;

use crate::made::shop;
use crate::registry::{of, open, stocked};
use crate::server::{Answer, Server};

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
fn whoever_has_no_password_is_not_asked_about_it() {
    let server = Server::start(move |asked, own| {
        if asked.path.starts_with("/token?") {
            return Answer::new(401, "");
        }
        Answer::new(401, "").with("WWW-Authenticate", format!("Bearer realm=\"http://{own}/token\""))
    });
    let told = of(&server, Surroundings::default()).unwrap_err().to_string();
    let expected = format!("docker login {}", server.address);
    assert!(told.contains(&expected) && !told.contains("still valid"), "{told}");
    let config =
        configured(|address| format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"bWU6c2VjcmV0\"}}}}}}"));
    let (_folder, surroundings) = config(&server);
    let told = of(&server, surroundings).unwrap_err().to_string();
    assert!(told.contains("is the password of docker login still valid?"), "{told}");
}

#[test]
fn the_first_challenge_that_has_an_answer_counts() {
    let (blobs, tags) = stocked(&shop());
    let server = Server::start(move |asked, own| {
        if asked.path.starts_with("/token?") {
            return Answer::new(200, "{\"token\": \"anybody\"}");
        }
        if asked.header("authorization") == "Bearer anybody" {
            return open(&blobs, &tags, asked);
        }
        Answer::new(401, "")
            .with("WWW-Authenticate", "Basic realm=\"shop\"")
            .with("WWW-Authenticate", format!("Bearer realm=\"http://{own}/token\""))
    });
    assert_eq!(of(&server, Surroundings::default()).unwrap().totals.images, 2);
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
        let thief = Server::start(move |asked, own| {
            if asked.path.starts_with("/token") {
                return Answer::new(200, "{\"token\": \"stolen\"}");
            }
            let challenge = format!("{scheme} realm=\"http://{own}/token\",service=\"x\"");
            Answer::new(401, "").with("WWW-Authenticate", challenge)
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
            // It may give a token to anybody, and see that one again.
            let own = scheme == "Bearer" && !asked.path.starts_with("/token");
            let shown = asked.header("authorization");
            assert!(shown.is_empty() || (own && shown == "Bearer stolen"), "{asked:?}");
            assert!(scheme == "Bearer" || !asked.path.starts_with("/token"), "{asked:?}");
        }
    }
}

/// A registry that answers with the blobs of another one, which gives a token to anybody and keeps some at a third server.
#[test]
fn another_registry_is_read_as_anybody_may() {
    let (blobs, tags) = stocked(&shop());
    let elsewhere = blobs.clone();
    let cdn = Server::start(move |asked, _| {
        assert_eq!(asked.header("authorization"), "");
        let digest = asked.path.trim_start_matches("/sha256:");
        Answer::new(200, elsewhere.0[&format!("blobs/sha256/{digest}")].clone())
    });
    let third = cdn.address.clone();
    let other = Server::start(move |asked, own| {
        if asked.path.starts_with("/token") {
            assert_eq!(asked.path, "/token?service=other&scope=repository:mirror/shop:pull");
            assert_eq!((asked.method.as_str(), asked.header("authorization")), ("GET", ""));
            return Answer::new(200, "{\"token\": \"anybody\"}");
        }
        match asked.header("authorization") {
            "" => Answer::new(401, "").with(
                "WWW-Authenticate",
                format!("Bearer realm=\"http://{own}/token\",service=\"other\",scope=\"repository:mirror/shop:pull\""),
            ),
            shown => {
                assert_eq!(shown, "Bearer anybody");
                Answer::new(307, "").with("Location", format!("http://{third}{}", asked.path))
            }
        }
    });
    let address = other.address.clone();
    let server = Server::start(move |asked, _| {
        assert_ne!(asked.header("authorization"), "Bearer anybody");
        if asked.header("authorization") != "Basic bWU6c2VjcmV0" {
            return Answer::new(401, "").with("WWW-Authenticate", "Basic realm=\"shop\"");
        }
        match asked.path.split_once("/blobs/") {
            Some((_, digest)) => Answer::new(307, "").with("Location", format!("http://{address}/{digest}")),
            None => open(&blobs, &tags, asked),
        }
    });
    // What the user has for the other one stays unused too: nobody has asked for that.
    let config = configured(|address| {
        let line = |address: &str| format!("\"{address}\": {{\"auth\": \"bWU6c2VjcmV0\"}}");
        format!("{{\"auths\": {{{}, {}}}}}", line(address), line(&other.address))
    });
    let (_folder, surroundings) = config(&server);
    assert_eq!(of(&server, surroundings).unwrap().totals.images, 2);
    assert!(!cdn.asked().is_empty());
    let tokens = other.asked().iter().filter(|asked| asked.path.starts_with("/token")).count();
    assert_eq!(tokens, 2, "one for each repository");
}
