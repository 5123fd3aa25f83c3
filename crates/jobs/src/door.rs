//! Puts messages into the words of the interface that a request came by: options of the command line,
//! members of a JSON body, or fields of a WIT record.

use azure_oidc_core::{Fault, platform};

/// The interface that a request came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// The command line, whose words the jobs use.
    CommandLine,
    /// The HTTP service.
    #[default]
    Http,
    /// The typed exports.
    Typed,
}

/// Phrases that name an option without a counterpart, or more than one option.
const PHRASES: [(&str, &str); 8] = [
    ("`--discover` or `--jwks FILE`", "`jwks`"),
    (", or name it with `--id-token-file PATH`", ""),
    ("an option such as `--org contoso`, or a member of `parts`", "a member of `parts`"),
    (
        "`--platform github --repo octo-org/octo-repo --branch main`",
        "`{\"platform\": \"github\", \"parts\": {\"repo\": \"octo-org/octo-repo\", \"branch\": \"main\"}}`",
    ),
    ("`--from-token`", "`token`"),
    ("`azure-oidc credential --flexible`", "`flexible`"),
    ("add `--write --replace ", "give `format` and `replace`, which stand for the command line's `--write --replace "),
    ("` to the command", "`"),
];

/// Options with a member of the same name. Options of other programs, and those of the host, are
/// the same behind each door.
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

impl Door {
    /// The text in the words of this interface: `--client-id GUID` is the member `client_id`. Whole
    /// commands stay as they are.
    pub fn words(self, text: &str) -> String {
        const OPTION: &str = "`--";
        if self == Self::CommandLine || !text.contains("--") {
            return text.to_owned();
        }
        let text = PHRASES.iter().fold(text.to_owned(), |text, (option, member)| text.replace(option, member));
        let mut words = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(OPTION) {
            words.push_str(&rest[..at]);
            let option = &rest[at + OPTION.len()..];
            let end = option.find('`').unwrap_or(option.len());
            let name = option[..end].split([' ', '=']).next().unwrap_or_default();
            let name = match name {
                name if !is_member(name) => {
                    words.push_str(OPTION);
                    rest = option;
                    continue;
                }
                name if self == Self::Http && MEMBERS.contains(&name) => name.replace('-', "_"),
                name => name.to_owned(),
            };
            words += &format!("`{name}`");
            rest = option.get(end + 1..).unwrap_or_default();
        }
        words + rest
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
    use super::Door;

    #[test]
    fn each_door_has_its_own_words() {
        for (text, http, typed) in [
            ("give `--client-id GUID`, or not", "give `client_id`, or not", "give `client-id`, or not"),
            ("use `--owner-id` and `--cloud=usgov`", "use `owner-id` and `cloud`", "use `owner-id` and `cloud`"),
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
                "add `--write --replace a=b` to the command",
                "give `format` and `replace`, which stand for the command line's `--write --replace a=b`",
                "give `format` and `replace`, which stand for the command line's `--write --replace a=b`",
            ),
            ("an open `--cloud", "an open `cloud`", "an open `cloud`"),
        ] {
            assert_eq!(Door::CommandLine.words(text), text);
            assert_eq!(Door::Http.words(text), http);
            assert_eq!(Door::Typed.words(text), typed);
        }
    }
}
