//! One copy of a file op, with every field that BuildKit has for it.

use buildkit_proto::pb;

use crate::file::{mode, timestamp};
use crate::op::Draft;
use crate::{Edge, Owner, caps};

/// From a path of another op to a path of the one being made.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are BuildKit's, each on its own")]
pub struct Copy {
    /// Where the source is; `None` is scratch, which holds nothing.
    pub from: Option<Edge>,
    /// A file, a directory, or a pattern with `allow_wildcard`.
    pub src: String,
    /// Where to; a slash at the end says that it is a directory.
    pub dest: String,
    /// The source's, unless said otherwise.
    pub owner: Option<Owner>,
    /// Permission bits, the source's unless said otherwise.
    pub mode: Option<u32>,
    /// Permissions as chmod writes them, `u=rwX,go=rX`; wins over `mode`.
    pub mode_str: Option<String>,
    /// Nanoseconds since 1970; the source's times, unless said otherwise.
    pub timestamp: Option<i64>,
    /// Follows a link that the source is.
    pub follow_symlinks: bool,
    /// Copies what is in a source directory instead of the directory.
    pub dir_contents_only: bool,
    /// Unpacks a source that is an archive.
    pub attempt_unpack: bool,
    /// Makes the directories that lead to `dest`.
    pub create_dest_path: bool,
    /// Takes `src` for a pattern.
    pub allow_wildcard: bool,
    /// Is content with a pattern that matches nothing.
    pub allow_empty_wildcard: bool,
    /// Copies only what matches one of these, if there are any.
    pub include_patterns: Vec<String>,
    /// Leaves out what matches one of these.
    pub exclude_patterns: Vec<String>,
    /// Paths that must be there, when there are include patterns.
    pub required_paths: Vec<String>,
    /// Replaces a file by a directory and the other way round instead of failing.
    pub always_replace_existing_dest_paths: bool,
}

impl Copy {
    pub(crate) fn into_pb(self, draft: &mut Draft<'_>, base: i64) -> pb::FileActionCopy {
        // Of BuildKit's own client, include and exclude patterns declare no cap (engines older than
        // MergeOp lack it, no other); who wants it, adds caps::FILE_COPY_INCLUDE_EXCLUDE_PATTERNS. A mode in
        // words declares none either: no BuildKit up to 0.32 knows the cap, and all refuse what they do not know.
        if !self.required_paths.is_empty() {
            draft.cap(caps::FILE_COPY_REQUIRED_PATHS);
        }
        if self.always_replace_existing_dest_paths {
            draft.cap(caps::FILE_COPY_ALWAYS_REPLACE);
        }
        pb::FileActionCopy {
            src: self.src,
            dest: self.dest,
            owner: self.owner.map(|owner| owner.to_pb(base)),
            // -1 keeps the source's; 0 would be no permission for anyone.
            mode: if self.mode_str.is_some() { 0 } else { self.mode.map_or(-1, mode) },
            follow_symlink: self.follow_symlinks,
            dir_copy_contents: self.dir_contents_only,
            attempt_unpack_docker_compatibility: self.attempt_unpack,
            create_dest_path: self.create_dest_path,
            allow_wildcard: self.allow_wildcard,
            allow_empty_wildcard: self.allow_empty_wildcard,
            timestamp: timestamp(self.timestamp),
            include_patterns: self.include_patterns,
            exclude_patterns: self.exclude_patterns,
            always_replace_existing_dest_paths: self.always_replace_existing_dest_paths,
            mode_str: self.mode_str.unwrap_or_default(),
            required_paths: self.required_paths,
        }
    }
}
