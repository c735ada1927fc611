//! Names of everything that can be wrong; `docs/rules/` has a line or a page for each.

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $text;)*
        /// Every rule, for the test that each is explained.
        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($text),*];
    };
}

rules! {
    /// Bytes that are no text.
    NOT_UTF8 = "not-utf8";
    /// YAML that is none.
    YAML = "invalid-yaml";
    /// A tab as indentation.
    TAB = "tab-indentation";
    /// A control character.
    CONTROL_CHARACTER = "control-character";
    /// Nesting without end.
    TOO_DEEP = "too-deep";
    /// An alias without anchor, of itself, or of too much.
    ALIAS = "invalid-alias";
    /// A tag nobody knows.
    UNKNOWN_TAG = "unknown-tag";
    /// More than one document.
    SEVERAL_DOCUMENTS = "several-documents";
    /// Nothing to build.
    EMPTY = "empty-manifest";
    /// A key twice.
    DUPLICATE_KEY = "duplicate-key";
    /// A key nobody knows.
    UNKNOWN_KEY = "unknown-key";
    /// A list where text belongs, and the like.
    WRONG_TYPE = "wrong-type";
    /// Text that does not fit its key.
    INVALID_VALUE = "invalid-value";
    /// A name of a stage, service, template, argument or variable that cannot be one.
    INVALID_NAME = "invalid-name";
    /// One name for two things.
    DUPLICATE_NAME = "duplicate-name";
    /// One image name for two services.
    DUPLICATE_IMAGE = "duplicate-image";
    /// A key that must be there.
    MISSING_KEY = "missing-key";
    /// A stage nobody defines.
    UNKNOWN_STAGE = "unknown-stage";
    /// A template nobody defines.
    UNKNOWN_TEMPLATE = "unknown-template";
    /// Something that needs itself.
    CYCLE = "cycle";
    /// Templates that add up to too much.
    TOO_LARGE = "too-large";
    /// An image reference that is none.
    INVALID_IMAGE = "invalid-image";
    /// A path that leaves the context or its directory.
    PATH_LEAVES = "path-leaves-context";
    /// A path that is none.
    INVALID_PATH = "invalid-path";
    /// `${NAME}` of nothing.
    UNDEFINED_ARGUMENT = "undefined-argument";
    /// `${` without sense.
    INVALID_INTERPOLATION = "invalid-interpolation";
    /// `# syntax=` that is not on the first line.
    SYNTAX_NOT_FIRST = "syntax-not-first";
    /// A stage nobody uses.
    UNUSED_STAGE = "unused-stage";
    /// A template nobody uses.
    UNUSED_TEMPLATE = "unused-template";
    /// A build argument nobody uses.
    UNUSED_ARG = "unused-arg";
    /// What looks like a variable or as for a shell, and stays as it is.
    NOT_EXPANDED = "not-expanded";
    /// A build argument given that the manifest does not define.
    UNKNOWN_BUILD_ARG = "unknown-build-arg";
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_rule_is_explained() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rules/README.md");
        let page = std::fs::read_to_string(page).unwrap();
        for rule in super::ALL {
            assert!(page.contains(&format!("| `{rule}` |")), "{rule} is missing in docs/rules/README.md");
        }
    }
}
