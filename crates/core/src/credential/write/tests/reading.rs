//! Readers for what is written: a real shell, and just enough of the other languages.

use std::process::Command;

/// What a POSIX shell makes of these lines: the arguments of each `az`. The variables hold their
/// own names.
pub(super) fn arguments(script: &str) -> Vec<Vec<String>> {
    let az = "az() { for word in \"$@\"; do printf '%s\\0' \"$word\"; done; printf '\\1\\0'; }\n";
    let mut shell = Command::new("sh");
    for name in ["AZURE_CLIENT_ID", "IDENTITY_NAME", "RESOURCE_GROUP"] {
        shell.env(name, name);
    }
    let output = shell.arg("-c").arg(format!("{az}{script}")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let words = String::from_utf8(output.stdout).unwrap();
    let words: Vec<_> = words.split_terminator('\0').map(str::to_owned).collect();
    words.split(|word| word == "\u{1}").map(<[String]>::to_vec).filter(|words| !words.is_empty()).collect()
}

/// The value of an option, as the Azure CLI's newer commands read it.
pub(super) fn option(words: &[String], name: &str) -> String {
    let joined = format!("{name}=");
    let value = match words.iter().position(|word| word == name) {
        Some(at) => words[at + 1].clone(),
        None => words.iter().find_map(|word| word.strip_prefix(&joined)).unwrap().to_owned(),
    };
    for word in words {
        let (_, value) = word.split_once('=').unwrap_or(("", word));
        assert!(!value.starts_with('@'), "the CLI would read a file for {word}");
    }
    let item = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).filter(|_| name == "--audiences");
    let value = item.map_or(value.clone(), str::to_owned);
    let inner = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
    inner.map_or(value.clone(), |inner| inner.replace("'/", "'"))
}

/// The insides of all quoted texts; a backslash keeps a quote from ending one.
pub(super) fn literals(text: &str, quote: char) -> Vec<String> {
    let (mut found, mut open, mut rest) = (Vec::new(), None::<String>, text.chars());
    while let Some(c) = rest.next() {
        match &mut open {
            None if c == quote => open = Some(String::new()),
            None => {}
            Some(_) if c == quote => found.extend(open.take()),
            Some(inside) => {
                assert_ne!(c, '\n', "a quoted text ends on its line");
                inside.push(c);
                if c == '\\' {
                    inside.extend(rest.next());
                }
            }
        }
    }
    assert_eq!(open, None, "every quote is closed");
    found
}

/// What a quoted template of HCL stands for; none when it computes something.
pub(super) fn hcl(literal: &str) -> Option<String> {
    let (mut text, mut rest) = (String::new(), literal);
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let kind = rest.chars().next()?;
                rest = &rest[kind.len_utf8()..];
                match kind {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    'u' => {
                        text.push(char::from_u32(u32::from_str_radix(&rest[..4], 16).ok()?)?);
                        rest = &rest[4..];
                    }
                    other => text.push(other),
                }
            }
            '$' | '%' if rest.starts_with('{') => return None,
            '$' | '%' if rest.starts_with(&format!("{c}{{")) => {
                text += &rest[..2];
                rest = &rest[2..];
            }
            other => text.push(other),
        }
    }
    Some(text)
}

/// What a quoted text of Bicep stands for; none when it computes something.
pub(super) fn bicep_text(literal: &str) -> Option<String> {
    let (mut text, mut rest) = (String::new(), literal);
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let kind = rest.chars().next()?;
                rest = &rest[kind.len_utf8()..];
                match kind {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    'u' => {
                        let (code, after) = rest.strip_prefix('{')?.split_once('}')?;
                        text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                        rest = after;
                    }
                    '\'' | '\\' | '$' => text.push(kind),
                    _ => return None,
                }
            }
            '$' if rest.starts_with('{') => return None,
            other => text.push(other),
        }
    }
    Some(text)
}
