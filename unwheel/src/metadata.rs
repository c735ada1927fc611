//! WHEEL and METADATA: headers as in mail.

/// The value of the first header of that name, without the spaces around it.
/// Headers end at the first empty line; a line that starts with a space continues the one before.
pub(crate) fn header(text: &str, name: &str) -> Option<String> {
    let mut found: Option<String> = None;
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = &mut found {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        if found.is_some() {
            break;
        }
        if let Some((key, value)) = line.split_once(':')
            && key.trim_end().eq_ignore_ascii_case(name)
        {
            found = Some(value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn unwheel_reads_headers() {
        let text = "Metadata-Version: 2.1\r\nname:  A-b \r\nSummary: one\r\n  two\r\nVersion: 1\r\n\r\nLicense: x\r\n";
        assert_eq!(header(text, "Name").as_deref(), Some("A-b"));
        assert_eq!(header(text, "Summary").as_deref(), Some("one two"));
        assert_eq!(header(text, "Version").as_deref(), Some("1"));
        assert_eq!(header(text, "License"), None);
    }
}
