//! Codes for claims matching expressions (flexible federated identity credentials, a preview).

use super::{Area, Entry, third_party, unwritten};

const fn expression(code: u32, name: &'static str, symbol: &'static str) -> Entry {
    Entry { symbol: Some(symbol), ..unwritten(Area::Federation, code, name, third_party(2026)) }
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "Federated Identity Credential expression parsing failed.",
        cause: "The claims matching expression of a credential is not `claims['name'] eq 'text'` or `... matches 'pattern'`, \
                joined by `and`",
        remedy: "correct the expression: names and texts in single quotes, `eq` or `matches` between them, only `and` to join",
        ..expression(700233, "an expression cannot be read", "FederatedIdentityCredentialInvalidExpression")
    },
    Entry {
        template: "Federated Identity Credential expression evaluation failed.",
        cause: "A claim that the expression compares is not text in this token, or is missing",
        remedy: "compare the type of each claim in the expression with the token: only text can be compared",
        ..expression(
            700234,
            "an expression cannot be evaluated",
            "FederatedIdentityCredentialExpressionEvaluationException",
        )
    },
    Entry {
        template: "The federated identity credentials flow does not support credentials matching via expression at this time.",
        cause: "Expressions are a preview, and this kind of identity, such as a managed identity, cannot use them yet",
        remedy: "use a credential with an exact subject, or an application in place of the managed identity",
        ..expression(700235, "expressions are not supported here", "FederatedIdentityFlexibleFicNotSupported")
    },
    Entry {
        template: "Federated Identity Credential expression not allowed.",
        cause: "The expression uses a claim or an operator that Entra does not allow for this issuer",
        remedy: "use only what the issuer allows: `sub` everywhere, for GitHub also `job_workflow_ref` and the repository ids",
        ..expression(
            700237,
            "an expression uses what its issuer may not",
            "FederatedIdentityCredentialExpressionNotAllowed",
        )
    },
    Entry {
        template: "Claims matching expressions are not supported in this cloud at this time.",
        cause: "Expressions are a preview of the public cloud",
        remedy: "use a credential with an exact subject in this cloud",
        ..expression(700239, "this cloud has no expressions", "FederatedIdentityFlexibleFicRestrictedCloud")
    },
    Entry {
        template: "Issuer '{issuer}' may not use credentials matching via expression.",
        cause: "Expressions are allowed for GitHub Actions, GitLab and HCP Terraform only",
        remedy: "use a credential with an exact subject for this issuer",
        ..expression(7002241, "this issuer may not use expressions", "FederatedIdentityFflBlockedIssuer")
    },
];
