//! `--call=bake`: a bake file that builds every service. `docker buildx bake -f` takes it as it is.

mod names;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Answer, outline, pretty};
use crate::manifest::model::{Manifest, Service, unnamed_image};
use crate::plan::Target;

/// What of the call's own build goes into the file.
#[derive(Clone, Debug, Default)]
pub struct BakeOptions {
    /// Path of the context, as bake is to be told.
    pub context: String,
    /// Path of the manifest, from the context.
    pub manifest: String,
    /// The frontend that a build is to be told of, because the manifest has no syntax line.
    pub syntax: Option<String>,
    /// Build arguments of the command line.
    pub args: BTreeMap<String, String>,
    /// Named contexts of the command line.
    pub contexts: BTreeMap<String, String>,
}

/// Variables of the bake file, unset by default: the beginnings of what every target imports and exports as its cache.
/// The target's name follows, because exports to one and the same place would overwrite each other.
const CACHES: [(&str, &str); 2] = [("cache-from", "LAYERSET_CACHE_FROM"), ("cache-to", "LAYERSET_CACHE_TO")];

/// The argument that names the frontend where no syntax line does.
pub const SYNTAX: &str = "BUILDKIT_SYNTAX";

/// One bake target a service, the group `default` of all, and more where these are too many for a small builder.
pub fn bake(manifest: &Manifest, options: &BakeOptions) -> Answer {
    let ids = names::targets(manifest.services.keys());
    let mut targets = Map::new();
    for ((name, service), id) in manifest.services.iter().zip(ids.values()) {
        let mut target = literal(target(manifest, name, service, options));
        for (key, variable) in CACHES {
            target[key] = json!([format!("${{{variable} == \"\" ? \"\" : \"${{{variable}}}{id}\"}}")]);
        }
        targets.insert(id.clone(), target);
    }
    let unset = |(_, variable): (&str, &str)| (variable.to_owned(), json!({"default": ""}));
    let variables: Map<String, Value> = CACHES.into_iter().map(unset).collect();
    let ids: Vec<String> = ids.into_values().collect();
    let groups = names::groups(&ids).into_iter().map(|(name, targets)| (name, json!({"targets": targets})));
    let groups: Map<String, Value> = groups.collect();
    let json = json!({"group": groups, "variable": variables, "target": targets});
    Answer { text: pretty(&json), json, status: 0 }
}

fn target(manifest: &Manifest, name: &str, service: &Service, options: &BakeOptions) -> Value {
    let mut target = json!({
        "context": options.context,
        "dockerfile": options.manifest,
        "target": name,
        "tags": tags(manifest, name, service),
    });
    let needs = outline::needs(manifest, &Target::Service(name.to_owned()));
    // Without a source buildx looks for a file of that name, and refuses the whole file if there is none;
    // a variable that is not set only fails the step that needs it.
    let required = needs.secrets.iter().filter(|(_, (required, _))| *required);
    let secrets: Vec<String> = required.map(|(id, _)| format!("id={id},env={id}")).collect();
    // The same holds for agents.
    let agents = needs.ssh.iter().filter(|(_, (required, _))| *required).map(|(id, _)| id);
    let lists = [
        ("platforms", service.platforms.iter().map(|platform| platform.value.clone()).collect()),
        ("annotations", service.annotations.iter().map(|(key, value)| format!("{key}={value}")).collect()),
        ("secret", secrets),
        ("ssh", agents.cloned().collect::<Vec<_>>()),
    ];
    for (key, list) in lists {
        if !list.is_empty() {
            target[key] = list.into();
        }
    }
    let mut args = options.args.clone();
    if let Some(syntax) = &options.syntax {
        args.entry(SYNTAX.to_owned()).or_insert_with(|| syntax.clone());
    }
    for (key, map) in [("args", &args), ("contexts", &options.contexts)] {
        if !map.is_empty() {
            target[key] = json!(map);
        }
    }
    target
}

/// The same with its strings written so that bake, which reads templates in them, takes them as they are.
fn literal(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace("${", "$${").replace("%{", "%%{").into(),
        Value::Array(list) => list.into_iter().map(literal).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, literal(value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// The service's own `image`, else what compose would call it.
fn tags(manifest: &Manifest, name: &str, service: &Service) -> Vec<String> {
    if service.image.is_empty() {
        return vec![unnamed_image(manifest.name.as_deref(), name)];
    }
    service.image.iter().map(|image| image.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Inputs;

    #[test]
    fn engines_take_the_tag_of_an_image_without_name() {
        let tag = |text: &str| {
            let loaded = crate::manifest::load("layerset.yaml", text.as_bytes(), &Inputs::default());
            let baked = bake(&loaded.manifest.unwrap(), &BakeOptions::default());
            baked.json["target"]["Api"]["tags"].clone()
        };
        assert_eq!(tag("name: Shop\nservices: {Api: {from: scratch}}"), json!(["shop-api"]));
        assert_eq!(tag("services: {Api: {from: scratch}}"), json!(["api"]));
    }

    #[test]
    fn every_target_names_the_frontend_that_no_line_names() {
        let text = "services: {a: {from: scratch}}";
        let loaded = crate::manifest::load("layerset.yaml", text.as_bytes(), &Inputs::default());
        let (manifest, name) = (loaded.manifest.unwrap(), "example/frontend:1".to_owned());
        let args = |args: BTreeMap<String, String>, syntax| {
            let options = BakeOptions { syntax, args, ..BakeOptions::default() };
            bake(&manifest, &options).json["target"]["a"]["args"].clone()
        };
        assert_eq!(args(BTreeMap::new(), None), Value::Null);
        let given = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
        assert_eq!(args(given, Some(name)), json!({"A": "1", "BUILDKIT_SYNTAX": "example/frontend:1"}));
    }

    #[test]
    fn the_loop_of_the_page_is_over_every_target() {
        let text =
            "services: {api: {from: scratch}, default-worker: {from: scratch}, by-default: {from: scratch}}";
        let loaded = crate::manifest::load("layerset.yaml", text.as_bytes(), &Inputs::default());
        let mut printed = bake(&loaded.manifest.unwrap(), &BakeOptions::default()).json;
        // As `docker buildx bake --print` has it, which resolves variables.
        printed.as_object_mut().unwrap().remove("variable");
        let page = include_str!("../../../docs/how-to/bake.md");
        let list = page.split_once("for target in $(docker buildx bake -f bake.json --print |").unwrap().1;
        let list = list.split_once("); do").unwrap().0;
        let command = format!("printf '%s' \"$0\" | {list}");
        let listed =
            std::process::Command::new("sh").args(["-c", &command, &pretty(&printed)]).output().unwrap();
        assert_eq!(String::from_utf8(listed.stdout).unwrap(), "api\nby-default\ndefault-worker\n");
    }

    #[test]
    fn templates_of_bake_are_none_in_what_is_passed_on() {
        let value = json!({"args": {"A": "${B} %{if} $C", "D": 1}, "tags": ["a${b}"]});
        assert_eq!(literal(value), json!({"args": {"A": "$${B} %%{if} $C", "D": 1}, "tags": ["a$${b}"]}));
    }
}
