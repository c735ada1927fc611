//! What the pages of the documentation need to be run: a page with commands has an entry here.
//!
//! Commands run in the order of the page, in a project of its own. Blocks that begin with `# syntax=` are written to
//! `layerset.yaml` on the way, and blocks whose first line is a comment with a file name to that file. An indented or
//! `text` block that is no command is what the command before it has printed. `registry.example.com` is the local
//! registry everywhere.

use harness::{Index, Wheel};

use crate::docs_run::{Site, run_page};
use crate::support::{self, ok};

/// What a page needs that a reader has.
pub(crate) struct Page {
    /// Its path in the repository.
    pub(crate) path: &'static str,
    /// The example that its project begins with; files that the page shows are those of the example.
    pub(crate) example: Option<&'static str>,
    /// Files that its project begins with, and their contents.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// Does what plain files cannot.
    pub(crate) prepare: fn(&Site<'_>),
    /// Text of commands and files, and what is said instead of it.
    pub(crate) instead: &'static [(&'static str, &'static str)],
    /// Environment variables.
    pub(crate) env: &'static [(&'static str, &'static str)],
    /// Commands that must fail.
    pub(crate) fails: &'static [&'static str],
    /// Beginnings of commands that cannot be run here, and why.
    pub(crate) not_run: &'static [(&'static str, &'static str)],
    /// Beginnings of blocks that are no output of the command before.
    pub(crate) pictures: &'static [&'static str],
}

impl Page {
    /// A page whose commands can be run as they are.
    const fn new(path: &'static str) -> Self {
        Self {
            path,
            example: None,
            files: &[],
            prepare: |_| {},
            instead: &[],
            env: &[],
            fails: &[],
            not_run: &[],
            pictures: &[],
        }
    }

    /// All that must have been of use when the page was run.
    pub(crate) fn entries(&self) -> Vec<&'static str> {
        let instead = self.instead.iter().map(|(found, _)| *found);
        let not_run = self.not_run.iter().map(|(command, _)| *command);
        instead
            .chain(not_run)
            .chain(self.fails.iter().copied())
            .chain(self.pictures.iter().copied())
            .collect()
    }
}

/// One test a page.
macro_rules! pages {
    ($($test:ident = $page:expr;)*) => {
        /// All pages with commands.
        pub(crate) const PAGES: &[Page] = &[$($page),*];

        $(#[test]
        fn $test() {
            run_page(&$page);
        })*
    };
}

pages! {
    readme = Page {
        files: &[
            ("backend/common/a.py", ""),
            ("backend/api/__main__.py", ""),
            ("backend/worker/__main__.py", ""),
            ("requirements/base.txt", "humanize\n"),
            ("requirements/ml.txt", "packaging\n"),
            ("compose.yaml", "services: {api: {build: {context: ., dockerfile: layerset.yaml, target: api}}}\n"),
        ],
        prepare: with_index,
        not_run: &[
            ("make demo", "builds the frontend, and is a test of its own: examples/demo.sh"),
            ("make test", "runs this test"),
        ],
        pictures: &["layerset.yaml ─ parse", "proto/"],
        ..Page::new("README.md")
    };
    tutorial = Page {
        prepare: with_index,
        instead: &[("8080:8080", ANY_PORT_8080)],
        fails: &["docker buildx build -f layerset.yaml --target web ."],
        ..Page::new("docs/tutorial.md")
    };
    bake = Page {
        files: &[("api/run.sh", "echo api\n"), ("web/index.html", "web\n"), ("jobs/job.sh", "echo job\n")],
        ..Page::new("docs/how-to/bake.md")
    };
    ci = Page {
        files: &[("layerset.yaml", TWO_SERVICES), ("api/a", "a"), ("web/w", "w")],
        env: &[("REGISTRY_USER", "ci"), ("REGISTRY_TOKEN", "secret")],
        ..Page::new("docs/how-to/ci.md")
    };
    compose = Page {
        files: &[("layerset.yaml", ONE_SERVICE), ("api/a", "a")],
        instead: &[("8000:8000", ANY_PORT_8000)],
        ..Page::new("docs/how-to/compose.md")
    };
    languages = Page { example: Some("languages"), ..Page::new("docs/how-to/languages.md") };
    private_indexes = Page {
        files: &[("requirements.txt", "humanize\n")],
        prepare: private_index,
        ..Page::new("docs/how-to/private-indexes.md")
    };
    python = Page {
        files: &[
            ("requirements/base.txt", "humanize\n"),
            ("requirements/web.txt", "packaging\n"),
            ("requirements/ml.txt", "packaging\n"),
            ("api/a.py", "import humanize, packaging\n"),
            ("worker/w.py", "import humanize, packaging\n"),
        ],
        prepare: with_index,
        pictures: &["HEAVY PACKAGE"],
        ..Page::new("docs/how-to/python.md")
    };
    report = Page {
        prepare: with_images,
        ..Page::new("docs/how-to/report.md")
    };
    migrate = Page {
        files: &[
            ("api/page.sh", "echo '<p>a page</p>'\n"),
            ("common/a", "a"),
            ("web/Dockerfile", "FROM busybox:1.37\n"),
        ],
        not_run: &[
            ("make up", "examples/trading is a test of its own: trading.rs"),
            ("make verify", "as make up"),
            ("make rollback", "builds all packages four times"),
        ],
        ..Page::new("docs/how-to/migrate.md")
    };
    builders = Page {
        files: &[("ca.pem", ""), ("cert.pem", ""), ("key.pem", "")],
        not_run: &[
            ("docker buildx create --name ci --driver kubernetes", "needs a cluster"),
            ("docker buildx create --name shared --driver remote", "needs a machine; builders.rs has one on this machine"),
        ],
        ..Page::new("docs/how-to/builders.md")
    };
    calls = Page {
        files: &[("page/render.sh", "echo $1\n"), ("api/a", "a")],
        ..Page::new("docs/reference/calls.md")
    };
    manifest = Page {
        files: &[
            ("requirements.txt", "humanize\n"),
            (
                "locked.yaml",
                "# syntax=layerset/frontend:1\npython: {lock: pylock.toml}\nservices:\n  \
                 api: {from: \"python:3.13-slim\", requirements: [requirements.txt]}\n",
            ),
        ],
        prepare: with_index,
        // The page's own is that of its beginning.
        instead: &[("-f layerset.yaml --call=lock", "-f locked.yaml --call=lock")],
        ..Page::new("docs/reference/manifest.md")
    };
    exit_codes = Page { files: &[("src/a.txt", "a")], ..Page::new("docs/reference/exit-codes.md") };
}

/// What makes an engine pick a port of this machine.
const ANY_PORT_8000: &str = "127.0.0.1::8000";
const ANY_PORT_8080: &str = "127.0.0.1::8080";

const ONE_SERVICE: &str = "# syntax=layerset/frontend:1\nservices:\n  \
    api: {from: \"busybox:1.37\", files: [api/], command: [httpd, -f, -p, \"8000\"]}\n";

const TWO_SERVICES: &str = "# syntax=layerset/frontend:1\nname: shop\nservices:\n  \
    api: {from: \"busybox:1.37\", files: [api/], image: \"registry.example.com/shop/api:1\"}\n  \
    web: {from: \"busybox:1.37\", files: [web/], image: \"registry.example.com/shop/web:1\"}\n";

/// Images that a page reports on: of a manifest, and one from before.
fn with_images(site: &Site<'_>) {
    let registry = site.engine.registry();
    let manifest = TWO_SERVICES.replace("registry.example.com", &registry.address());
    for (path, text) in [("layerset.yaml", manifest.as_str()), ("api/a", "a"), ("web/w", "w")] {
        site.project.write(path, text).unwrap();
    }
    ok(support::bake(site.engine, &site.project).arg("--push"));
    let old = registry.name("shop/old:1");
    for args in [["tag", "busybox:1.37", &old], ["push", "--quiet", &old]] {
        ok(site.engine.docker(&args));
    }
}

/// Serves packages where a page says nothing of an index.
fn with_index(site: &Site<'_>) {
    let index = index(site);
    let said = format!("python: {{index: [\"{}\"], lock: pylock.toml}}", index.simple());
    site.instead("python: {lock: pylock.toml}", &said);
}

/// An index that wants a password, the same packages in the repository, and uv in the registry.
fn private_index(site: &Site<'_>) {
    let index = index(site);
    // `user:password`
    index.wants("Basic dXNlcjpwYXNzd29yZA==");
    site.instead("https://packages.example.com/simple", &index.simple());
    let authorities = std::fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    site.project.write("company.pem", authorities).unwrap();
    for wheel in wheels() {
        let path = format!("vendor/wheels/{}", wheel.filename());
        site.project.write(&path, wheel.bytes().unwrap()).unwrap();
    }
    let name = site.engine.registry().name("uv:1");
    for args in [["tag", "uv:latest", &name], ["push", "--quiet", &name]] {
        let args: Vec<&str> = args.into_iter().collect();
        ok(site.engine.docker(&args));
    }
}

fn index(site: &Site<'_>) -> Index {
    let index = Index::serve(site.engine).unwrap();
    for wheel in wheels() {
        index.add(&wheel).unwrap();
    }
    index
}

/// Packages of the names that pages use, each with what is used of it.
fn wheels() -> Vec<Wheel> {
    let humanize = "def naturalsize(size):\n    return f'{size / 1e6:.1f} MB'\n";
    vec![
        Wheel::bare("humanize", "4.12.0").file("humanize/__init__.py", humanize),
        Wheel::new("packaging", "25.0"),
    ]
}
