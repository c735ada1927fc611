//! Tags of interpreters that are not at hand, against what the `packaging` library says of them; see
//! `tags/record.py`.

#![allow(clippy::expect_used, reason = "a test that does not get what it needs has failed")]

use serde::Deserialize;
use serde_json::Value;
use unwheel::{Interpreter, supported};

const RECORDED: &str = include_str!("tags/recorded.json");

#[derive(Deserialize)]
struct Case {
    /// The facts that tags depend on.
    facts: serde_json::Map<String, Value>,
    platforms: Vec<String>,
    /// `*` for each platform.
    tags: Vec<String>,
}

#[test]
fn unwheel_has_the_recorded_tags() {
    let cases: Vec<Case> = serde_json::from_str(RECORDED).expect("recorded cases");
    assert!(cases.len() > 10);
    for case in cases {
        let expected: Vec<String> = case
            .tags
            .iter()
            .flat_map(|tag| match tag.strip_suffix('*') {
                Some(start) => case.platforms.iter().map(|platform| format!("{start}{platform}")).collect(),
                None => vec![tag.clone()],
            })
            .collect();
        let facts = format!("{:?}", case.facts);
        let ours: Vec<String> = supported(&interpreter(case.facts)).iter().map(ToString::to_string).collect();
        assert_eq!(ours, expected, "{facts}");
    }
}

/// An interpreter with those facts; tags do not depend on the others.
fn interpreter(facts: serde_json::Map<String, Value>) -> Interpreter {
    let folder = "/usr/local";
    let mut all = serde_json::json!({
        "full_version": "", "abi_flags": "", "virtual_environment": false, "externally_managed": false,
        "scheme": {
            "purelib": folder, "platlib": folder, "scripts": folder, "data": folder, "headers": folder,
            "executable": folder, "python": "3.12",
        },
        "markers": {
            "implementation_name": "", "implementation_version": "", "os_name": "", "platform_machine": "",
            "platform_python_implementation": "", "platform_release": "", "platform_system": "",
            "platform_version": "", "python_full_version": "", "python_version": "", "sys_platform": "",
        },
    });
    all.as_object_mut().expect("an object").extend(facts);
    serde_json::from_value(all).expect("an interpreter")
}
