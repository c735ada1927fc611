//! What `matrix` builds: selections of a manifest, and the lines of a Dockerfile that mean the same.

/// One service, in both languages.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) files: &'static str,
    pub(crate) copies: &'static [&'static str],
}

/// Every case selects from one context, so that the selections of all of them overlap: as directories in directories.
pub(crate) const DIRECTORIES: [Case; 31] = [
    Case { name: "whole", files: "[backend/]", copies: &["backend /app/backend"] },
    Case { name: "inner", files: "[backend/common]", copies: &["backend/common /app/backend/common"] },
    Case {
        name: "deeper",
        files: "[backend/common/db, backend/api]",
        copies: &["backend/common/db /app/backend/common/db", "backend/api /app/backend/api"],
    },
    Case {
        name: "both",
        files: "[backend/common, backend/]",
        copies: &["backend/common /app/backend/common", "backend /app/backend"],
    },
    Case { name: "everything", files: "[.]", copies: &[". /app"] },
    Case {
        name: "through-links",
        files: "[{source: tool, target: /bin/tool}, {source: conf, target: /link/conf}]",
        copies: &["tool /bin/tool", "conf /link/conf"],
    },
    Case {
        name: "owned",
        files: "[{source: conf, target: /data/conf}, {source: tool, target: /home/app/tool, owner: '1000:1000'}]",
        copies: &["conf /data/conf", "--chown=1000:1000 tool /home/app/tool"],
    },
    Case {
        name: "named-owner",
        files: "[{source: conf, target: /srv/conf, owner: 'app:app'}]",
        copies: &["--chown=app:app conf /srv/conf"],
    },
    Case {
        name: "onto-a-directory",
        files: "[{source: conf, target: /data}, {source: backend/common, target: /etc}]",
        copies: &["conf /data", "backend/common /etc"],
    },
    Case {
        name: "over-a-file",
        files: "[{source: tool, target: /was-a-file}]",
        copies: &["tool /was-a-file"],
    },
    Case { name: "sticky", files: "[{source: conf, target: /tmp/conf}]", copies: &["conf /tmp/conf"] },
    Case {
        name: "modes",
        files: "[{source: conf, target: /conf, mode: '0750'}]",
        copies: &["--chmod=0750 conf /conf"],
    },
    Case {
        name: "later-wins",
        files: "[conf, {source: backend/common, target: conf}, {source: tool, target: conf/a.yaml}]",
        copies: &["conf /app/conf", "backend/common /app/conf", "tool /app/conf/a.yaml"],
    },
    Case {
        name: "owned-around",
        files: "[{source: backend, target: /srv/b, owner: '1000:1000'}, {source: tool, target: /srv/b/tool, owner: '1000:1000', mode: '0700'}, \
                {source: conf, target: /srv/b/api/conf}, {source: backend/common, target: /srv/b}]",
        copies: &[
            "--chown=1000:1000 backend /srv/b",
            "--chown=1000:1000 --chmod=0700 tool /srv/b/tool",
            "conf /srv/b/api/conf",
            "backend/common /srv/b",
        ],
    },
    Case {
        name: "modes-around",
        files: "[{source: backend, target: /new/b}, {source: tool, target: /new/b/api/tool}, {source: conf/a.yaml, target: /new/b/common/db/a}]",
        copies: &["backend /new/b", "tool /new/b/api/tool", "conf/a.yaml /new/b/common/db/a"],
    },
    Case {
        name: "private-inside",
        files: "[{source: backend, target: /new/b}, {source: conf, target: /new/b/api}, {source: conf/sub, target: /new/b/common/db}, \
                {source: tool, target: /new/b/link-to-directory/tool}]",
        copies: &[
            "backend /new/b",
            "conf /new/b/api",
            "conf/sub /new/b/common/db",
            "tool /new/b/link-to-directory/tool",
        ],
    },
    Case {
        name: "owned-after",
        files: "[{source: conf, target: /new/b/conf}, {source: backend, target: /new/b, owner: '1000:1000'}, \
                {source: conf, target: /etc, owner: '1000:1000'}]",
        copies: &["conf /new/b/conf", "--chown=1000:1000 backend /new/b", "--chown=1000:1000 conf /etc"],
    },
    Case { name: "odd-names", files: "[odd]", copies: &["odd /app/odd"] },
    Case { name: "sticky-itself", files: "[{source: conf, target: /tmp}]", copies: &["conf /tmp"] },
    // One selects what is inside of what another one does.
    Case {
        name: "owned-whole",
        files: "[{source: backend, target: /srv/deep/b, owner: '1000:1000'}]",
        copies: &["--chown=1000:1000 backend /srv/deep/b"],
    },
    Case {
        name: "owned-inside",
        files: "[{source: backend/common, target: /srv/deep/b/common, owner: '1000:1000'}]",
        copies: &["--chown=1000:1000 backend/common /srv/deep/b/common"],
    },
    Case {
        name: "mode-whole",
        files: "[{source: backend, target: /srv/mode/b, mode: '0750'}]",
        copies: &["--chmod=0750 backend /srv/mode/b"],
    },
    Case {
        name: "mode-inside",
        files: "[{source: backend/common, target: /srv/mode/b/common, mode: '0750'}]",
        copies: &["--chmod=0750 backend/common /srv/mode/b/common"],
    },
    Case {
        name: "theirs-whole",
        files: "[{source: backend, target: /srv/theirs}]",
        copies: &["backend /srv/theirs"],
    },
    Case {
        name: "theirs-inside",
        files: "[{source: backend/empty, target: /srv/theirs/empty}]",
        copies: &["backend/empty /srv/theirs/empty"],
    },
    Case { name: "onto-the-root", files: "[{source: root, target: /}]", copies: &["root /"] },
    Case {
        name: "beside-a-link",
        files: "[{source: conf, target: /srv/linked}]",
        copies: &["conf /srv/linked"],
    },
    // Others select what is around these links, and have the links.
    Case {
        name: "linked-directory",
        files: "[backend/link-to-directory]",
        copies: &["backend/link-to-directory /app/backend/link-to-directory"],
    },
    Case {
        name: "linked-file",
        files: "[backend/link-to-file]",
        copies: &["backend/link-to-file /app/backend/link-to-file"],
    },
    Case {
        name: "behind-a-link",
        files: "[backend/link-to-directory/db]",
        copies: &["backend/link-to-directory/db /app/backend/link-to-directory/db"],
    },
    Case {
        name: "again",
        files: "[conf, {source: other, target: conf}, conf/a.yaml]",
        copies: &["conf /app/conf", "other /app/conf", "conf/a.yaml /app/conf/a.yaml"],
    },
];

/// The same with patterns, so that which file is in which layer takes the context's listing. COPY knows no pattern for
/// what to take of a directory and its directories, but exceptions from what not to take; and it reads its flags
/// byte by byte, so that these have letters of ASCII only.
pub(crate) const PATTERNS: [Case; 23] = [
    Case { name: "whole", files: "[backend]", copies: &["backend /app/backend"] },
    Case { name: "inner", files: "[backend/common]", copies: &["backend/common /app/backend/common"] },
    Case {
        name: "everything-but",
        files: "[{source: ., exclude: [backend/common, 'odd/?not', conf/a.yaml]}]",
        copies: &["--exclude=backend/common --exclude=odd/?not --exclude=conf/a.yaml . /app"],
    },
    Case {
        name: "but-a-directory",
        files: "[{source: backend, exclude: [common]}]",
        copies: &["--exclude=common backend /app/backend"],
    },
    Case {
        name: "instead-of-a-directory",
        files: "[{source: backend, exclude: [api]}, {source: conf, target: backend/api}]",
        copies: &["--exclude=api backend /app/backend", "conf /app/backend/api"],
    },
    Case {
        name: "only-code",
        files: "[{source: backend, include: ['**/*.py']}]",
        copies: &["--exclude=** --exclude=!**/*.py backend /app/backend"],
    },
    Case {
        name: "no-code",
        files: "[{source: backend, exclude: ['**/*.py']}]",
        copies: &["--exclude=**/*.py backend /app/backend"],
    },
    Case {
        name: "some-code",
        files: "[{source: backend, include: ['**/*.py'], exclude: [common/db]}]",
        copies: &["--exclude=** --exclude=!**/*.py --exclude=common/db/** backend /app/backend"],
    },
    Case {
        name: "links",
        files: "[{source: backend, include: ['link-*', dangling]}]",
        copies: &["--exclude=* --exclude=!link-* --exclude=!dangling backend /app/backend"],
    },
    Case {
        name: "no-links",
        files: "[{source: backend, exclude: ['link-*', dangling]}]",
        copies: &["--exclude=link-* --exclude=dangling backend /app/backend"],
    },
    Case {
        name: "empty",
        files: "[{source: backend, include: [empty]}]",
        copies: &["--exclude=* --exclude=!empty backend /app/backend"],
    },
    Case {
        name: "emptied",
        files: "[{source: backend, exclude: [empty/nested, api/api.py]}]",
        copies: &["--exclude=empty/nested --exclude=api/api.py backend /app/backend"],
    },
    Case { name: "odd", files: "[odd]", copies: &["odd /app/odd"] },
    Case {
        name: "odd-some",
        files: "[{source: odd, include: ['?brackets*', '?not', 'back?slash', 'ü*', '* *']}]",
        copies: &[
            "--exclude=* --exclude=!?brackets* --exclude=!?not --exclude=!back?slash --exclude=!?n?c?d?-* --exclude=!*?space \
             --exclude=!?leading* odd /app/odd",
        ],
    },
    Case {
        name: "odd-others",
        files: "[{source: odd, exclude: ['?brackets*', '?not', 'back?slash', 'ü*']}]",
        copies: &[
            "--exclude=?brackets* --exclude=?not --exclude=back?slash --exclude=?n?c?d?-* odd /app/odd",
        ],
    },
    Case {
        name: "owned",
        files: "[{source: backend, exclude: [api], owner: '1000:1000'}]",
        copies: &["--chown=1000:1000 --exclude=api backend /app/backend"],
    },
    Case {
        name: "elsewhere",
        files: "[{source: backend, target: /srv/code, exclude: [empty, 'link*']}]",
        copies: &["--exclude=empty --exclude=link* backend /srv/code"],
    },
    Case {
        name: "through-a-link",
        files: "[{source: conf, target: /link/conf, exclude: [sub/b.yaml]}]",
        copies: &["--exclude=sub/b.yaml conf /link/conf"],
    },
    Case {
        name: "theirs-inside",
        files: "[{source: backend, target: /srv/theirs, include: ['empty/**', '**/*.py']}]",
        copies: &["--exclude=** --exclude=!empty/** --exclude=!**/*.py backend /srv/theirs"],
    },
    Case {
        name: "onto-a-directory",
        files: "[{source: conf, target: /data, include: ['*.yaml']}]",
        copies: &["conf/*.yaml /data/"],
    },
    Case {
        name: "later-wins",
        files: "[{source: conf, exclude: [sub]}, {source: backend/common, target: conf, include: ['*.py']}, conf/sub]",
        copies: &["--exclude=sub conf /app/conf", "backend/common/*.py /app/conf/", "conf/sub /app/conf/sub"],
    },
    Case {
        name: "linked-directory",
        files: "[backend/link-to-directory]",
        copies: &["backend/link-to-directory /app/backend/link-to-directory"],
    },
    Case {
        name: "again",
        files: "[{source: conf, include: ['a*']}, {source: other, target: conf}, {source: conf, include: [sub]}]",
        copies: &[
            "--exclude=* --exclude=!a* conf /app/conf",
            "other /app/conf",
            "--exclude=* --exclude=!sub conf /app/conf",
        ],
    },
];
