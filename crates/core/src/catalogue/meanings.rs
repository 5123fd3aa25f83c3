//! Codes that Entra uses for several errors. The words of the text decide which one it is.

use super::{Entry, Retry, entry};

/// The meaning of a code in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The error, in a few words.
    pub name: &'static str,
    /// The cause, without a full stop.
    pub cause: &'static str,
    /// What to do: a hint that begins with a verb, without a full stop.
    pub remedy: &'static str,
    /// Whether the same request may succeed later.
    pub retry: Retry,
}

impl Entry {
    /// The usual meaning of the code.
    pub const fn meaning(&self) -> Meaning {
        Meaning { name: self.name, cause: self.cause, remedy: self.remedy, retry: self.retry }
    }
}

/// What is known about a code and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// The meaning fits the text, or there is no text.
    Known(Meaning),
    /// The code is known, but the text is about something else.
    OtherText(&'static Entry),
    /// The code is not in the catalogue.
    Unknown,
}

/// Chooses the meaning of a code by Entra's message and the text around it.
pub fn sense(code: u32, message: Option<&str>, around: &str) -> Sense {
    let Some(known) = entry(code) else { return Sense::Unknown };
    let lower = message.unwrap_or_default().to_lowercase();
    let around = around.to_lowercase();
    let mut others = OTHERS.iter().filter(|other| other.code == code).peekable();
    let has_others = others.peek().is_some_and(|other| other.exclusive);
    let place = |other: &Other| if other.anywhere { &around } else { &lower };
    if let Some(other) = others.find(|other| other.words.iter().any(|word| place(other).contains(word))) {
        return Sense::Known(other.meaning);
    }
    if is_about_something_else(known, &lower, has_others) {
        Sense::OtherText(known)
    } else {
        Sense::Known(known.meaning())
    }
}

/// Whether an English sentence shares no word with what is known of the code. Where a code has
/// several meanings, one word in common is not enough.
fn is_about_something_else(known: &Entry, message: &str, has_others: bool) -> bool {
    const SMALL: [&str; 9] = ["the", "is", "not", "of", "to", "for", "was", "be", "may"];
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 4)
            .map(|word| word[..word.floor_char_boundary(5)].to_owned())
            .collect()
    };
    let is_sentence = message.split_whitespace().count() > 4 && message.is_ascii();
    let is_english = message.split_whitespace().any(|word| SMALL.contains(&word));
    if !is_sentence || !is_english {
        return false;
    }
    let own = words(message.split("http").next().unwrap_or_default());
    let expected = words(&[known.template, known.name, if has_others { "" } else { known.cause }].join(" "));
    let shared = own.iter().filter(|word| expected.contains(word)).count();
    !own.is_empty() && (shared == 0 || (has_others && shared * 2 < own.len()))
}

/// A further meaning of a code.
struct Other {
    code: u32,
    /// One of these is in the text, in lower case.
    words: &'static [&'static str],
    /// Whether the words can be around Entra's message.
    anywhere: bool,
    /// Whether the meanings have nothing in common, so that a text must clearly fit one.
    exclusive: bool,
    meaning: Meaning,
}

const fn other(
    code: u32,
    words: &'static [&'static str],
    name: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Other {
    Other {
        code,
        words,
        anywhere: false,
        exclusive: true,
        meaning: Meaning { name, cause, remedy, retry: Retry::Never },
    }
}

const PERSON_REMEDY: &str = "ask the administrator of the tenant which Conditional Access policy blocked this person; in a job, use \
                             the CI platform's ID token instead of a person's sign-in";

const OTHERS: &[Other] = &[
    other(
        50012,
        &["signature", "certificate", "thumbprint", "subject name", "key was not found"],
        "a certificate's assertion is refused",
        "The application signed an assertion with a certificate that Entra does not accept for it. This is not an exchange of a CI \
         platform's ID token",
        "use the CI platform's ID token, or register the certificate on the application",
    ),
    other(
        50166,
        &["throttl"],
        "a claims provider is throttled",
        "Entra sent too many requests to an external provider and pauses",
        "try again later, with growing pauses",
    ),
    Other {
        anywhere: true,
        exclusive: false,
        ..other(
            53003,
            &[
                "v2error",
                "response_status",
                "interactionrequired",
                "interaction required",
                "signed in user",
                "device state",
                "wam_",
                "broker error",
            ],
            "a Conditional Access policy blocks a person's sign-in",
            "The text comes from a person's interactive sign-in, such as `az login` through the Windows broker. A Conditional Access \
             policy of the tenant blocks it, for example because of the device or the place. No ID token of a CI job took part",
            PERSON_REMEDY,
        )
    },
    Other {
        exclusive: false,
        ..other(
            530_032,
            &["risk"],
            "a user is blocked because of risk",
            "The error is about a person's sign-in that Entra considers risky, so the job did not use its ID token",
            "check which credential the tool used: a cached sign-in or a user name can come before the ID token",
        )
    },
    other(
        700_022,
        &["subject claim", "no subject"],
        "the assertion has no subject",
        "The assertion contains no `sub` claim, or an empty one",
        "use the CI platform's ID token, which has a subject; show its claims with `azure-oidc inspect`",
    ),
    other(
        700_023,
        &["audience claim", "realm issuer", "assertion audience"],
        "the assertion's audience is another tenant or cloud",
        "The audience (`aud`) of a self-signed assertion, such as one signed with a certificate, is not the token endpoint or \
         authority of the tenant that was asked. It is that of another tenant or another cloud",
        "correct the tenant id and the authority in the client's configuration, so that `aud` is this tenant's token endpoint",
    ),
    other(
        700_223,
        &["first-party", "first party", "aad-issued"],
        "the client id belongs to an application of Microsoft",
        "The client id is that of a first-party application of Microsoft, which accepts no token of an outside issuer",
        "use the client id of an application of your own or of a user-assigned managed identity, and create the credential there",
    ),
    Other {
        exclusive: false,
        ..other(
            7_000_274,
            &["expired", "not within", "not valid yet", "validity"],
            "the certificate is not valid now",
            "The certificate that signed the assertion has expired or is not valid yet. This is not an exchange of a CI platform's ID \
             token",
            "use the CI platform's ID token, or renew the certificate",
        )
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_choose_the_meaning() {
        let name = |code, text| match sense(code, Some(text), text) {
            Sense::Known(meaning) => meaning.name,
            Sense::OtherText(_) => "other text",
            Sense::Unknown => "unknown",
        };
        for (code, text, expected) in [
            (700_022, "No Subject claim provided in the assertion.", "the assertion has no subject"),
            (
                700_022,
                "The scope is not valid because it contains more than one resource.",
                "several resources in one request",
            ),
            (700_022, "The moon is not visible from the window today.", "other text"),
            (
                700_023,
                "Client assertion audience claim does not match Realm issuer.",
                "the assertion's audience is another tenant or cloud",
            ),
            (700_023, "The scope is not valid when requesting an access token.", "the scope names no resource"),
            (
                700_223,
                "Workload identity federation is disabled in this tenant.",
                "federation is disabled in the tenant",
            ),
            (50012, "Client assertion contains an invalid signature.", "a certificate's assertion is refused"),
            (50012, "Authentication failed.", "the assertion of another grant is refused"),
            (700_213, "Kein passender Eintrag wurde in der Anwendung gefunden.", "no credential has this subject"),
            (700_213, "The mailbox of a person is full and cannot be opened.", "other text"),
            (530_032, "User blocked due to risk on home tenant.", "a user is blocked because of risk"),
            (999_999, "", "unknown"),
        ] {
            assert_eq!(name(code, text), expected, "{code}: {text}");
        }
    }

    #[test]
    fn every_template_fits_its_own_entry() {
        for known in super::super::entries() {
            let sense = sense(known.code, Some(known.template), known.template);
            assert!(matches!(sense, Sense::Known(meaning) if meaning == known.meaning()), "{}", known.code);
        }
    }

    #[test]
    fn further_meanings_are_whole_sentences_about_known_codes() {
        for other in OTHERS {
            assert!(entry(other.code).is_some(), "{}", other.code);
            assert!(other.words.iter().all(|word| *word == word.to_lowercase()), "{}", other.code);
            let Meaning { name, cause, remedy, .. } = other.meaning;
            assert!(!name.ends_with('.') && !cause.ends_with('.') && !remedy.ends_with('.'), "{}", other.code);
            assert!(cause.starts_with(char::is_uppercase) && remedy.starts_with(char::is_lowercase), "{}", other.code);
        }
    }
}
