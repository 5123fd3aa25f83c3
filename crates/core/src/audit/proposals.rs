//! Settles which new credentials are proposed: issuer and subject are unique, and so are names. Sets
//! the command as the remedy of the worst finding.

use std::collections::BTreeSet;

use super::rules::REPAIRED;
use super::{Change, Finding, Kind, MIGRATIONS, Question, command, target_of};
use crate::credential::write::delete_command;
use crate::credential::{Credential, Identity, code};

/// The new credentials that can all be stored, in the order of the old ones. `findings` are those of
/// each credential.
pub(super) fn settled(mut changes: Vec<Change>, question: &Question<'_>, findings: &mut [Vec<Finding>]) -> Vec<Change> {
    let old = |change: &Change| &question.credentials[change.index];
    // Which of two equal ones is kept must not depend on the order.
    changes.sort_by_cached_key(|change| {
        let Credential { name, issuer, matcher, audiences, .. } = old(change);
        let owner = owner(old(change));
        (change.is_successor(), owner, name.clone(), issuer.clone(), matcher.text().to_owned(), audiences.clone())
    });
    let corrected: BTreeSet<usize> =
        changes.iter().filter(|change| !change.is_successor()).map(|change| change.index).collect();
    // A credential that is corrected makes room for its new values, and so does one to delete.
    let is_gone = |index: &usize| findings[*index].iter().any(|one| one.problem.code == code::DUPLICATE);
    let stays = |index: &usize| !corrected.contains(index) && !is_gone(index);
    let others = question.credentials.iter().enumerate().filter(|(index, _)| stays(index));
    let others: Vec<_> = others.map(|(_, one)| one).collect();
    let mut pairs: BTreeSet<_> = others.iter().filter_map(|one| pair(one)).collect();
    let mut names: BTreeSet<_> = others.iter().map(|one| named(one)).collect();
    let mut corrections = BTreeSet::new();
    let mut kept: Vec<Change> = Vec::new();
    let mut superfluous: BTreeSet<usize> = BTreeSet::new();
    for change in changes {
        if change.is_successor() && superfluous.contains(&change.index) {
            continue;
        }
        let new = &change.credential;
        let is_superfluous = pair(new).is_some_and(|pair| pairs.contains(&pair));
        let has_name =
            if change.is_successor() { names.contains(&named(new)) } else { corrections.contains(&named(new)) };
        let remedy = match is_superfluous {
            true if change.is_successor() => None,
            // The right credential is there, so this one only takes up room.
            true => {
                let credential = old(&change);
                delete_command(credential, &target_of(credential, question).0)
            }
            false if has_name => None,
            false => command(&change, question).ok(),
        };
        let codes: &[&str] = if change.is_successor() { &MIGRATIONS } else { &REPAIRED };
        let own = findings[change.index].iter_mut();
        let found = own.min_by_key(|one| (!codes.contains(&one.problem.code), one.severity));
        if let (Some(finding), Some(remedy)) = (found, remedy) {
            finding.problem.remedy = Some(remedy.clone());
            // What is deleted needs no migration.
            if is_superfluous {
                superfluous.insert(change.index);
                let is_deletion = |one: &Finding| one.problem.remedy.as_ref() == Some(&remedy);
                findings[change.index].retain(|one| is_deletion(one) || !MIGRATIONS.contains(&one.problem.code));
            }
        }
        if !is_superfluous && !has_name {
            pairs.extend(pair(new));
            names.insert(named(new));
            corrections.insert(named(new));
            kept.push(change);
        }
    }
    kept.sort_by_key(|change| (change.index, change.is_successor()));
    kept
}

impl Change {
    fn is_successor(&self) -> bool {
        self.kind == Kind::Successor
    }
}

/// The application or identity that a credential belongs to.
type Owner = (Option<String>, Option<Identity>);

fn owner(credential: &Credential) -> Owner {
    (credential.application.clone(), credential.identity.clone())
}

/// Issuer and subject, which are unique for an owner.
fn pair(credential: &Credential) -> Option<(Owner, String, String)> {
    Some((owner(credential), credential.issuer.clone(), credential.matcher.subject()?.to_owned()))
}

/// The name, which is unique for an owner too.
fn named(credential: &Credential) -> (Owner, String) {
    (owner(credential), credential.name.clone())
}
