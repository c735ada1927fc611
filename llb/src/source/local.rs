//! A directory of the client.

use buildkit_proto::pb;

use super::Attrs;
use crate::caps;
use crate::op::Draft;

/// A directory of the client, by the name under which it is offered.
///
/// Any difference in what is set here is a transfer of its own.
#[derive(Clone, Debug, Default)]
pub struct Local {
    name: String,
    session: String,
    unique: String,
    include: Vec<String>,
    exclude: Vec<String>,
    follow_paths: Vec<String>,
    shared_key_hint: String,
    differ: Option<(Differ, bool)>,
    metadata_only: Option<Vec<String>>,
}

/// How files that the engine has from an earlier transfer are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differ {
    /// Not at all: everything is sent.
    None,
    /// By size, times, mode and owner.
    Metadata,
}

impl Local {
    /// For example `context`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The session that offers it; the build's own, unless said otherwise.
    #[must_use]
    pub fn session(mut self, id: impl Into<String>) -> Self {
        self.session = id.into();
        self
    }

    /// Keeps builds apart that name no session.
    #[must_use]
    pub fn unique(mut self, id: impl Into<String>) -> Self {
        self.unique = id.into();
        self
    }

    /// Sends only what matches one of these, if there are any.
    #[must_use]
    pub fn include<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.include.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Leaves out what matches these, in their order; `!` takes back.
    #[must_use]
    pub fn exclude<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Sends only these paths and what their links point at.
    #[must_use]
    pub fn follow_paths<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.follow_paths.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Transfers of one hint build upon each other.
    #[must_use]
    pub fn shared_key_hint(mut self, hint: impl Into<String>) -> Self {
        self.shared_key_hint = hint.into();
        self
    }

    /// How to find what changed; `required` refuses an engine that cannot do it.
    #[must_use]
    pub fn differ(mut self, differ: Differ, required: bool) -> Self {
        self.differ = Some((differ, required));
        self
    }

    /// Sends names, sizes and times, and contents only of these.
    #[must_use]
    pub fn metadata_only<S: Into<String>>(mut self, except: impl IntoIterator<Item = S>) -> Self {
        self.metadata_only = Some(except.into_iter().map(Into::into).collect());
        self
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::SourceOp {
        draft.cap(caps::SOURCE_LOCAL);
        let mut attrs = Attrs::default();
        let mut set = |key, value, cap| {
            if attrs.set(key, value) {
                draft.cap(cap);
            }
        };
        set("local.session", self.session, caps::SOURCE_LOCAL_SESSION_ID);
        set("local.unique", self.unique, caps::SOURCE_LOCAL_UNIQUE);
        set("local.includepattern", json(&self.include), caps::SOURCE_LOCAL_INCLUDE_PATTERNS);
        set("local.excludepatterns", json(&self.exclude), caps::SOURCE_LOCAL_EXCLUDE_PATTERNS);
        set("local.followpaths", json(&self.follow_paths), caps::SOURCE_LOCAL_FOLLOW_PATHS);
        set("local.sharedkeyhint", self.shared_key_hint, caps::SOURCE_LOCAL_SHARED_KEY_HINT);
        if let Some((differ, required)) = self.differ {
            let value = match differ {
                Differ::None => "none",
                Differ::Metadata => "metadata",
            };
            attrs.set("local.differ", value);
            if required {
                draft.cap(caps::SOURCE_LOCAL_DIFFER);
            }
        }
        if let Some(except) = self.metadata_only {
            attrs.flag("local.metadatatransfer", true);
            attrs.set("local.metadatatransferexclude", json(&except));
            draft.cap(caps::SOURCE_LOCAL_METADATA_TRANSFER);
        }
        attrs.into_op(format!("local://{}", self.name))
    }
}

/// A list as Go writes it, which escapes what would be markup in HTML; none is nothing.
fn json(list: &[String]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let text = serde_json::Value::from(list).to_string();
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn lists_are_written_as_go_writes_them() {
        assert_eq!(json(&[]), "");
        assert_eq!(json(&["a\"b".to_owned(), "c&d<e>\u{2028}é".to_owned()]), {
            r#"["a\"b","c\u0026d\u003ce\u003e\u2028é"]"#
        });
    }
}
