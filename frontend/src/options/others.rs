//! What someone else is to be told who builds the same again, by a bake file: paths as seen from the build context, and no
//! more of this machine than that.

use std::collections::{BTreeMap, BTreeSet};

use super::{Options, is_proxy};

/// What only this build has, so that nobody else can be told where it is.
#[derive(Debug, thiserror::Error)]
#[error("found no place of {what}, expected {expected}; {instead} writes the file without an engine")]
pub struct NoPlace {
    what: String,
    expected: &'static str,
    instead: &'static str,
}

impl NoPlace {
    fn of_contexts(names: &[String]) -> Self {
        Self {
            what: format!("build context {}", names.join(", ")),
            expected: "a directory in the git repository of the build context, an image or a URL",
            instead: "layerset bake --build-context NAME=SOURCE",
        }
    }

    /// Of the manifest of this name.
    pub fn of_manifest(name: &str) -> Self {
        Self {
            what: format!("the manifest {name:?}"),
            expected: "it right in the build context, or in one git repository with it",
            instead: "layerset bake -f FILE CONTEXT",
        }
    }
}

impl Options {
    /// Build arguments but those that are about a single build. `declared` are the names that the manifest has: proxies that
    /// it does not have are the client's own, which buildx takes from its configuration and adds to every request,
    /// passwords included. It adds those of the machine where it bakes.
    pub fn args_for_others(&self, declared: &BTreeSet<String>) -> BTreeMap<String, String> {
        args_for_others(&self.build_args, declared)
    }

    /// Path of the manifest from the context, if the client tells: buildx names both from the
    /// root of their repository.
    pub fn manifest_from_context(&self) -> Option<String> {
        let (context, manifest) = (self.place(&self.context_local)?, self.place(&self.manifest_local)?);
        Some(relative(context, &format!("{manifest}/{}", self.filename)))
    }

    /// What the named contexts are for someone who builds again: a directory as a path from the build context, as far
    /// as the client tells. The error names those that only this build has.
    pub fn contexts_for_others(&self) -> Result<BTreeMap<String, String>, NoPlace> {
        let mut contexts = BTreeMap::new();
        let mut unknown = Vec::new();
        for (name, source) in &self.contexts {
            let known = match source.split_once(':') {
                Some(("local", local)) => self.place(local).map(|dir| {
                    let path = relative(self.place(&self.context_local).map_or("", String::as_str), dir);
                    if path.is_empty() { ".".to_owned() } else { path }
                }),
                Some(("input" | "oci-layout", _)) => None,
                _ => Some(source.clone()),
            };
            match known {
                Some(source) => drop(contexts.insert(name.clone(), source)),
                None => unknown.push(format!("{name:?}")),
            }
        }
        if unknown.is_empty() { Ok(contexts) } else { Err(NoPlace::of_contexts(&unknown)) }
    }

    /// The URL of the build context, if it has one that others can use too.
    pub fn context_url(&self) -> Option<&String> {
        // What the client uploads is the build's own.
        self.raw.get(&self.context_local).filter(|url| !url.starts_with("http://buildkit-session/"))
    }

    /// A local source of the client, from the root of its repository.
    fn place(&self, local: &str) -> Option<&String> {
        self.raw.get(&format!("vcs:localdir:{local}"))
    }
}

/// The same of the build arguments of a command line.
pub fn args_for_others(
    args: &BTreeMap<String, String>,
    declared: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let own = |name: &str| name.starts_with("BUILDKIT_") || name == "SOURCE_DATE_EPOCH";
    let machine = |name: &String| is_proxy(name) && !declared.contains(name);
    let args = args.iter().filter(|(name, _)| !own(name) && !machine(name));
    args.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// `path` as seen from `directory`, both from one root.
fn relative(directory: &str, path: &str) -> String {
    let parts = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (directory, path) = (parts(directory), parts(path));
    let common = directory.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), directory.len() - common);
    up.chain(path[common..].iter().cloned()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::super::tests::options;

    #[test]
    fn proxies_of_the_machine_are_nobody_elses() {
        let pairs = [
            "build-arg:HTTP_PROXY=http://me:secret@proxy.test:3128",
            "build-arg:http_proxy=http://me:secret@proxy.test:3128",
            "build-arg:https_proxy=a",
            "build-arg:FTP_PROXY=a",
            "build-arg:no_proxy=a",
            "build-arg:ALL_PROXY=a",
            "build-arg:BUILDKIT_MULTI_PLATFORM=1",
            "build-arg:SOURCE_DATE_EPOCH=1",
            "build-arg:TAG=2",
        ];
        let options = options(&pairs).unwrap();
        let args = |declared: &[&str]| -> Vec<String> {
            options
                .args_for_others(&declared.iter().map(|&name| name.to_owned()).collect())
                .into_keys()
                .collect()
        };
        assert_eq!(args(&["TAG"]), ["TAG"]);
        // What the manifest has is meant, in the case that it is written in.
        assert_eq!(
            args(&["TAG", "https_proxy", "ALL_PROXY", "http_PROXY"]),
            ["ALL_PROXY", "TAG", "https_proxy"]
        );
    }

    #[test]
    fn the_manifest_is_named_from_the_context() {
        let pairs = ["filename=layerset.yaml", "vcs:localdir:context=backend", "vcs:localdir:dockerfile=."];
        assert_eq!(options(&pairs).unwrap().manifest_from_context().as_deref(), Some("../layerset.yaml"));
        for pairs in [&pairs[..1], &pairs[..2], &[pairs[0], pairs[2]]] {
            assert_eq!(options(pairs).unwrap().manifest_from_context(), None, "{pairs:?}");
        }
    }

    #[test]
    fn contexts_for_others_are_seen_from_the_build_context() {
        let pairs = [
            "context:image=docker-image://a",
            "context:dir=local:dir",
            "vcs:localdir:dir=vendor/x",
            "vcs:localdir:context=backend",
        ];
        let contexts = options(&pairs).unwrap().contexts_for_others().unwrap();
        let expected = [("dir", "../vendor/x"), ("image", "docker-image://a")];
        assert_eq!(contexts, expected.map(|(name, source)| (name.to_owned(), source.to_owned())).into());
        let unknown = options(&["context:a=local:a", "context:b=input:b"]).unwrap().contexts_for_others();
        assert!(
            unknown.unwrap_err().to_string().starts_with("found no place of build context \"a\", \"b\",")
        );
    }
}
