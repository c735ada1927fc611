//! Where a layer goes into what lower layers of the same image hold. Made by itself it has the directories on the way as any
//! parent: root's, with mode 0755; and a merge takes them from the highest layer. What of a base is restored (`look.rs`) is not
//! known of what a stage holds, so such a layer is copied onto those below it, as `COPY` does.

use crate::plan::{Attributes, Beneath, Found, Layer, Look, Origin, Part, is_split, sources_on_the_way};

/// Whether a merge of `layer` would take owner, mode or link away from what lies beneath. `context` says what sources are.
pub(super) fn is_covered(beneath: &Beneath<'_>, layer: &Layer, context: &Look) -> bool {
    layer.parts.iter().any(|part| {
        beneath.around(part).any(|(below, outer, rest)| {
            let same = rest.is_empty();
            // An existing destination keeps what it has unless the manifest says otherwise. What a stage holds may be a
            // link or a file where there is a directory.
            let matters =
                !same || part.attributes == Attributes::default() || layer.origin != Origin::Context;
            matters
                && (is_special(below, outer, part, rest, context) || same && layer.origin != Origin::Context)
        })
    })
}

/// Whether what `outer` brings on the way is not, or may not be, what `part` makes there.
fn is_special(below: &Layer, outer: &Part, part: &Part, rest: &str, context: &Look) -> bool {
    let plain = |path: &String| match context.get(path) {
        Some(Found::Directory { mode, .. }) => *mode == 0o755,
        Some(Found::Link) => false,
        Some(Found::File) | None => true,
    };
    match below.origin {
        // These directories are made once more as the context has them: see `inner.rs`.
        Origin::Context if is_split(outer, part, rest) => false,
        Origin::Context => {
            outer.attributes != Attributes::default() || !sources_on_the_way(outer, rest).iter().all(plain)
        }
        Origin::From(_) | Origin::Packages => true,
    }
}
