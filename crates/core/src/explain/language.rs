//! Recognises messages of Entra in other languages than English. Their values are in quotes too.

/// Frequent words of German, French, Spanish, Portuguese, Italian and Dutch, which English does not
/// have.
const WORDS: [&str; 34] = [
    "der", "das", "und", "nicht", "wurde", "für", "ist", "keine", "kein", "eine", "le", "la", "les", "des", "une",
    "est", "pas", "pour", "dans", "el", "los", "las", "del", "una", "para", "con", "não", "uma", "foi", "il", "è",
    "het", "een", "niet",
];

/// Two words can be part of a name.
const FEWEST_WORDS: usize = 2;
/// A few letters of another script can be a name.
const FEWEST_LETTERS: usize = 6;

/// The hint beside the meaning of a message that was not read.
pub(super) const NOT_READ: &str = "compare this meaning with Entra's own text, which was not read, because it is not in English: the meaning \
                                   is the usual one of the number";

/// Whether a message is in another language than English.
pub(super) fn is_foreign(message: &str) -> bool {
    let words = without_quotes(message);
    let letters = words.chars().filter(|c| *c >= '\u{370}' && c.is_alphabetic()).count();
    if letters >= FEWEST_LETTERS {
        return true;
    }
    let lower = words.to_lowercase();
    let all = || lower.split(|c: char| !c.is_alphabetic());
    let foreign = all().filter(|word| WORDS.contains(word)).count();
    foreign >= FEWEST_WORDS && !all().any(|word| word == "the")
}

/// The values in quotes, in their order. An apostrophe inside a word is no quote.
pub(super) fn in_quotes(message: &str) -> Vec<&str> {
    spans(message).map(|(from, to)| &message[from + 1..to]).collect()
}

fn without_quotes(message: &str) -> String {
    let mut words = String::new();
    let mut done = 0;
    for (from, to) in spans(message) {
        words.push_str(&message[done..from]);
        done = to + 1;
    }
    words + &message[done..]
}

/// The positions of opening and closing quotes. Each character is looked at once.
fn spans(message: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = message.as_bytes();
    let is_word = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let mut open: Option<usize> = None;
    (0..bytes.len()).filter_map(move |at| {
        if !matches!(bytes[at], b'\'' | b'"') {
            return None;
        }
        match open {
            Some(from) if bytes[from] == bytes[at] && !is_word(Some(at + 1)) => {
                open = None;
                Some((from, at))
            }
            None if !is_word(at.checked_sub(1)) => {
                open = Some(at);
                None
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart_from_english() {
        for foreign in [
            "Für den Antragsteller 'repo:o/w' wurde kein passender Datensatz gefunden.",
            "Aucun enregistrement d'identité fédérée n'a été trouvé pour l'émetteur 'https://the.example' dans la demande.",
            "No se encontró ningún registro de identidad federada para el asunto 'x' del token.",
            "提示されたアサーションのサブジェクト 'repo:o/w' に一致するフェデレーション ID レコードが見つかりませんでした。",
            "Соответствующая запись не найдена",
            "Nenhum registro foi encontrado para o assunto 'x' e não é válido",
        ] {
            assert!(is_foreign(foreign), "{foreign}");
        }
        for english in [
            "No matching federated identity record found for presented assertion subject 'repo:der/die/das:ref'.",
            "Client assertion contains an invalid signature.",
            "The tenant 'la les des' is not known.",
            "Non-interactive sign-in, 2 per client. Die",
            "",
        ] {
            assert!(!is_foreign(english), "{english}");
        }
    }

    #[test]
    fn values_are_found_by_their_quotes() {
        for (message, values) in [
            ("l'émetteur 'https://i.example' n'a \"x\".", vec!["https://i.example", "x"]),
            ("サブジェクト'repo:o/w'に", vec!["repo:o/w"]),
            ("'it's one'", vec!["it's one"]),
            ("'open", vec![]),
        ] {
            assert_eq!(in_quotes(message), values, "{message}");
        }
    }
}
