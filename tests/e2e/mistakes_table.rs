//! Manifests that must be refused, and the words of it: the list of what users get wrong.

use std::fmt::Write as _;

use crate::support::syntax;

/// Place, message, and what to do.
pub(crate) type Told = (&'static str, &'static str, &'static str);

/// A manifest that must be refused, and everything that must be said about it.
pub(crate) struct Mistake {
    pub(crate) name: &'static str,
    pub(crate) manifest: Vec<u8>,
    pub(crate) told: &'static [Told],
}

fn mistake(name: &'static str, body: &str, told: &'static [Told]) -> Mistake {
    Mistake { name, manifest: (syntax() + body).into_bytes(), told }
}

/// The places count the line of `# syntax=`.
pub(crate) fn mistakes() -> Vec<Mistake> {
    let mut not_utf8 = (syntax() + "services:\n  api: {from: \"busybox:1\", user: caf").into_bytes();
    not_utf8.extend(b"\xe9}\n");
    let bomb = "services: ".to_owned() + &"[".repeat(100_000);
    let mut aliases = "x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for (name, before) in ('b'..'i').zip('a'..) {
        let ten = vec![format!("*{before}"); 10].join(", ");
        writeln!(aliases, "x-{name}: &{name} [{ten}]").unwrap();
    }
    let mut all = vec![
        mistake(
            "unknown-key",
            "services:\n  api:\n    from: busybox:1.37\n    file: [src/]\n",
            &[("5:5", "unknown key \"file\"", "did you mean \"files\"?")],
        ),
        mistake(
            "wrong-type",
            "services:\n  api:\n    from: busybox:1.37\n    files: src/\n",
            &[(
                "5:12",
                "found \"src/\", expected a list",
                "write for example: files: [src/, {source: config/, target: /etc/app}]",
            )],
        ),
        mistake(
            "duplicate-key",
            "services:\n  api:\n    from: busybox:1.37\n    user: app\n    user: root\n",
            &[("6:5", "key \"user\" is there twice", "keep one of the two")],
        ),
        mistake(
            "unknown-stage",
            "stages:\n  base: {from: busybox:1.37}\nservices:\n  api: {from: bass}\n  web: {from: base}\n",
            &[("5:15", "unknown stage \"bass\"", "did you mean \"base\"?")],
        ),
        mistake(
            "cycle",
            "stages:\n  a: {from: b}\n  b: {from: a}\nservices:\n  api: {from: a}\n",
            &[("3:13", "\"a\" needs itself: a -> b -> a", "break the circle at one of these places")],
        ),
        mistake(
            "path-leaves-context",
            "services:\n  api: {from: \"busybox:1.37\", files: [../secret, /etc/passwd]}\n",
            &[
                (
                    "3:39",
                    "the path \"../secret\" leaves the context",
                    "select only what is in the build context",
                ),
                (
                    "3:50",
                    "the path \"/etc/passwd\" leaves the context",
                    "write it relative to the context, without the leading \"/\"",
                ),
            ],
        ),
        mistake(
            "missing-path",
            "services:\n  api: {from: \"busybox:1.37\", files: [src/, scr/, src/app.txt/x]}\n",
            &[
                (
                    "3:45",
                    "no \"scr\" in the build context",
                    "paths are relative to the build context, the last argument of docker buildx build",
                ),
                (
                    "3:51",
                    "no \"src/app.txt/x\" in the build context",
                    "paths are relative to the build context, the last argument of docker buildx build",
                ),
            ],
        ),
        mistake(
            "invalid-image",
            "services:\n  api: {from: \"Busybox:1\"}\n",
            &[(
                "3:15",
                "invalid image reference \"Busybox:1\": its name has capital letters",
                "names are lower case; tags may have capitals",
            )],
        ),
        mistake(
            "empty-services",
            "services: {}\n",
            &[(
                "2:1",
                "found no services, expected at least one",
                "write for example: services: {api: {from: python:3.13-slim, files: [api/]}}",
            )],
        ),
        mistake(
            "empty",
            "",
            &[(
                "1:1",
                "the manifest is empty, expected services",
                "write for example: services: {api: {from: python:3.13-slim, files: [api/]}}",
            )],
        ),
        mistake(
            "tab-indentation",
            "services:\n  api:\n\tfrom: busybox:1.37\n",
            &[("4:1", "found a tab as indentation, expected spaces", "YAML is indented with spaces only")],
        ),
        mistake("nesting-bomb", &bomb, &[("2:266", "nested too deep", "look for a bracket too many")]),
        mistake(
            "alias-bomb",
            &(aliases + "services: {api: {from: \"busybox:1.37\"}}\n"),
            &[(
                "7:22",
                "aliases repeat more than 500000 values in all",
                "an alias of aliases grows fast; use \"extends\" to share",
            )],
        ),
        mistake(
            "undefined-argument",
            "args: {PYTHON: \"3\"}\nservices:\n  api: {from: \"busybox:${PYTHN}\", user: \"${PYTHON}\"}\n",
            &[("4:24", "undefined build argument \"PYTHN\"", "did you mean \"PYTHON\"?")],
        ),
        mistake(
            "python",
            "services:\n  api: {from: \"busybox:1.37\"}\npython: {resolution: apart}\n",
            &[(
                "4:22",
                "found \"apart\", expected together or separate",
                "together: one version of each package for all services; separate: for each set of requirements",
            )],
        ),
        mistake(
            "several",
            "stages:\n  base: {from: busybox:1.37}\nservices:\n  api: {from: bas, usr: root}\n  web: {from: base, expose: [http]}\n  \
             job: {extends: wbe}\n",
            &[
                ("5:15", "unknown stage \"bas\"", "did you mean \"base\"?"),
                ("5:20", "unknown key \"usr\"", "did you mean \"user\"?"),
                ("6:30", "found \"http\", expected a port", "write for example 8000, 8000/udp or 8000-8002"),
                ("7:18", "unknown template or service \"wbe\"", "did you mean \"web\"?"),
            ],
        ),
    ];
    all.push(Mistake {
        name: "not-utf8",
        manifest: not_utf8,
        told: &[("3:37", "found the byte 0xe9, which is not UTF-8", "save the file as UTF-8")],
    });
    all.push(Mistake {
        name: "garbage-bytes",
        manifest: garbage(|byte| byte),
        told: &[("2:1", "found the byte 0x", ", which is not UTF-8; save the file as UTF-8")],
    });
    all.push(Mistake {
        name: "garbage-text",
        manifest: garbage(|byte| if byte < 4 { b'\n' } else { b'a' + byte % 26 }),
        told: &[("2:1", "found \"", "write for example: services: {api: {from: base}}")],
    });
    all
}

/// 2 MB that are no manifest, the same in every run; the first byte after the first line begins no character.
fn garbage(byte: impl Fn(u8) -> u8) -> Vec<u8> {
    let mut bytes = syntax().into_bytes();
    let mut state = 1_u32;
    bytes.push(byte(0xff));
    bytes.resize_with(2_000_000, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        byte(state.to_be_bytes()[0])
    });
    bytes
}
