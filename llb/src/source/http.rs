//! A file from the web.

use buildkit_proto::pb;

use super::Attrs;
use crate::caps;
use crate::op::Draft;

/// A file from the web, alone in a directory.
#[derive(Clone, Debug, Default)]
pub struct Http {
    url: String,
    checksum: String,
    filename: String,
    perm: u32,
    uid: u32,
    gid: u32,
    auth_header_secret: String,
    accept: String,
    user_agent: String,
}

impl Http {
    /// `http://` or `https://`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The digest that the file must have; a file with one is not asked for again.
    #[must_use]
    pub fn checksum(mut self, digest: impl Into<String>) -> Self {
        self.checksum = digest.into();
        self
    }

    /// What the file is called; as the server or the URL calls it, unless said otherwise.
    #[must_use]
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.filename = name.into();
        self
    }

    /// Permission bits; 0 leaves 0600.
    #[must_use]
    pub fn perm(mut self, bits: u32) -> Self {
        self.perm = bits;
        self
    }

    /// Who the file belongs to.
    #[must_use]
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.uid = uid;
        self.gid = gid;
        self
    }

    /// The secret that holds the value of the Authorization header.
    #[must_use]
    pub fn auth_header_secret(mut self, id: impl Into<String>) -> Self {
        self.auth_header_secret = id.into();
        self
    }

    /// The value of the Accept header.
    #[must_use]
    pub fn accept(mut self, value: impl Into<String>) -> Self {
        self.accept = value.into();
        self
    }

    /// The value of the User-Agent header.
    #[must_use]
    pub fn user_agent(mut self, value: impl Into<String>) -> Self {
        self.user_agent = value.into();
        self
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::SourceOp {
        draft.cap(caps::SOURCE_HTTP);
        let mut attrs = Attrs::default();
        attrs.set("http.filename", self.filename);
        let number = |value: u32| if value == 0 { String::new() } else { value.to_string() };
        let perm = if self.perm == 0 { String::new() } else { format!("0{:o}", self.perm) };
        for (key, value, cap) in [
            ("http.checksum", self.checksum, caps::SOURCE_HTTP_CHECKSUM),
            ("http.perm", perm, caps::SOURCE_HTTP_PERM),
            ("http.uid", number(self.uid), caps::SOURCE_HTTP_UID_GID),
            ("http.gid", number(self.gid), caps::SOURCE_HTTP_UID_GID),
            ("http.authheadersecret", self.auth_header_secret, caps::SOURCE_HTTP_AUTH),
            ("http.header.accept", self.accept, caps::SOURCE_HTTP_HEADER),
            ("http.header.user-agent", self.user_agent, caps::SOURCE_HTTP_HEADER),
        ] {
            if attrs.set(key, value) {
                draft.cap(cap);
            }
        }
        attrs.into_op(self.url)
    }
}
