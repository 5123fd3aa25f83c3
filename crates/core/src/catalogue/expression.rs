//! AADSTS codes about claims matching expressions (flexible federated identity credentials, a
//! preview).

use super::{Area, Entry, third_party, unwritten};

const fn expression(code: u32, name: &'static str, symbol: &'static str) -> Entry {
    Entry { symbol: Some(symbol), ..unwritten(Area::Federation, code, name, third_party(2026)) }
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "Federated Identity Credential expression parsing failed.",
        cause: "The claims matching expression of a credential is not `claims['name'] eq 'text'` or `... matches 'pattern'`, \
                joined by `and`",
        remedy: "correct the expression with `azure-oidc credential --flexible`, which writes a valid one",
        ..expression(700233, "an expression cannot be parsed", "FederatedIdentityCredentialInvalidExpression")
    },
    Entry {
        template: "Federated Identity Credential expression evaluation failed.",
        cause: "A claim of the expression is missing in the token or is not a string",
        remedy: "use only claims in the expression that are strings in the token",
        ..expression(
            700234,
            "an expression cannot be evaluated",
            "FederatedIdentityCredentialExpressionEvaluationException",
        )
    },
    Entry {
        template: "The federated identity credentials flow does not support credentials matching via expression at this time.",
        cause: "Expressions are a preview, which this kind of identity does not support yet",
        remedy: "use a credential with an exact subject",
        ..expression(700235, "expressions are not supported here", "FederatedIdentityFlexibleFicNotSupported")
    },
    Entry {
        template: "Federated Identity Credential expression not allowed.",
        cause: "The expression uses a claim or an operator that Entra does not allow for this issuer",
        remedy: "use only claims that Entra allows for the issuer: `sub`, for GitHub also `job_workflow_ref` and the ids, for GitLab `project_id`",
        ..expression(
            700237,
            "an expression uses a claim or operator that is not allowed",
            "FederatedIdentityCredentialExpressionNotAllowed",
        )
    },
    Entry {
        template: "Claims matching expressions are not supported in this cloud at this time.",
        cause: "Expressions are a preview in the public cloud only",
        remedy: "use a credential with an exact subject in this cloud",
        ..expression(700239, "this cloud does not support expressions", "FederatedIdentityFlexibleFicRestrictedCloud")
    },
    Entry {
        template: "Issuer '{issuer}' may not use credentials matching via expression.",
        cause: "Entra allows expressions only for GitHub Actions, GitLab and HCP Terraform",
        remedy: "use a credential with an exact subject for this issuer",
        ..expression(7002241, "expressions are not allowed for this issuer", "FederatedIdentityFflBlockedIssuer")
    },
];
