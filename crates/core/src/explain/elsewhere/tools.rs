//! Errors of tools that have no answer of Entra.

use super::words::{Known, known, near};

/// The first that fits is told.
pub(super) const WITHOUT_A_SIGN_IN: &[Known] = &[
    near(known(
        "authority-certificate-untrusted",
        &[
            &["login.microsoftonline.", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
            &[
                "certificate_verify_failed",
                "certificate verify failed",
                "certificate signed by unknown authority",
                "self-signed certificate in certificate chain",
                "self signed certificate in certificate chain",
                "unable to get local issuer certificate",
            ],
        ],
        "the tool does not trust the certificate of the authority",
        "The tool did not reach Entra: nobody that it trusts signed the certificate that it got. A proxy that reads TLS traffic sends \
         a certificate of its own",
        "give the tool the certificate of the proxy's certificate authority: REQUESTS_CA_BUNDLE for the Azure CLI, SSL_CERT_FILE for \
         programs in Go on Linux, NODE_EXTRA_CA_CERTS for Node.js, `--ca-file` for `azure-oidc`",
    )),
    known(
        "az-not-signed-in",
        &[&["please run 'az login' to setup account", "please run \"az login\" to setup account"]],
        "the Azure CLI is not signed in here",
        "The tool asked the Azure CLI for a token, and the CLI has no account: no sign-in came before, it failed, or it was in another \
         container, for another user or with another AZURE_CONFIG_DIR",
        "sign in with `azure-oidc login` in the same job, before this step and where it runs; to let Terraform sign in without the CLI, \
         set ARM_USE_OIDC=true or run it with `azure-oidc exec -- COMMAND`",
    ),
];
