//! Options as clients send them.

use super::*;

pub(super) fn options(pairs: &[&str]) -> Result<Options, BadOption> {
    let opts =
        pairs.iter().enumerate().map(|(i, pair)| (format!("BUILDKIT_FRONTEND_OPT_{i}"), (*pair).to_owned()));
    let rest = [
        ("BUILDKIT_SESSION_ID".to_owned(), "s1".to_owned()),
        (
            "BUILDKIT_WORKERS".to_owned(),
            r#"[{"id":"w","platforms":[{"architecture":"arm64","os":"linux"}]}]"#.to_owned(),
        ),
    ];
    parse(opts.chain(rest))
}

#[test]
fn values_are_split_at_the_first_equals_sign() {
    let options = options(&["build-arg:URL=a=b", "target=api", "requestid=frontend.plan"]).unwrap();
    assert_eq!(options.build_args["URL"], "a=b");
    assert_eq!(options.target.as_deref(), Some("api"));
    assert_eq!(options.call.as_deref(), Some("plan"));
    assert_eq!(options.worker().to_string(), "linux/arm64");
}

#[test]
fn bake_shares_the_session_of_the_context() {
    let options = options(&["local-sessionid:context=shared"]).unwrap();
    assert_eq!(options.session_of("context"), "shared");
    assert_eq!(options.session_of("dockerfile"), "s1");
}

#[test]
fn no_cache_is_all_or_named() {
    assert_eq!(options(&["no-cache="]).unwrap().no_cache, NoCache::All);
    let named = NoCache::Named(["a".to_owned(), "b".to_owned()].into());
    assert_eq!(options(&["no-cache=a,b"]).unwrap().no_cache, named);
}

#[test]
fn a_platform_of_a_named_context_goes_first() {
    let options =
        options(&["context:base=docker-image://a", "context:base::linux/arm64=docker-image://b"]).unwrap();
    let arm = Platform::new("linux", "arm64", "");
    let intel = Platform::new("linux", "amd64", "");
    assert_eq!(options.context("base", &arm).unwrap(), ("base::linux/arm64", "docker-image://b"));
    assert_eq!(options.context("base", &intel).unwrap(), ("base", "docker-image://a"));
    assert!(options.targets() == [arm]);
}

#[test]
fn platforms_are_normalised_and_each_is_there_once() {
    let found = options(&["platform=linux/arm64/v8,linux/arm64,linux/arm"]).unwrap();
    assert_eq!(found.platforms, [Platform::new("linux", "arm64", ""), Platform::new("linux", "arm", "v7")]);
    assert!(found.multi_platform);
    let one = options(&["platform=linux/arm64/v8,linux/arm64"]).unwrap();
    assert!(!one.multi_platform);
    assert!(options(&["build-arg:BUILDKIT_MULTI_PLATFORM=1"]).unwrap().multi_platform);
    assert!(!options(&["multi-platform=1", "build-arg:BUILDKIT_MULTI_PLATFORM=0"]).unwrap().multi_platform);
    for (bad, expected) in [
        (&["multi-platform=x"][..], r#"option multi-platform: found "x", expected true or false"#),
        (
            &["platform=linux/arm64,linux/arm", "multi-platform=false"],
            r#"option multi-platform: found "false", expected true: there are several platforms"#,
        ),
    ] {
        assert_eq!(options(bad).unwrap_err().to_string(), expected);
    }
}

#[test]
fn bad_values_say_what_was_expected() {
    let error = options(&["platform=linux"]).unwrap_err().to_string();
    assert_eq!(error, r#"option platform: found "linux", expected a platform such as linux/arm64"#);
}
