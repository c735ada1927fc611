//! Annotations in a result's metadata. Source: moby/buildkit `exporter/containerimage/exptypes/annotations.go`
//! (the keys), docker/buildx `util/buildflags` (the prefixes that `--annotation` takes).

/// What annotations may be on.
const TYPES: [&str; 4] = ["manifest", "manifest-descriptor", "index", "index-descriptor"];

/// The keys under which a result has an annotation. `name` is `KEY`, or as `--annotation` takes it
/// `TYPE[PLATFORM],…:KEY`; a key with another word before its colon is a plain one.
pub fn keys(name: &str) -> Vec<String> {
    if let Some((types, key)) = name.split_once(':')
        && !key.is_empty()
        && types.split(',').all(|of| TYPES.contains(&of.split('[').next().unwrap_or(of)))
    {
        return types.split(',').map(|of| format!("annotation-{of}.{key}")).collect();
    }
    vec![format!("annotation.{name}")]
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn keys_say_what_is_annotated() {
        for (name, expected) in [
            ("org.example.a", &["annotation.org.example.a"][..]),
            ("index:a", &["annotation-index.a"]),
            ("index,manifest:a", &["annotation-index.a", "annotation-manifest.a"]),
            ("manifest[linux/amd64]:a", &["annotation-manifest[linux/amd64].a"]),
            ("other:a", &["annotation.other:a"]),
            ("index:", &["annotation.index:"]),
        ] {
            assert_eq!(keys(name), expected);
        }
    }
}
