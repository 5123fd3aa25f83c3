//! Reads from the options of a command what decides its plan.

use azure_oidc_core::plan::{HostKind, Inputs, OutputInputs, TokenInputs, TokenSource as Source};

use crate::{ExchangeArgs, PlatformArgs, TokenSource};

impl TokenSource {
    /// Where the token is, on this platform.
    pub fn inputs<'a>(&'a self, platform: &'a PlatformArgs) -> TokenInputs<'a> {
        let source = match (&self.id_token_env, &self.id_token_file, &self.id_token) {
            (Some(name), _, _) => Source::Variable(name),
            (_, Some(path), _) => Source::File(path),
            (_, _, Some(_)) => Source::StandardInput,
            (None, None, None) => Source::Platform,
        };
        TokenInputs { source, platform: platform.platform.as_deref(), audience: None, is_lasting: false }
    }
}

impl ExchangeArgs {
    /// What decides the plan of this exchange.
    pub fn plan_inputs(&self, host: HostKind) -> Inputs<'_> {
        Inputs {
            token: TokenInputs { audience: self.audience.as_deref(), ..self.token.inputs(&self.platform) },
            output: OutputInputs {
                form: &self.output,
                publish: self.publish,
                id_token_file: self.id_token_output.as_deref(),
                host,
            },
        }
    }
}
