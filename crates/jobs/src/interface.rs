//! Rewrites messages for the interface of the request: options of the command line, members of a
//! JSON body, or fields of a WIT record.

use azure_oidc_core::{Fault, platform};

/// The interface that a request came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interface {
    /// The command line, whose words the jobs use.
    CommandLine,
    /// The HTTP service.
    #[default]
    Http,
    /// The typed exports.
    Typed,
}

/// Phrases that name an option without a counterpart, or more than one option.
const PHRASES: [(&str, &str); 14] = [
    ("`--discover` or `--jwks FILE`", "`jwks`"),
    (", or name it with `--id-token-file PATH`", ""),
    ("an option such as `--org contoso`, or a member of `parts`", "a member of `parts`"),
    (
        "`--platform github --repo octo-org/octo-repo --branch main`",
        "`{\"platform\": \"github\", \"parts\": {\"repo\": \"octo-org/octo-repo\", \"branch\": \"main\"}}`",
    ),
    ("`--from-token`", "`token`"),
    ("`azure-oidc credential --flexible`", "`flexible`"),
    ("`azure-oidc credential --from-token`", "`token`"),
    ("`azure-oidc verify --discover`", "`verify` and the issuer's keys"),
    ("`azure-oidc explain` with `--credential credentials.json`", "`explain` as `credentials`"),
    ("run `azure-oidc explain AADSTS", "ask `explain` about `AADSTS"),
    // The limits of these interfaces are fixed.
    (": `--replication-wait 2m --timeout 3m` asks again for that long", ", so ask again after a while"),
    ("run the job again after that time, or wait for it with a longer `--timeout`", "try again after that time"),
    ("try again later, or raise `--timeout` and `--retries`", "try again later"),
    ("raise `--timeout`, for example to `60s`; if it never answers", "try again; if it never answers"),
];

/// Options with a member of the same name. Options of other programs, and those of the host, are
/// the same for each interface.
const MEMBERS: [&str; 15] = [
    "audience",
    "authority-host",
    "client-id",
    "cloud",
    "flexible",
    "format",
    "identity-name",
    "issuer",
    "jwks",
    "name",
    "platform",
    "resource-group",
    "scope",
    "subject",
    "tenant-id",
];

/// Whether a body or a record has a member, or a part of a subject, with the name of this option.
fn is_member(option: &str) -> bool {
    MEMBERS.contains(&option) || platform::ALL.iter().any(|one| one.parts().iter().any(|part| part.name == option))
}

/// New values, which the command line takes with options of `audit`.
fn replacements(interface: Interface, text: &str) -> String {
    let parts = text.split_once("add `--write --replace ");
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once("` to the command")?)));
    let Some((before, (values, after))) = parts else { return text.to_owned() };
    if let Some(command) = values.strip_prefix("\"$(").and_then(|command| command.strip_suffix(")\"")) {
        let form = interface.pairs("OLD=NEW");
        return format!("{before}give `format`, and as `replace` {form}: `{command}` prints `OLD=NEW`{after}");
    }
    format!("{before}give `format`, and as `replace` {}{after}", interface.pairs(values))
}

impl Interface {
    /// Old and new values, from the options of the command line.
    fn pairs(self, options: &str) -> String {
        let pairs =
            options.split(" --replace ").map(|pair| pair.trim_matches('\'').split_once('=').unwrap_or_default());
        let pairs = pairs.map(|(old, new)| match self {
            Self::Typed => format!("`old: {old}, new: {new}`"),
            _ => format!("{old:?}: {new:?}"),
        });
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        if self == Self::Typed { pairs } else { format!("`{{{pairs}}}`") }
    }

    /// The text in the words of this interface: `--client-id GUID` is the member `client_id`, and
    /// `--cloud usgov` is `cloud: usgov`. Whole commands stay as they are.
    pub fn words(self, text: &str) -> String {
        if self == Self::CommandLine || !(text.contains("--") || text.contains("`azure-oidc ")) {
            return text.to_owned();
        }
        let text = PHRASES.iter().fold(replacements(self, text), |text, (option, member)| text.replace(option, member));
        let spans = text.split('`').enumerate();
        let words = spans.map(|(index, span)| if index % 2 == 1 { self.span(span) } else { span.to_owned() });
        words.collect::<Vec<_>>().join("`")
    }

    /// Code, which is changed if it consists of options that are members.
    fn span(self, span: &str) -> String {
        let options = span.strip_prefix("--").map(|options| options.split(" --"));
        let members = options.and_then(|options| options.map(|option| self.member(option)).collect::<Option<Vec<_>>>());
        members.map_or_else(|| span.to_owned(), |members| members.join("`, `"))
    }

    fn member(self, option: &str) -> Option<String> {
        let (name, value) = option.split_once([' ', '=']).unwrap_or((option, ""));
        if !is_member(name) {
            return None;
        }
        let name = if self == Self::Http && MEMBERS.contains(&name) { name.replace('-', "_") } else { name.to_owned() };
        // Words in capitals stand for any value.
        let is_value = value.contains(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        Some(if is_value { format!("{name}: {value}") } else { name })
    }

    /// The fault in the words of this interface.
    #[must_use]
    pub fn fault(self, mut fault: Fault) -> Fault {
        fault.message = self.words(&fault.message);
        fault.hints = fault.hints.iter().map(|hint| self.words(hint)).collect();
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::Interface;

    #[test]
    fn each_door_has_its_own_words() {
        for (text, http, typed) in [
            ("give `--client-id GUID`, or not", "give `client_id`, or not", "give `client-id`, or not"),
            (
                "use `--owner-id` or `--cloud=usgov`",
                "use `owner-id` or `cloud: usgov`",
                "use `owner-id` or `cloud: usgov`",
            ),
            ("give `--org ORG --project x`", "give `org`, `project: x`", "give `org`, `project: x`"),
            ("keys, with `--discover` or `--jwks FILE`", "keys, with `jwks`", "keys, with `jwks`"),
            ("pass the content, or name it with `--id-token-file PATH`", "pass the content", "pass the content"),
            (
                "run `azure-oidc exchange --scope x`",
                "run `azure-oidc exchange --scope x`",
                "run `azure-oidc exchange --scope x`",
            ),
            (
                "with `--service-account-issuer=X`",
                "with `--service-account-issuer=X`",
                "with `--service-account-issuer=X`",
            ),
            (
                "add `--write --replace a=b --replace c=d` to the command",
                "give `format`, and as `replace` `{\"a\": \"b\", \"c\": \"d\"}`",
                "give `format`, and as `replace` `old: a, new: b`, `old: c, new: d`",
            ),
            (
                "add `--write --replace \"$(gh api x --jq y)\"` to the command",
                "give `format`, and as `replace` `{\"OLD\": \"NEW\"}`: `gh api x --jq y` prints `OLD=NEW`",
                "give `format`, and as `replace` `old: OLD, new: NEW`: `gh api x --jq y` prints `OLD=NEW`",
            ),
            (
                "run `azure-oidc explain AADSTS1` for it",
                "ask `explain` about `AADSTS1` for it",
                "ask `explain` about `AADSTS1` for it",
            ),
            (
                "as `azure-oidc inspect` shows it in the job",
                "as `azure-oidc inspect` shows it in the job",
                "as `azure-oidc inspect` shows it in the job",
            ),
            (
                "it takes time: `--replication-wait 2m --timeout 3m` asks again for that long",
                "it takes time, so ask again after a while",
                "it takes time, so ask again after a while",
            ),
            ("try again later, or raise `--timeout` and `--retries`", "try again later", "try again later"),
            (
                "raise `--timeout`, for example to `60s`; if it never answers, stop",
                "try again; if it never answers, stop",
                "try again; if it never answers, stop",
            ),
            (
                "use `--format graph` or `--format arm`",
                "use `format: graph` or `format: arm`",
                "use `format: graph` or `format: arm`",
            ),
            ("an open `--cloud", "an open `cloud", "an open `cloud"),
        ] {
            assert_eq!(Interface::CommandLine.words(text), text);
            assert_eq!(Interface::Http.words(text), http);
            assert_eq!(Interface::Typed.words(text), typed);
        }
    }
}
