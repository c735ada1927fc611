//! Runs the commands of a page, in a project of its own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::{Mutex, OnceLock, PoisonError};

use harness::{Engine, Flavour, Project, frontend, images, run};

use crate::docs_markdown::{Block, Kind, blocks, commands, read};
use crate::docs_table::Page;
use crate::support::example;

/// Pages give images plain names, and ports: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// An engine for nothing but pages. A private one always: names as `web` may be somebody's on the machine's own.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::fresh("docs", Flavour::Containerd).unwrap());
    engine.with_frontend().unwrap()
}

/// A page's project, and what its commands have left.
pub(crate) struct Site<'a> {
    /// Where its commands run.
    pub(crate) project: Project,
    /// The engine that they speak to.
    pub(crate) engine: &'static Engine,
    page: &'a Page,
    /// Beside the project: programs, docker's configuration and the shell's state between two commands.
    tools: Project,
    /// What is said instead of a found text, beside what the page's entry says.
    instead: RefCell<Vec<(String, String)>>,
    /// What the last command printed.
    printed: RefCell<String>,
    /// Entries of the table that were of use.
    used: RefCell<BTreeSet<&'static str>>,
    failed: Cell<bool>,
}

/// Writes the files of a page and runs its commands, in their order. Everything that goes wrong is told at once.
pub(crate) fn run_page(page: &Page) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let site = Site::new(page);
    (page.prepare)(&site);
    for (path, content) in page.files {
        site.write(path, content).unwrap();
    }
    let mut wrong = Vec::new();
    for block in blocks(&read(page.path)) {
        if let Err(told) = site.follow(&block) {
            wrong.push(format!("{}:{}: {told}", page.path, block.line));
            // What comes after would fail for this one's failure.
            if site.failed.get() {
                break;
            }
        }
    }
    if !site.failed.get() {
        let all = page.entries();
        let unused = all.iter().filter(|entry| !site.used.borrow().contains(*entry));
        wrong.extend(
            unused.map(|entry| format!("{}: its entry has what is not in the page: {entry}", page.path)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl<'a> Site<'a> {
    fn new(page: &'a Page) -> Self {
        let engine = engine();
        let project = page.example.map_or_else(|| Project::new("page").unwrap(), example);
        let tools = Project::new("tools").unwrap();
        let bin = tools.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        symlink(frontend::binary().unwrap(), bin.join("layerset")).unwrap();
        symlink(images::uv_program().unwrap(), bin.join("uv")).unwrap();
        // Its own, since pages choose builders; docker's plugins are found in the old one.
        fs::create_dir_all(tools.path().join("config")).unwrap();
        let environment = engine.environment();
        let config =
            environment.iter().find(|(name, _)| name == "DOCKER_CONFIG").map(|(_, value)| value).unwrap();
        let plugins = fs::canonicalize(format!("{config}/cli-plugins")).unwrap();
        symlink(plugins, tools.path().join("config/cli-plugins")).unwrap();
        Self {
            project,
            engine,
            page,
            tools,
            instead: RefCell::new(vec![("registry.example.com".into(), engine.registry().address())]),
            printed: RefCell::default(),
            used: RefCell::default(),
            failed: Cell::new(false),
        }
    }

    /// Says something else wherever a command or file says `found`.
    pub(crate) fn instead(&self, found: &str, said: &str) {
        self.instead.borrow_mut().push((found.to_owned(), said.to_owned()));
    }

    fn follow(&self, block: &Block) -> Result<(), String> {
        match &block.kind {
            Kind::Manifest => self.write("layerset.yaml", &block.text)?,
            Kind::File(name) => self.write(name, &block.text)?,
            Kind::Text => return self.compare(&block.text),
            Kind::Commands | Kind::Jobs | Kind::Part | Kind::Other => {}
        }
        commands(block).iter().try_for_each(|command| self.command(command))
    }

    /// Writes a file; one of an example must be what the example has.
    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.project.path().join(name);
        if self.page.example.is_some() && fs::read_to_string(&path).is_ok_and(|there| there != text) {
            return Err(format!("{name} is another one in the example, expected the same"));
        }
        let text = self.said_instead(text);
        self.project.write(name, text).map(drop).map_err(|error| error.to_string())
    }

    fn said_instead(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (found, said) in self.page.instead {
            if text.contains(found) {
                self.used.borrow_mut().insert(found);
                text = text.replace(found, said);
            }
        }
        for (found, said) in &*self.instead.borrow() {
            text = text.replace(found, said);
        }
        text
    }

    /// Runs a command as the page's reader does, but for what the table says.
    fn command(&self, command: &str) -> Result<(), String> {
        if let Some((entry, _)) = self.page.not_run.iter().find(|(entry, _)| command.starts_with(entry)) {
            self.used.borrow_mut().insert(entry);
            return Ok(());
        }
        let fails = self.page.fails.iter().find(|entry| command == **entry);
        self.used.borrow_mut().extend(fails);
        let command = self.said_instead(command);
        let state = self.tools.path().join("state");
        // Directory and exported variables are there for the next command.
        let script = format!(
            "set -euo pipefail; S={0}; [ ! -e $S ] || . $S; trap '{{ export -p; echo \"cd $PWD\"; }} > '$S EXIT\n{command}\n",
            state.display()
        );
        let mut bash = run::command("bash");
        bash.args(["-c", &script]).current_dir(self.project.path());
        for name in ["BUILDX_BUILDER", "BUILDX_CONFIG", "COMPOSE_FILE", "COMPOSE_PROFILES", "DOCKER_CONTEXT"]
        {
            bash.env_remove(name);
        }
        for (name, value) in self.engine.environment() {
            let bin = self.tools.path().join("bin");
            let value = match name.as_str() {
                "PATH" => format!("{}:{value}", bin.display()),
                "DOCKER_CONFIG" => self.tools.path().join("config").display().to_string(),
                _ => value,
            };
            bash.env(name, value);
        }
        bash.env("BUILDKIT_PROGRESS", "plain").env("DOCKER_CLI_HINTS", "false").env("NO_COLOR", "1");
        bash.envs(self.page.env.iter().copied());
        let output = bash.output().map_err(|error| error.to_string())?;
        let printed = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        *self.printed.borrow_mut() = printed.clone().into_owned();
        if output.status.success() == fails.is_none() {
            return Ok(());
        }
        self.failed.set(true);
        let last: Vec<&str> = printed.lines().rev().take(25).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Err(format!("`{command}` ended with {}\n{}", output.status, last.join("\n")))
    }

    /// What the page shows must be what the last command printed: each line, in this order, with anything for `…`.
    fn compare(&self, text: &str) -> Result<(), String> {
        let first = text.lines().next().unwrap_or_default();
        if let Some(entry) = self.page.pictures.iter().find(|entry| first.trim().starts_with(**entry)) {
            self.used.borrow_mut().insert(entry);
            return Ok(());
        }
        let printed = self.printed.borrow();
        let mut lines = printed.lines();
        for shown in text.lines().filter(|line| !line.trim().is_empty()) {
            if !lines.by_ref().any(|line| fits(shown, line)) {
                return Err(format!("no command printed the line `{shown}`, but\n{printed}"));
            }
        }
        Ok(())
    }
}

/// Whether a line of a page is what was printed, whatever the spaces; `…` in it stands for anything, and what buildx
/// prints before a line does not count.
pub(crate) fn fits(shown: &str, printed: &str) -> bool {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let (shown, printed) = (words(shown), words(printed));
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some((_, mut rest)) = printed.split_once(first) else { return false };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.is_empty() || shown.ends_with('…')
}

#[test]
fn lines_fit() {
    assert!(fits("a  b", "ERROR: a b"));
    assert!(fits("a … c", "a b c"));
    assert!(fits("a…", "a b c"));
    assert!(!fits("a b", "a b c"));
    assert!(!fits("a … d", "a b c"));
}
