//! Refusals of Azure Resource Manager after a sign-in that worked: a role is missing, here or on a
//! linked resource, or a deny assignment forbids the action.

mod command;

use super::{Signal, named};
use crate::catalogue::{Meaning, Retry};
use crate::explain::facts::guid;
use crate::mask::is_masked;
use crate::shell::Shell;
use crate::shorten::LONGEST_VALUE;

const MISSING: &str = "AuthorizationFailed";
const LINKED: &str = "LinkedAuthorizationFailed";
const DENIED: &str = "DenyAssignmentAuthorizationFailed";

const MISSING_SENTENCE: &str = "does not have authorization to perform action";
const LINKED_SENTENCE: &str = "however, it does not have permission to perform action";
const DENIED_SENTENCES: [&str; 2] = ["because of the deny assignment", "blocked by deny assignments"];

/// What a deny assignment means, whatever service refuses.
pub(super) const FORBIDDEN: Meaning = Meaning {
    name: "a deny assignment forbids the action",
    cause: "The sign-in worked. A deny assignment forbids the action. It overrides every role, so no role helps. Managed \
            applications, blueprints and deployment stacks make deny assignments, to protect their resources",
    remedy: "find out what made the deny assignment in the message, and change the resource through that; or have its owner exclude the \
             identity from the deny assignment",
    retry: Retry::Never,
};

/// The most refusals that are read, of the thousands that a text can have.
const MAX_READ: usize = 200;

/// What begins the message of a refusal.
const SUBJECT: &str = "The client ";

/// The refusals, one explanation for each code, with the commands that give the missing roles.
pub(super) fn refused(text: &str, shell: Shell) -> Vec<Signal> {
    let mut kinds: Vec<(Vec<Refusal>, usize)> = Vec::new();
    for (at, near) in regions(text) {
        let refusal = Refusal::read(near);
        let Some((kind, last)) = kinds.iter_mut().find(|(kind, _)| kind[0].code == refusal.code) else {
            kinds.push((vec![refusal], at));
            continue;
        };
        *last = at;
        if kind[0].action.is_none() {
            kind[0] = refusal;
        } else if refusal.action.is_some() && !kind.contains(&refusal) {
            kind.push(refusal);
        }
    }
    kinds.into_iter().map(|(kind, at)| signal(&kind, at, shell)).collect()
}

/// The explanation of refusals with the same code.
fn signal(refusals: &[Refusal], at: usize, shell: Shell) -> Signal {
    const NAMED: usize = 5;
    let first = &refusals[0];
    let mut hints: Vec<String> = several(refusals, NAMED).into_iter().collect();
    for hint in refusals.iter().take(NAMED).flat_map(|refusal| refusal.hints(shell)) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    let facts = [
        ("object_id", &first.object),
        ("action", &first.action),
        ("scope", &first.scope),
        ("deny_assignment", &first.deny_assignment),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
    named(first.code.to_owned(), first.meaning, hints, facts, at)
}

/// A list of the refusals, of which Terraform prints one for each resource.
fn several(refusals: &[Refusal], most: usize) -> Option<String> {
    let shown = |refusal: &Refusal| {
        let action = refusal.action.as_ref()?;
        Some(refusal.scope.as_ref().map_or_else(|| format!("`{action}`"), |scope| format!("`{action}` over `{scope}`")))
    };
    let mut list = refusals.iter().take(most).filter_map(shown).collect::<Vec<_>>().join(", ");
    if refusals.len() > most {
        list += &format!(" and {} more", refusals.len() - most);
    }
    let at_least = if refusals.len() < MAX_READ { "" } else { "at least " };
    (refusals.len() > 1).then(|| {
        let count = refusals.len();
        format!(
            "check every refusal, because another one can need another role: the text has {at_least}{count} different ones ({list})"
        )
    })
}

/// One refusal.
#[derive(PartialEq)]
struct Refusal {
    code: &'static str,
    meaning: Meaning,
    is_person: bool,
    object: Option<String>,
    action: Option<String>,
    scope: Option<String>,
    deny_assignment: Option<String>,
}

impl Refusal {
    /// Reads the part of a text about one refusal.
    fn read(near: &str) -> Self {
        let object = value(near, "object id ").and_then(|id| guid(&id));
        let is_person = value(near, SUBJECT).is_some_and(|client| client.contains('@'));
        let from = |sentence: &str| near.find(sentence).map(|at| &near[at..]);
        // After the message there can be the code of the next refusal.
        let head = near.split_once(SUBJECT).map_or(near, |(head, _)| head);
        let base = Self {
            code: MISSING,
            meaning: FORBIDDEN,
            is_person,
            object,
            action: None,
            scope: None,
            deny_assignment: None,
        };
        if DENIED_SENTENCES.iter().any(|sentence| near.contains(sentence)) || has_code(head, DENIED) {
            return Self {
                code: DENIED,
                action: value(near, "perform action "),
                scope: value(near, "on scope "),
                deny_assignment: value(near, "deny assignment with name "),
                ..base
            };
        }
        let (code, meaning, action, scope) = match from(LINKED_SENTENCE) {
            Some(rest) => {
                let action = value(rest, "perform action(s) ").or_else(|| value(rest, "perform action "));
                (LINKED, linked_role(is_person), action, value(rest, "linked scope(s) "))
            }
            None if has_code(head, LINKED) => (LINKED, LINKED_RESOURCE, None, None),
            None => {
                let rest = from(MISSING_SENTENCE).unwrap_or(near);
                (MISSING, missing_role(is_person), value(rest, "perform action "), value(rest, "over scope "))
            }
        };
        Self { code, meaning, action, scope: scope.filter(|scope| is_scope(scope)), ..base }
    }

    /// The command that gives the missing role, or words about it.
    fn hints(&self, shell: Shell) -> Vec<String> {
        let command = match self {
            Self { code: DENIED, .. } => None,
            Self { object: Some(object), action: Some(action), scope: Some(scope), .. } => {
                command::with_command(object, self.is_person, action, scope, shell)
            }
            _ => None,
        };
        command.unwrap_or_else(|| vec![self.meaning.remedy.to_owned()])
    }
}

/// The parts of the text about one refusal each, from the start of its line to the next refusal, and
/// where each names its refusal last.
fn regions(text: &str) -> Vec<(usize, &str)> {
    const LONGEST: usize = 2_000;
    let sentences = [MISSING_SENTENCE, LINKED_SENTENCE].into_iter().chain(DENIED_SENTENCES);
    let sentences = sentences.flat_map(|sentence| text.match_indices(sentence).map(|(at, _)| at));
    let codes = [MISSING, LINKED, DENIED].into_iter().flat_map(|code| positions(text, code));
    let mut found: Vec<usize> = sentences.chain(codes).collect();
    found.sort_unstable();
    let mut regions: Vec<(usize, &str)> = Vec::new();
    let mut end = 0;
    for at in found {
        if let Some((last, _)) = regions.last_mut().filter(|_| at < end) {
            *last = at;
            continue;
        }
        if regions.len() == MAX_READ {
            break;
        }
        let start = text[end..at].rfind('\n').map_or(end, |line| end + line + 1);
        let near = &text[start..text.floor_char_boundary(at.saturating_add(LONGEST))];
        let mut subjects = near.match_indices(SUBJECT).map(|(at, _)| at);
        let next = subjects.find(|next| start + next > at && near[..*next].contains(SUBJECT));
        let line = next.and_then(|next| near[..next].rfind('\n')).filter(|line| start + line > at);
        let near = &near[..line.or(next).unwrap_or(near.len())];
        end = start + near.len();
        regions.push((at, near));
    }
    regions
}

fn has_code(text: &str, code: &str) -> bool {
    positions(text, code).next().is_some()
}

/// The positions of a code that is no part of another one: `LinkedAuthorizationFailed`.
fn positions<'a>(text: &'a str, code: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_whole = move |at: &usize| {
        !text[..*at].ends_with(|c: char| c.is_alphanumeric())
            && !text[at + code.len()..].starts_with(|c: char| c.is_alphanumeric())
    };
    text.match_indices(code).map(|(at, _)| at).filter(is_whole)
}

const fn missing_role(is_person: bool) -> Meaning {
    let meaning = Meaning {
        name: "a role is missing",
        cause: "The sign-in worked: Entra accepted the ID token. The identity has no role that allows this action. A role that was \
                assigned moments ago takes some minutes to take effect",
        remedy: "give the identity a role that allows the action with `az role assignment create`, on the scope in the message",
        retry: Retry::AfterChange,
    };
    if !is_person {
        return meaning;
    }
    Meaning {
        cause: "The sign-in worked, with the account of a person and not with the identity of a pipeline. The person has no role that \
                allows this action. A role that was assigned moments ago takes some minutes to take effect",
        remedy: "give the person a role that allows the action with `az role assignment create`, on the scope in the message",
        ..meaning
    }
}

const fn linked_role(is_person: bool) -> Meaning {
    let meaning = Meaning {
        name: "a role on a linked resource is missing",
        cause: "The sign-in worked, and the identity may do the first action in the message. That action also uses a linked resource. \
                There the identity has no role that allows the second action, or the linked resource does not exist",
        remedy: "give the identity a role that allows the second action in the message with `az role assignment create`, on the linked \
                 scope",
        retry: Retry::AfterChange,
    };
    if !is_person {
        return meaning;
    }
    Meaning {
        cause: "The sign-in worked, with the account of a person and not with the identity of a pipeline. The person may do the first \
                action in the message. That action also uses a linked resource. There the person has no role that allows the second \
                action, or the linked resource does not exist",
        remedy: "give the person a role that allows the second action in the message with `az role assignment create`, on the linked \
                 scope",
        ..meaning
    }
}

/// `LinkedAuthorizationFailed` with another sentence.
const LINKED_RESOURCE: Meaning = Meaning {
    name: "a linked resource may not be used",
    cause: "The sign-in worked. The action also uses a linked resource, and Azure does not let the identity use it",
    remedy: "check the linked resource in the message: that its id is right, that its subscription belongs to this tenant, and that the \
             identity has a role on it",
    retry: Retry::AfterChange,
};

/// The value in quotes after a label. A value with a mask of the log is none, and a longer one than
/// an answer repeats.
pub(super) fn value(text: &str, label: &str) -> Option<String> {
    let rest = &text[text.find(label)? + label.len()..];
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let value = rest[1..].split(quote).next()?;
    let is_whole = value.len() <= LONGEST_VALUE && !is_masked(value) && !value.contains('\n');
    (!value.is_empty() && is_whole).then(|| value.to_owned())
}

/// Whether the text is a resource id that a shell command can hold in single quotes.
pub(super) fn is_scope(text: &str) -> bool {
    text.starts_with('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '(' | ')' | ' '))
}
