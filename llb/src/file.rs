//! The file op: actions one after the other, the result of the last being the op's.

use buildkit_proto::pb;
use buildkit_proto::pb::file_action::Action;

use crate::op::{Draft, NONE, index};
use crate::{Copy, Edge, caps};

/// Copies, directories, files, links and removals on top of a base, in their order.
///
/// Paths are written as they are given: give clean, absolute ones.
#[derive(Clone, Debug)]
pub struct File {
    base: Option<Edge>,
    actions: Vec<Planned>,
}

#[derive(Clone, Debug)]
enum Planned {
    Copy(Box<Copy>),
    Mkdir(Mkdir),
    Mkfile(Mkfile),
    Symlink(Symlink),
    Rm(Rm),
}

/// A directory to make.
#[derive(Clone, Debug, Default)]
pub struct Mkdir {
    /// Where.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Makes missing parents too, and is content with a directory that is there.
    pub parents: bool,
    /// Root's, unless said otherwise.
    pub owner: Option<Owner>,
    /// Nanoseconds since 1970; the time of the build, unless said otherwise.
    pub timestamp: Option<i64>,
}

impl Mkdir {
    /// With mode 0755 and missing parents.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), mode: 0o755, parents: true, ..Self::default() }
    }
}

/// A file to write.
#[derive(Clone, Debug, Default)]
pub struct Mkfile {
    /// Where; its directory must be there.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// What is in it.
    pub data: Vec<u8>,
    /// Root's, unless said otherwise.
    pub owner: Option<Owner>,
    /// Nanoseconds since 1970; the time of the build, unless said otherwise.
    pub timestamp: Option<i64>,
}

impl Mkfile {
    /// With mode 0644.
    pub fn new(path: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), mode: 0o644, data: data.into(), ..Self::default() }
    }
}

/// A symbolic link to make.
#[derive(Clone, Debug, Default)]
pub struct Symlink {
    /// What it points at.
    pub target: String,
    /// Where it is.
    pub path: String,
    /// Root's, unless said otherwise.
    pub owner: Option<Owner>,
    /// Nanoseconds since 1970; the time of the build, unless said otherwise.
    pub timestamp: Option<i64>,
}

/// Something to remove.
#[derive(Clone, Debug, Default)]
pub struct Rm {
    /// What.
    pub path: String,
    /// Is content when it is not there.
    pub allow_not_found: bool,
    /// Takes the path for a pattern.
    pub allow_wildcard: bool,
}

/// Who a file belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The user, root when `None`.
    pub user: Option<User>,
    /// The group, root's when `None`.
    pub group: Option<User>,
}

/// A user or group; a name is looked up in the base, which must not be scratch then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// By number.
    Id(u32),
    /// By the name that the base's passwd or group file knows.
    Name(String),
}

impl Owner {
    /// By numbers, which hold on any base.
    pub fn ids(user: u32, group: u32) -> Self {
        Self { user: Some(User::Id(user)), group: Some(User::Id(group)) }
    }

    pub(crate) fn to_pb(&self, base: i64) -> pb::ChownOpt {
        let user = |user: &User| {
            let user = match user {
                User::Id(id) => pb::user_opt::User::ById(*id),
                User::Name(name) => {
                    pb::user_opt::User::ByName(pb::NamedUserOpt { name: name.clone(), input: base })
                }
            };
            pb::UserOpt { user: Some(user) }
        };
        pb::ChownOpt { user: self.user.as_ref().map(user), group: self.group.as_ref().map(user) }
    }
}

impl File {
    /// On a base, or on scratch.
    pub fn on(base: impl Into<Option<Edge>>) -> Self {
        Self { base: base.into(), actions: Vec::new() }
    }

    /// Copies from another op, or from the base as it was.
    #[must_use]
    pub fn copy(self, copy: Copy) -> Self {
        self.then(Planned::Copy(Box::new(copy)))
    }

    /// Makes a directory.
    #[must_use]
    pub fn mkdir(self, mkdir: Mkdir) -> Self {
        self.then(Planned::Mkdir(mkdir))
    }

    /// Writes a file.
    #[must_use]
    pub fn mkfile(self, mkfile: Mkfile) -> Self {
        self.then(Planned::Mkfile(mkfile))
    }

    /// Makes a symbolic link.
    #[must_use]
    pub fn symlink(self, symlink: Symlink) -> Self {
        self.then(Planned::Symlink(symlink))
    }

    /// Removes a file or directory.
    #[must_use]
    pub fn rm(self, rm: Rm) -> Self {
        self.then(Planned::Rm(rm))
    }

    /// How many actions there are.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there is nothing to do; the engine refuses such an op.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    fn then(mut self, action: Planned) -> Self {
        self.actions.push(action);
        self
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::FileOp {
        draft.cap(caps::FILE_BASE);
        draft.inherit(self.base);
        let base = draft.input(self.base);
        // Results are numbered after all inputs, so these must be known first.
        let sources: Vec<i64> = self
            .actions
            .iter()
            .map(|action| match action {
                Planned::Copy(copy) => draft.input(copy.from),
                _ => NONE,
            })
            .collect();
        let first_result = draft.inputs();
        let last = self.actions.len().saturating_sub(1);
        let actions = self.actions.into_iter().zip(sources).enumerate().map(|(number, (action, source))| {
            pb::FileAction {
                input: if number == 0 { base } else { first_result + index(number - 1) },
                secondary_input: source,
                output: if number == last { 0 } else { NONE },
                action: Some(action.into_pb(draft, base)),
            }
        });
        pb::FileOp { actions: actions.collect() }
    }
}

/// -1 leaves the time to the engine; 0 would be 1970.
pub(crate) fn timestamp(nanoseconds: Option<i64>) -> i64 {
    nanoseconds.unwrap_or(-1)
}

pub(crate) fn mode(bits: u32) -> i32 {
    i32::try_from(bits).unwrap_or(i32::MAX)
}

impl Planned {
    fn into_pb(self, draft: &mut Draft<'_>, base: i64) -> Action {
        let owner = |owner: Option<Owner>| owner.map(|owner| owner.to_pb(base));
        match self {
            Self::Copy(copy) => Action::Copy(copy.into_pb(draft, base)),
            Self::Mkdir(mkdir) => Action::Mkdir(pb::FileActionMkDir {
                path: mkdir.path,
                mode: mode(mkdir.mode),
                make_parents: mkdir.parents,
                owner: owner(mkdir.owner),
                timestamp: timestamp(mkdir.timestamp),
            }),
            Self::Mkfile(mkfile) => Action::Mkfile(pb::FileActionMkFile {
                path: mkfile.path,
                mode: mode(mkfile.mode),
                data: mkfile.data,
                owner: owner(mkfile.owner),
                timestamp: timestamp(mkfile.timestamp),
            }),
            // Declares no cap, as BuildKit's own client: who wants it, adds caps::FILE_SYMLINK_CREATE.
            Self::Symlink(symlink) => Action::Symlink(pb::FileActionSymlink {
                oldpath: symlink.target,
                newpath: symlink.path,
                owner: owner(symlink.owner),
                timestamp: timestamp(symlink.timestamp),
            }),
            Self::Rm(rm) => Action::Rm(pb::FileActionRm {
                path: rm.path,
                allow_not_found: rm.allow_not_found,
                allow_wildcard: rm.allow_wildcard,
            }),
        }
    }
}
