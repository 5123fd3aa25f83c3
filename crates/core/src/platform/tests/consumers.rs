//! Reads published results by the documented rules of each platform, and tests what its jobs then
//! read.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// What a reader made of it: names and values in order.
pub(super) type Variables = Vec<(String, String)>;

/// Harness: lines of `NAME=value`; trims, cuts comments, strips quotes, expands variables; then
/// decodes `__B64__`.
pub(super) fn harness(file: &str) -> Variables {
    let lines = file.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    lines.map(harness_line).collect()
}

fn harness_line(line: &str) -> (String, String) {
    assert!(line.len() < 64 * 1024, "a longer line is not read");
    let line = line.split_once('#').map_or(line, |(before, _)| before);
    let at = line.find(['=', ':']).expect("a line without a separator makes the engine print the whole file");
    let (name, value) = (line[..at].trim(), line[at + 1..].trim_matches(' '));
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let value = match (inner('\''), inner('"')) {
        (Some(literal), _) => literal.to_owned(),
        (None, Some(text)) => expanded(&text.replace("\\n", "\n").replace("\\r", "\r").replace('\\', "")),
        (None, None) => expanded(value),
    };
    let value = match value.strip_prefix("__B64__") {
        Some(encoded) => String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap(),
        None => value,
    };
    (name.to_owned(), value)
}

fn expanded(text: &str) -> String {
    if text.contains('$') { "expanded".to_owned() } else { text.to_owned() }
}

/// GitHub: `NAME=value`, or `NAME<<DELIMITER` with everything up to a line that is the delimiter;
/// the first sign decides.
pub(super) fn github_file(file: &str) -> Variables {
    let mut found = Variables::new();
    let mut lines = file.split('\n');
    assert!(file.ends_with('\n'));
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            _ if line.is_empty() => {}
            (Some(equals), heredoc) if heredoc.is_none_or(|heredoc| equals < heredoc) => {
                found.push((line[..equals].to_owned(), line[equals + 1..].to_owned()));
            }
            (_, Some(heredoc)) => {
                let (name, delimiter) = (&line[..heredoc], &line[heredoc + 2..]);
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(line) if line == delimiter => break,
                        Some(line) => value.push(line),
                        None => panic!("matching delimiter not found"),
                    }
                }
                found.push((name.to_owned(), value.join("\n")));
            }
            _ => panic!("invalid format `{line}`"),
        }
    }
    found
}

/// GitHub: commands on stdout, `::name properties::data`, at the start of a line.
pub(super) fn github_commands(stdout: &str) -> Variables {
    let commands = stdout.split(['\r', '\n']).filter_map(|line| line.trim_start().strip_prefix("::")?.split_once("::"));
    let decode = |data: &str| data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    commands.map(|(command, data)| (command.to_owned(), decode(data))).collect()
}

/// A logging command of Azure Pipelines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Logging {
    pub(super) command: String,
    pub(super) properties: Variables,
    pub(super) data: String,
}

/// Azure Pipelines: `##vso[area.action name=value;name=value]data`, anywhere in a line.
pub(super) fn azure_pipelines(stdout: &str) -> Vec<Logging> {
    stdout.split(['\r', '\n']).filter_map(logging).collect()
}

fn logging(line: &str) -> Option<Logging> {
    let (info, data) = line[line.find("##vso[")? + "##vso[".len()..].split_once(']')?;
    let (command, properties) = info.split_once(' ').unwrap_or((info, ""));
    let pairs = properties.split(';').filter_map(|pair| pair.split_once('='));
    Some(Logging {
        command: command.to_owned(),
        properties: pairs.map(|(name, value)| (name.to_owned(), undone(value))).collect(),
        data: undone(data),
    })
}

fn undone(text: &str) -> String {
    text.replace("%3B", ";").replace("%0D", "\r").replace("%0A", "\n").replace("%5D", "]").replace("%AZP25", "%")
}

/// A reader that knows nothing but `NAME=value` and line ends: GitLab's dotenv reports and Pulumi's
/// file.
pub(super) fn plain(file: &str) -> Variables {
    file.split(['\r', '\n'])
        .filter(|line| !line.is_empty())
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| {
            assert!(value.trim() == value && !value.contains(['#', '"', '\'', '$', '\\', '`', ' ']), "not plain");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// Bash itself: the values of these variables after it has read the lines, with nothing said about
/// them.
#[cfg(unix)]
pub(super) fn bash(lines: &str, names: &[&str]) -> Vec<String> {
    let wanted: Vec<_> = names.iter().map(|name| format!("\"${{{name}-unset}}\"")).collect();
    let script = format!("set -eu\n{lines}printf '%s\\0' {}", wanted.join(" "));
    let output = std::process::Command::new("bash").arg("-c").arg(script).env_clear().output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').map(str::to_owned).collect()
}
