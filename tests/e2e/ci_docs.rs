//! What `docs/how-to/ci.md` says works as it is printed there, but for the registry's name.

use std::process::Command;

use harness::place::workspace;
use harness::project::unique;
use harness::{Engine, Output, Project};
use serde_json::Value;

use crate::support::{containerd, pushed, syntax};
use crate::yaml;

const REGISTRY: &str = "registry.example.com";

/// A project of two services, the page's text, and the registry that stands for the page's.
struct Page {
    project: Project,
    text: String,
    tag: String,
}

impl Page {
    fn new(engine: &Engine) -> Self {
        let tag = unique().unwrap();
        let page = std::fs::read_to_string(workspace().join("docs/how-to/ci.md")).unwrap();
        let registry = engine.registry().name(&tag);
        let project = Project::new("ci").unwrap();
        let manifest = format!(
            "stages:\n  base: {{from: 'busybox:1.37', run: ['echo {tag} > /made']}}\nservices:\n  \
             api: {{from: base, image: '{REGISTRY}/shop/api:1', files: [api.txt]}}\n  \
             web: {{from: base, image: '{REGISTRY}/shop/web:1', files: [web.txt]}}\n"
        );
        project.write("layerset.yaml", syntax() + &manifest.replace(REGISTRY, &registry)).unwrap();
        project.write("api.txt", &tag).unwrap().write("web.txt", &tag).unwrap();
        Self { project, text: page.replace(REGISTRY, &registry), tag }
    }

    /// The fenced blocks of a language, in their order.
    fn blocks(&self, language: &str) -> Vec<&str> {
        let fence = format!("```{language}\n");
        let parts = self.text.split(fence.as_str()).skip(1);
        parts.map(|part| part.split("```").next().unwrap()).collect()
    }

    /// A checkout of the same commit elsewhere.
    fn elsewhere(&self) -> Self {
        let project = Project::new("ci").unwrap();
        project.copy_from(self.project.path()).unwrap();
        Self { project, text: self.text.clone(), tag: self.tag.clone() }
    }

    /// Runs lines as a shell of the CI does. What a build did is in its progress.
    fn run(&self, engine: &Engine, script: &str, variables: &[&Value]) -> Output {
        let mut command = Command::new("sh");
        command.args(["-euc", script]).current_dir(self.project.path());
        command.envs(engine.environment()).env("BUILDKIT_PROGRESS", "rawjson");
        command.env("REGISTRY_USER", "ci").env("REGISTRY_TOKEN", "secret");
        for (name, value) in variables.iter().filter_map(|value| value.as_object()).flatten() {
            command.env(name, value.as_str().unwrap());
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{script}\n{stdout}{stderr}");
        Output { command: script.to_owned(), status: output.status, stdout, stderr }
    }

    fn is_pushed(&self, engine: &Engine) {
        for service in ["api", "web"] {
            let image = pushed(engine, &format!("{}/shop/{service}:1", self.tag));
            assert_eq!(image.layers.len(), 3, "{service}");
        }
    }
}

fn runners() -> [&'static Engine; 2] {
    [containerd(), Engine::second().unwrap().with_frontend().unwrap()]
}

#[test]
fn the_recipe_rebuilds_nothing_on_a_fresh_runner() {
    let [one, other] = runners();
    let page = Page::new(one);
    let blocks = page.blocks("sh");
    assert_eq!(blocks.len(), 3, "{blocks:?}");
    let first = page.run(one, blocks[0], &[]).progress();
    assert!(first.done().iter().any(|name| name.contains("run echo")), "{first:?}");
    page.is_pushed(one);
    let elsewhere = page.elsewhere();
    let again = elsewhere.run(other, blocks[0], &[]).progress();
    assert_eq!(again.done(), Vec::<&str>::new(), "{again:?}");
    // The other caches: a directory, and the images.
    for block in &blocks[1..] {
        page.run(one, block, &[]);
    }
    assert!(page.project.path().join(".cache/api/index.json").exists());
}

#[test]
fn the_job_for_github_actions_runs() {
    let [one, other] = runners();
    let page = Page::new(one);
    let workflow = yaml::to_json(page.blocks("yaml")[0]);
    let steps = workflow["jobs"]["images"]["steps"].as_array().unwrap();
    let job = |page: &Page, engine: &Engine, event: &str| {
        let runs = steps.iter().filter(|step| {
            step["run"].is_string() && step["if"].as_str().is_none_or(|condition| condition.contains(event))
        });
        let outputs = runs
            .map(|step| page.run(engine, step["run"].as_str().unwrap(), &[&workflow["env"], &step["env"]]));
        outputs.collect::<Vec<_>>().last().unwrap().progress()
    };
    let first = job(&page, one, "'push'");
    assert!(first.done().iter().any(|name| name.contains("run echo")), "{first:?}");
    page.is_pushed(one);
    // A pull request with nothing new, on a fresh runner.
    let again = job(&page.elsewhere(), other, "'pull_request'");
    assert_eq!(again.done(), Vec::<&str>::new(), "{again:?}");
}

#[test]
fn the_job_for_gitlab_ci_runs() {
    let [one, other] = runners();
    let page = Page::new(one);
    let file = yaml::to_json(page.blocks("yaml")[1]);
    let job = |page: &Page, engine: &Engine| {
        let lines =
            ["before_script", "script"].map(|key| file["images"][key].as_array().unwrap().clone()).concat();
        let outputs = lines
            .iter()
            .map(|line| page.run(engine, line.as_str().unwrap(), &[&file["images"]["variables"]]));
        outputs.collect::<Vec<_>>().last().unwrap().progress()
    };
    let first = job(&page, one);
    assert!(first.done().iter().any(|name| name.contains("run echo")), "{first:?}");
    page.is_pushed(one);
    let again = job(&page.elsewhere(), other);
    assert_eq!(again.done(), Vec::<&str>::new(), "{again:?}");
}
