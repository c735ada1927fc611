//! This machine's engine, as far as it can be told without one: how it is found, and what it answers.

use layerset_report::{Digest, Place, Problems, Request, Surroundings, figures};
use serde_json::json;

use crate::made::{Blobs, Packing, amd64, contents, shop};
use crate::server::{Answer, Asked, Server};
use crate::tls;

fn of(host: &str, names: &[&str]) -> Result<layerset_report::Figures, Problems> {
    let surroundings = Surroundings { docker_host: Some(host.to_owned()), ..Surroundings::default() };
    under(surroundings, names)
}

fn under(surroundings: Surroundings, names: &[&str]) -> Result<layerset_report::Figures, Problems> {
    let group = names.iter().map(|name| Place::parse(&format!("docker://{name}")).unwrap()).collect();
    let request = Request { groups: vec![group], platform: amd64(), surroundings };
    let contents = contents(&request, Vec::new())?;
    Ok(figures(&contents.groups[0], &contents.shelf))
}

/// An engine with the images of the shop. `cut` is where its archive ends.
fn engine(cut: Option<usize>) -> Server {
    Server::start(answers(cut))
}

fn answers(cut: Option<usize>) -> impl Fn(&Asked, &str) -> Answer {
    let layout = Blobs::layout(&shop(), Packing::Gzip);
    let index: serde_json::Value = serde_json::from_slice(&layout.0["index.json"]).unwrap();
    let ids: Vec<String> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect();
    move |asked, _| match asked.path.as_str() {
        "/images/shop/api:1/json" => Answer::new(200, json!({"Id": ids[0]}).to_string()),
        "/images/shop/web:1/json" => Answer::new(200, json!({"Id": ids[1]}).to_string()),
        "/images/get?names=shop%2Fapi%3A1&names=shop%2Fweb%3A1" => {
            let mut answer = Answer::new(200, layout.archive(&[]));
            answer.cut = cut;
            answer
        }
        _ => Answer::new(404, json!({"message": "No such image"}).to_string()),
    }
}

/// The current context "mine" is this endpoint; where its certificates would be.
fn configured(endpoint: &serde_json::Value) -> (tempfile::TempDir, Surroundings, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"currentContext": "mine"}"#).unwrap();
    let contexts = folder.path().join("contexts");
    let id = Digest::of(b"mine").hex();
    std::fs::create_dir_all(contexts.join("meta").join(&id)).unwrap();
    let meta = json!({"Name": "mine", "Endpoints": {"docker": endpoint}});
    std::fs::write(contexts.join("meta").join(&id).join("meta.json"), meta.to_string()).unwrap();
    let surroundings =
        Surroundings { docker_config: Some(folder.path().to_owned()), ..Surroundings::default() };
    (folder, surroundings, contexts.join("tls").join(&id).join("docker"))
}

#[test]
fn several_images_come_in_one_archive() {
    let engine = engine(None);
    let figures = of(&format!("tcp://{}", engine.address), &["shop/web:1", "shop/api:1"]).unwrap();
    assert_eq!(figures.images.keys().collect::<Vec<_>>(), ["shop/api:1", "shop/web:1"]);
    assert_eq!((figures.totals.layers, figures.totals.uses), (3, 4));
    assert_eq!(engine.asked().len(), 3);
}

#[test]
fn hundreds_of_images_come_in_several_archives() {
    let layout = Blobs::layout(&shop(), Packing::Gzip);
    let index: serde_json::Value = serde_json::from_slice(&layout.0["index.json"]).unwrap();
    let id = index["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let engine = Server::start(move |asked, _| {
        if asked.path.starts_with("/images/get?") {
            Answer::new(200, layout.archive(&[]))
        } else {
            Answer::new(200, json!({"Id": id}).to_string())
        }
    });
    let names: Vec<String> = (0..700).map(|number| format!("{}/{number}:1", "a".repeat(100))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let figures = of(&format!("tcp://{}", engine.address), &names).unwrap();
    assert_eq!((figures.totals.images, figures.totals.layers), (700, 2));
    let archives = engine.asked().iter().filter(|asked| asked.path.starts_with("/images/get?")).count();
    assert_eq!(archives, 3);
}

#[test]
fn a_socket_of_others_is_a_mistake() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let _engine = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
        return; // Nothing is forbidden to root.
    }
    let host = format!("unix://{}", socket.display());
    let told = of(&host, &["a", "b"]).unwrap_err();
    let text = told.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!told.may_pass() && text.contains("cannot reach docker: ") && text.contains(&host), "{text}");
    assert!(text.contains("Permission denied"), "{text}");
}

#[test]
fn a_context_says_where_the_engine_is() {
    let engine = engine(None);
    let (_folder, mut surroundings, _) =
        configured(&json!({"Host": format!("tcp://{}", engine.address), "SkipTLSVerify": false}));
    // Certificates that a variable names are for the engine of a variable.
    surroundings.docker_certificates = Some("/nowhere".into());
    assert_eq!(under(surroundings.clone(), &["shop/api:1", "shop/web:1"]).unwrap().totals.images, 2);
    surroundings.docker_context = Some("other".into());
    let told = under(surroundings, &["x"]).unwrap_err().to_string();
    assert!(told.starts_with("found no Docker context \"other\": "), "{told}");
}

#[test]
fn a_context_has_certificates() {
    for (mutual, names) in [(true, &["ca.pem", "cert.pem", "key.pem"][..]), (false, &["ca.pem"])] {
        let engine = Server::over(tls::server(mutual), answers(None));
        let (_folder, surroundings, certificates) =
            configured(&json!({"Host": format!("tcp://{}", engine.address), "SkipTLSVerify": false}));
        tls::write(&certificates, names);
        assert_eq!(under(surroundings.clone(), &["shop/api:1", "shop/web:1"]).unwrap().totals.images, 2);
        std::fs::write(certificates.join("ca.pem"), "").unwrap();
        let told = under(surroundings, &["shop/api:1"]).unwrap_err();
        assert!(!told.may_pass() && told.to_string().contains("ca.pem: it has no certificate"), "{told}");
    }
}

#[test]
fn a_variable_has_certificates() {
    let engine = Server::over(tls::server(true), answers(None));
    let folder = tempfile::tempdir().unwrap();
    tls::write(folder.path(), &["ca.pem", "cert.pem", "key.pem"]);
    let surroundings = Surroundings {
        docker_host: Some(format!("tcp://{}", engine.address)),
        docker_certificates: Some(folder.path().to_owned()),
        ..Surroundings::default()
    };
    assert_eq!(under(surroundings, &["shop/api:1", "shop/web:1"]).unwrap().totals.images, 2);
}

#[test]
fn a_context_that_verifies_nothing_is_refused() {
    let (_folder, surroundings, _) = configured(&json!({"Host": "tcp://far:2376", "SkipTLSVerify": true}));
    let told = under(surroundings, &["shop/api:1"]).unwrap_err();
    let text = told.to_string();
    assert!(
        !told.may_pass() && text.starts_with("found skip-tls-verify in the Docker context \"mine\""),
        "{text}"
    );
    // Over a socket there is nothing to verify.
    let (_folder, surroundings, _) =
        configured(&json!({"Host": "unix:///nowhere/docker.sock", "SkipTLSVerify": true}));
    let told = under(surroundings, &["shop/api:1"]).unwrap_err();
    assert!(told.to_string().contains("the engine is unix:///nowhere/docker.sock"), "{told}");
}

#[test]
fn what_an_engine_does_not_have_is_told_at_once() {
    let engine = engine(None);
    let told = of(&format!("tcp://{}", engine.address), &["shop/api:1", "a", "b"]).unwrap_err();
    let text = told.to_string();
    assert!(
        !told.may_pass()
            && text.contains("docker://a:latest: the engine")
            && text.contains("docker://b:latest: "),
        "{text}"
    );
}

#[test]
fn an_engine_that_is_away_or_far_is_told() {
    let told = of("unix:///nowhere/docker.sock", &["a", "b"]).unwrap_err();
    let text = told.to_string();
    assert!(told.may_pass() && text.contains("the engine is unix:///nowhere/docker.sock"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("cannot reach docker: "), "{text}");
    let told = of("ssh://me@far", &["a"]).unwrap_err();
    assert!(
        !told.may_pass() && told.to_string().contains("docker save IMAGE… | layerset report -"),
        "{told}"
    );
    let cut = engine(Some(3000));
    let told = of(&format!("tcp://{}", cut.address), &["shop/api:1", "shop/web:1"]).unwrap_err();
    assert!(told.may_pass() && told.to_string().contains("the connection was lost"), "{told}");
}
