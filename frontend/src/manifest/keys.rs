//! The table behind every mapping of the manifest: one line a key says its name, its type, what it
//! means and an example, and gives the struct, the reader, the JSON Schema and what `extends` does.

use super::node::{Node, Value, quote};
use super::read::{Merge, Reader};
use super::rules;
use super::suggest::suggest;
use crate::diagnostic::{Diagnostic, Span};

/// Declares a mapping with known keys. Keys that begin with `x-` are ignored, others are errors.
macro_rules! keys {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* $key:ident: $type:ty = $example:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields, extend("patternProperties" = {"^x-": {}}))]
        pub struct $name {
            $($(#[$doc])* pub $key: Option<$type>,)*
            /// Whether a key of it could not be read: what is missing may just be misspelt.
            #[schemars(skip)]
            pub broken: bool,
            /// Where it stands.
            #[schemars(skip)]
            pub place: $crate::manifest::read::Place,
        }

        impl $crate::manifest::read::Read for $name {
            fn read(
                node: &$crate::manifest::node::Node,
                reader: &mut $crate::manifest::read::Reader<'_>,
            ) -> Option<Self> {
                const KEYS: &[&str] = &[$($crate::manifest::keys::plain(stringify!($key))),*];
                let entries = $crate::manifest::keys::entries(node, reader)?;
                let outer = reader.example;
                let place = $crate::manifest::read::Place(node.span);
                let mut this = Self { place, ..Self::default() };
                for entry in entries {
                    match entry.key.value.as_str() {
                        $(key if key == $crate::manifest::keys::plain(stringify!($key)) => {
                            reader.example = $crate::manifest::keys::plain(concat!(stringify!($key), ": ", $example));
                            if !matches!(entry.value.value, $crate::manifest::node::Value::Null) {
                                this.$key = $crate::manifest::read::Read::read(&entry.value, reader);
                                this.broken |= this.$key.is_none();
                            }
                        })*
                        key if key.starts_with("x-") => {}
                        key => {
                            $crate::manifest::keys::unknown(key, entry.key.span, KEYS, reader);
                            this.broken = true;
                        }
                    }
                }
                reader.example = outer;
                Some(this)
            }

            fn broken() -> Option<Self> {
                Some(Self { broken: true, ..Self::default() })
            }
        }

        impl $crate::manifest::read::Merge for $name {
            fn merge(&mut self, base: &Self) {
                $($crate::manifest::keys::merge(&mut self.$key, base.$key.as_ref());)*
                self.broken |= base.broken;
            }

            fn entries(&self) -> usize {
                0 $(+ self.$key.as_ref().map_or(0, $crate::manifest::read::Merge::entries))*
            }
        }
    };
}

pub(super) use keys;

/// A key as it is written in manifests, where Rust's own words need no `r#`.
pub(super) const fn plain(key: &'static str) -> &'static str {
    match key.as_bytes() {
        [b'r', b'#', ..] => key.split_at(2).1,
        _ => key,
    }
}

/// The entries of a mapping.
pub(super) fn entries<'a>(node: &'a Node, reader: &mut Reader<'_>) -> Option<&'a [super::node::Entry]> {
    if let Value::Map(entries) = &node.value {
        return Some(entries);
    }
    reader.wrong_type(node, "a mapping");
    None
}

/// Reports a key that nobody knows.
pub(super) fn unknown(key: &str, span: Span, known: &[&str], reader: &mut Reader<'_>) {
    let hint = elsewhere(key, known)
        .or_else(|| suggest(key, known.iter().copied()))
        .unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
    reader
        .problems
        .push(Diagnostic::error(rules::UNKNOWN_KEY, span, format!("unknown key {}", quote(key))).hint(hint));
}

/// What a key of compose or of Dockerfiles is called here, or where it belongs.
fn elsewhere(key: &str, known: &[&str]) -> Option<String> {
    const NAMES: [(&str, &str); 9] = [
        ("env", "environment"),
        ("cmd", "command"),
        ("workdir", "working_dir"),
        ("maintainer", "labels"),
        ("label", "labels"),
        ("volume", "volumes"),
        ("tags", "image"),
        ("tag", "image"),
        ("packages", "apt"),
    ];
    const COMPOSE: [&str; 12] = [
        "ports",
        "depends_on",
        "env_file",
        "networks",
        "restart",
        "deploy",
        "secrets",
        "configs",
        "profiles",
        "container_name",
        "logging",
        "build",
    ];
    if let Some((_, name)) = NAMES.iter().find(|(other, name)| *other == key && known.contains(name)) {
        return Some(format!("here it is \"{name}\""));
    }
    // Only services have these two, so it is a service that is read.
    if !known.contains(&"budget") || !known.contains(&"healthcheck") {
        return None;
    }
    match key {
        "run" | "apt" | "args" => Some(format!("\"{key}\" belongs in a stage; name that stage in \"from\"")),
        "ports" => Some("it belongs in the compose file; what the image declares is \"expose\"".into()),
        key if COMPOSE.contains(&key) => Some("it belongs in the compose file, not in the image".into()),
        _ => None,
    }
}

/// Merges one key.
pub(super) fn merge<T: Merge>(own: &mut Option<T>, base: Option<&T>) {
    match (own, base) {
        (Some(own), Some(base)) => own.merge(base),
        (own @ None, Some(base)) => *own = Some(base.clone()),
        (_, None) => {}
    }
}
