//! YAML as JSON, for what checks JSON: mappings, lists and the core schema's scalars, without anchors.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// A collection that is still open.
enum Open {
    Mapping(Map<String, Value>, Option<String>),
    List(Vec<Value>),
}

/// The value of the one document of a text.
pub(crate) fn to_json(text: &str) -> Value {
    let mut open: Vec<Open> = Vec::new();
    let mut root = Value::Null;
    for event in Parser::new_from_str(text) {
        let done = match event.unwrap().0 {
            Event::MappingStart(..) => {
                open.push(Open::Mapping(Map::new(), None));
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match open.pop().unwrap() {
                Open::Mapping(map, None) => Value::Object(map),
                Open::Mapping(_, Some(key)) => panic!("no value for {key}"),
                Open::List(list) => Value::Array(list),
            },
            Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::Alias(_) => panic!("an alias is not read here"),
            _ => continue,
        };
        match open.last_mut() {
            None => root = done,
            Some(Open::List(list)) => list.push(done),
            Some(Open::Mapping(map, key)) => match key.take() {
                Some(key) => drop(map.insert(key, done)),
                None => *key = Some(done.as_str().map_or_else(|| done.to_string(), str::to_owned)),
            },
        }
    }
    root
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => number.into(),
            _ => text.into(),
        },
    }
}

#[test]
fn yaml_is_json() {
    let yaml = "a: [1, 1.5, true, ~, \"1\", x y]\nb:\n  - c: {d: 'e'}\n  - |\n    f\n";
    let json = serde_json::json!({"a": [1, 1.5, true, null, "1", "x y"], "b": [{"c": {"d": "e"}}, "f\n"]});
    assert_eq!(to_json(yaml), json);
}
