//! Compares credentials with the values that a log or a token names.

use std::cmp::Reverse;

use crate::credential::audience::is_entra_issuer;
use crate::credential::{Credential, Matcher};
use crate::guid::is_guid;
use crate::mask::{around_masks, is_masked};
use crate::platform::{self, Platform};

/// The values that are known. A value can contain the log's mask, which stands for any text.
#[derive(Clone, Copy, Default)]
pub(super) struct Values<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) subject: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
}

impl Values<'_> {
    /// Whether the credential has every known value, letter for letter. One value must be known.
    pub(super) fn equal(&self, credential: &Credential) -> bool {
        let Matcher::Subject(subject) = &credential.matcher else { return false };
        let audience = credential.audience().unwrap_or_default();
        self.subject.is_some_and(|known| fits(known, subject))
            && self.issuer.is_none_or(|known| fits(known, &credential.issuer))
            && self.audience.is_none_or(|known| fits(known, audience))
    }

    /// Whether a token can have the values that are known together with those of the credential: not
    /// when one of the two is of another platform.
    pub(super) fn can_be_for(&self, credential: &Credential) -> bool {
        match (self.issuer, self.subject) {
            (Some(issuer), None) => fits(issuer, &credential.issuer) || can_have_issuer(credential, issuer),
            (None, Some(subject)) => can_have_subject(credential, subject),
            _ => true,
        }
    }

    /// The credentials, the one that is nearest to the known values first; and how many are equally
    /// near.
    pub(super) fn ranked(&self, credentials: &[Credential]) -> (Vec<Credential>, usize) {
        let mut ranked: Vec<_> = credentials.iter().map(|one| (self.nearness(one), one)).collect();
        ranked.sort_by_key(|(nearness, _)| Reverse(*nearness));
        let equal = ranked.iter().take_while(|(nearness, _)| *nearness == ranked[0].0).count();
        (ranked.into_iter().map(|(_, credential)| credential.clone()).collect(), equal)
    }

    fn nearness(&self, credential: &Credential) -> (bool, bool, usize, usize, bool, usize) {
        let platform = platform::by_issuer(&credential.issuer);
        let has_form = platform.zip(self.subject).is_some_and(|(platform, known)| platform.subject(known).is_some());
        let same_issuer = self.issuer.is_none_or(|known| fits(known, &credential.issuer));
        let subject = credential.matcher.subject().unwrap_or_default();
        let common = self.subject.map_or(0, |known| self::common(known, subject));
        let of_issuer = self.issuer.map_or(0, |known| self::common(known, &credential.issuer));
        let audience = credential.audience().unwrap_or_default();
        let same_audience = self.audience.is_none_or(|known| fits(known, audience));
        // A log that names the audience alone is about a credential with another one.
        let is_culprit = self.subject.or(self.issuer).is_none() ^ same_audience;
        let of_audience = self.audience.map_or(0, |known| self::common(known, audience));
        (same_issuer, has_form, common, of_issuer, is_culprit, of_audience)
    }
}

/// Whether this issuer can write the subject of the credential.
fn can_have_issuer(credential: &Credential, issuer: &str) -> bool {
    let held = platform::by_issuer(&credential.issuer).map(Platform::name);
    let subject = credential.matcher.subject().unwrap_or_default();
    match platform::by_issuer(issuer) {
        _ if is_masked(issuer) => true,
        _ if is_entra_issuer(issuer) && is_guid(subject) => true,
        // A self-hosted service, and only the credential of another one can be meant.
        None => held.is_none(),
        Some(known) if writers(subject).is_empty() => held == Some(known.name()),
        Some(_) => writes(issuer, subject),
    }
}

/// Whether the issuer of the credential can write this subject. The form of a custom subject can be
/// unknown.
fn can_have_subject(credential: &Credential, subject: &str) -> bool {
    let issuer = &credential.issuer;
    let of_form = writers(subject);
    if of_form.is_empty() || is_entra_issuer(issuer) && is_guid(subject) {
        return true;
    }
    if platform::by_issuer(issuer).is_some() {
        return writes(issuer, subject);
    }
    // The platform of a self-hosted issuer shows in its other subjects. One id alone shows none.
    let own = writers(credential.matcher.subject().unwrap_or_default());
    own.is_empty() || !subject.contains([':', '/']) || own.iter().any(|name| of_form.contains(name))
}

/// Whether a platform with this issuer has subjects of this form.
fn writes(issuer: &str, subject: &str) -> bool {
    platform::ALL.iter().any(|platform| platform.issues(issuer) && platform.subject(subject).is_some())
}

/// The platforms that have subjects of this form.
fn writers(subject: &str) -> Vec<&'static str> {
    platform::ALL
        .iter()
        .filter(|platform| platform.subject(subject).is_some())
        .map(|platform| platform.name())
        .collect()
}

/// How much two texts have in common, whatever the case of the letters: their parts first, then the
/// bytes at their ends.
fn common(one: &str, other: &str) -> usize {
    const PART: usize = 100;
    // Longer values, and values of more parts, cannot be stored or are no subjects of a platform.
    const LONGEST: usize = 2_400;
    const MOST_PARTS: usize = 32;
    let lower = |text: &str| text[..text.floor_char_boundary(LONGEST)].to_lowercase();
    let (one, other) = (lower(one), lower(other));
    let parts = |text: &str| text.split([':', '/', '@']).take(MOST_PARTS).map(str::to_owned).collect::<Vec<_>>();
    let others = parts(&other);
    let shared = parts(&one).iter().filter(|part| others.contains(part)).count();
    let start = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let end = one.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
    shared * PART + start + end
}

/// Whether the text is the known value. A mask in the value stands for any text that is not empty.
pub(super) fn fits(known: &str, text: &str) -> bool {
    let mut parts = around_masks(known).into_iter();
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() > last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Values, fits};
    use crate::credential::{Credential, Matcher};

    fn credential(name: &str, issuer: &str, subject: &str, audience: &str) -> Credential {
        Credential {
            name: name.to_owned(),
            issuer: issuer.to_owned(),
            matcher: Matcher::Subject(subject.to_owned()),
            audiences: vec![audience.to_owned()],
            description: None,
            application: None,
            identity: None,
        }
    }

    proptest! {
        #[test]
        fn the_credential_that_differs_in_one_value_is_the_nearest_whatever_the_order(
            changed in 0..3_usize,
            known in proptest::collection::vec(any::<bool>(), 3),
            place in 0..4_usize,
            end in "[a-z/:]{1,3}",
        ) {
            let own = ["https://ci.one.test/x", "org:one:project:web", "api://one"];
            let mut list: Vec<_> = (0..3)
                .map(|n| credential("other", &format!("https://{n}.invalid"), &format!("zz-{n}-qq"), &format!("%{n}")))
                .collect();
            list.insert(place, credential("own", own[0], own[1], own[2]));
            let mut values: Vec<_> = own.iter().map(|value| Some((*value).to_owned())).collect();
            values[changed] = Some(format!("{}{end}", own[changed]));
            for (index, is_known) in known.iter().enumerate() {
                if !is_known && index != changed {
                    values[index] = None;
                }
            }
            let values = Values { issuer: values[0].as_deref(), subject: values[1].as_deref(), audience: values[2].as_deref() };
            let (ranked, equal) = values.ranked(&list);
            prop_assert_eq!(&ranked[0].name, "own");
            prop_assert_eq!(equal, 1);
        }
    }

    #[test]
    fn a_log_that_names_the_audience_alone_is_about_a_credential_with_another_one() {
        let list = [credential("equal", "i", "s", "api://a"), credential("other", "i", "t", "api://b")];
        let (ranked, equal) = Values { audience: Some("api://a"), ..Values::default() }.ranked(&list);
        assert_eq!((ranked[0].name.as_str(), equal), ("other", 1));
    }

    #[test]
    fn a_mask_stands_for_any_text() {
        for (known, text, expected) in [
            ("a:b", "a:b", true),
            ("a:b", "a:B", false),
            ("repo:***/web:ref", "repo:octo-org/web:ref", true),
            ("repo:***/web:ref", "repo:octo-org/app:ref", false),
            ("repo:****/web:ref", "repo:octo-org/web:ref", true),
            ("project_path:[MASKED]/web:ref", "project_path:octo-org/web:ref", true),
            ("***", "anything", true),
            ("***", "", false),
            ("repo:***/***:ref", "repo:a/b:ref", true),
        ] {
            assert_eq!(fits(known, text), expected, "{known} {text}");
        }
    }
}
