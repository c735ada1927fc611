//! Calls that no build makes yet, and how the client takes what comes back.

use layerset::gateway::{Client, Ref};

use crate::fake::Call;
use crate::request::{connected, options, script};

async fn context(files: &[&str]) -> (crate::fake::Fake, Client, Ref) {
    let (fake, channel) = connected(script("", files)).await;
    let client = Client::hello(channel, &options(&[]).cache_imports).await.unwrap();
    let mut graph = buildkit_llb::Graph::new();
    let edge = graph.add(buildkit_llb::Local::new("context"), buildkit_llb::Metadata::default());
    let reference = client.solve(graph.definition(edge), false).await.unwrap();
    (fake, client, reference)
}

#[tokio::test]
async fn directories_are_listed() {
    let (fake, client, reference) = context(&["a/x", "a/y", "a/b/z", "c"]).await;
    let entries = client.read_dir(&reference, "a", "*").await.unwrap().unwrap();
    let names: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(names, ["b", "x", "y"]);
    assert_eq!(client.read_dir(&reference, "nothing", "").await.unwrap(), None);
    let Some(Call::ReadDir(asked)) = fake.calls().into_iter().find(|call| matches!(call, Call::ReadDir(_)))
    else {
        panic!("nothing was asked")
    };
    assert_eq!((asked.dir_path.as_str(), asked.include_pattern.as_str()), ("a", "*"));
}

#[tokio::test]
async fn refs_are_evaluated() {
    let (fake, client, reference) = context(&["a"]).await;
    client.evaluate(&reference).await.unwrap();
    let Some(Call::Evaluate(asked)) = fake.calls().pop() else { panic!("{:?}", fake.calls()) };
    assert_eq!(asked.r#ref, reference.0);
    assert!(client.evaluate(&Ref("99".into())).await.is_err());
}

#[tokio::test]
async fn what_is_missing_is_none_and_what_fails_is_an_error() {
    let (_, client, reference) = context(&["a/x"]).await;
    assert!(client.stat_file(&reference, "a/x").await.unwrap().is_some());
    assert_eq!(client.stat_file(&reference, "a/y").await.unwrap(), None);
    assert_eq!(client.read_file(&reference, "a/x").await.unwrap(), Some(b"x".to_vec()));
    assert_eq!(client.read_file(&reference, "a/y").await.unwrap(), None);
    assert!(client.read_file(&Ref("99".into()), "a/x").await.is_err());
}
