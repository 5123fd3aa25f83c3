//! Tests the `setup` lines of the pages in `docs`.

use std::process::Command as Program;

use super::*;

/// The file below `docs`.
fn page(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words of each `setup` line of a page, as a shell reads them, with values for what stands for
/// one.
fn lines_of(page: &str) -> Vec<Vec<String>> {
    let joined = page.replace("\\\n", " ").replace("GUID", SUBSCRIPTION).replace("UUID", SUBSCRIPTION);
    let joined = joined.replace(" URL ", " https://oidc.contoso.example/1/ ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("$ azure-oidc setup "));
    let words = |line: &str| {
        let line = line.split(" > ").next().unwrap_or_default();
        let output = Program::new("sh").arg("-c").arg(format!("printf '%s\\0' setup {line}")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    };
    lines.map(words).collect()
}

#[test]
fn the_page_of_each_platform_has_a_line_that_works() {
    let index = page("platforms.md");
    for platform in platform::ALL {
        let name = format!("platforms/{}.md", platform.name());
        assert!(index.contains(&format!("({name})")), "{name} is not in docs/platforms.md");
        let text = page(&name);
        for heading in ["## Set-up", "## What the subject means", "## When it fails", "## Limits"] {
            assert!(text.contains(&format!("\n{heading}\n")), "{name}: {heading}");
        }
        let lines = lines_of(&text);
        assert_eq!(lines.len(), 1, "{name}");
        let outcome = Job::default().run_words(&lines[0].iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(outcome.exit_code, 0, "{name}: {}", outcome.stderr);
    }
    let lines = lines_of(&page("setup.md"));
    assert!(!lines.is_empty());
    for line in lines {
        let outcome = Job::default().run_words(&line.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(outcome.exit_code, 0, "{line:?}: {}", outcome.stderr);
    }
}
