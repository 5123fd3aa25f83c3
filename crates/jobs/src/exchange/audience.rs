//! Whether the ID token has the audience of `--audience`.

use azure_oidc_core::plan::TokenPlan;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

use crate::id_token::Obtained;

/// Refuses a token with another audience. A platform without a choice of audience ignores what it is
/// asked for, and a token that the user names has the audience that it has.
pub(super) fn require(wanted: &str, token: &Token, id_token: &Obtained, plan: &TokenPlan) -> Result<(), Fault> {
    let audiences = &token.claims().aud;
    if audiences.iter().any(|audience| audience == wanted) {
        return Ok(());
    }
    let message = format!(
        "`--audience {}` has no effect here: the ID token from {} has the audience `{}`",
        wanted.escape_debug(),
        id_token.place,
        audiences.join("`, `")
    );
    let from_platform = plan.named == plan.platform.name();
    let remedy = match from_platform {
        true => format!(
            "leave `--audience` out: the audience is set in {}, and this job cannot choose another one",
            plan.platform.title()
        ),
        false => "leave `--audience` out: it cannot change a token that exists already".to_owned(),
    };
    Err(Fault::new(Category::Usage, "audience-fixed", message).hint(remedy))
}
