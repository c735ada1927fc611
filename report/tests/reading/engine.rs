//! This machine's engine, as far as it can be told without one: how it is found, and what it answers.

use layerset_report::{Digest, Place, Problems, Request, Surroundings, figures};
use serde_json::json;

use crate::made::{Blobs, Packing, amd64, contents, shop};
use crate::server::{Answer, Server};

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
    let layout = Blobs::layout(&shop(), Packing::Gzip);
    let index: serde_json::Value = serde_json::from_slice(&layout.0["index.json"]).unwrap();
    let ids: Vec<String> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect();
    Server::start(move |asked, _| match asked.path.as_str() {
        "/images/shop/api:1/json" => Answer::new(200, json!({"Id": ids[0]}).to_string()),
        "/images/shop/web:1/json" => Answer::new(200, json!({"Id": ids[1]}).to_string()),
        "/images/get?names=shop%2Fapi%3A1&names=shop%2Fweb%3A1" => {
            let mut answer = Answer::new(200, layout.archive(&[]));
            answer.cut = cut;
            answer
        }
        _ => Answer::new(404, json!({"message": "No such image"}).to_string()),
    })
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
fn a_context_says_where_the_engine_is() {
    let engine = engine(None);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"currentContext": "mine"}"#).unwrap();
    let place = folder.path().join("contexts/meta").join(Digest::of(b"mine").hex());
    std::fs::create_dir_all(&place).unwrap();
    let meta =
        json!({"Name": "mine", "Endpoints": {"docker": {"Host": format!("tcp://{}", engine.address)}}});
    std::fs::write(place.join("meta.json"), meta.to_string()).unwrap();
    let mut surroundings =
        Surroundings { docker_config: Some(folder.path().to_owned()), ..Surroundings::default() };
    assert_eq!(under(surroundings.clone(), &["shop/api:1", "shop/web:1"]).unwrap().totals.images, 2);
    surroundings.docker_context = Some("other".into());
    let told = under(surroundings, &["x"]).unwrap_err().to_string();
    assert!(told.starts_with("found no Docker context \"other\": "), "{told}");
}

#[test]
fn what_an_engine_does_not_have_is_told_at_once() {
    let engine = engine(None);
    let told = of(&format!("tcp://{}", engine.address), &["shop/api:1", "a", "b"]).unwrap_err();
    let text = told.to_string();
    assert!(
        !told.may_pass() && text.contains("docker://a: the engine") && text.contains("docker://b: "),
        "{text}"
    );
}

#[test]
fn an_engine_that_is_away_or_far_is_told() {
    let told = of("unix:///nowhere/docker.sock", &["a", "b"]).unwrap_err();
    let text = told.to_string();
    assert!(told.may_pass() && text.contains("the engine is unix:///nowhere/docker.sock"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    let told = of("ssh://me@far", &["a"]).unwrap_err();
    assert!(
        !told.may_pass() && told.to_string().contains("docker save IMAGE… | layerset report -"),
        "{told}"
    );
    let cut = engine(Some(3000));
    let told = of(&format!("tcp://{}", cut.address), &["shop/api:1", "shop/web:1"]).unwrap_err();
    assert!(told.may_pass() && told.to_string().contains("the connection was lost"), "{told}");
}
