//! What a platform needs besides Azure's side of the set-up.

use crate::credential::normal::uuid_places;
use crate::platform::Platform;
use crate::shell::Shell;

/// What to know on this platform, a line each.
pub(super) fn of(platform: &dyn Platform, issuer: &str, shell: Shell) -> Vec<String> {
    let places = uuid_places(platform.name()).map(|(part, place)| format!("`--{part}`: {place}."));
    let lines: &[&str] = match platform.name() {
        "azure-pipelines" => &[
            "A new connection: Project settings > Service connections > New > Azure Resource Manager > app registration or managed \
             identity (manual) > workload identity federation. Keep it as a draft: its page shows the issuer and the subject, which must \
             be those below. Finish it with the ids that this prints. Needs Creator of service connections (group Endpoint Creators).",
            "An old connection: `Convert` on its page, with a way back for 7 days. Needs Administrator of the connection.",
        ],
        "gitlab" => {
            let url = |path: &str| shell.word(&[issuer, path].concat());
            let (metadata, keys) = (url("/.well-known/openid-configuration"), url("/oauth/discovery/keys"));
            let test = match shell {
                Shell::Bash => format!("curl -fsS {metadata} {keys}"),
                Shell::Powershell => {
                    format!("{metadata}, {keys} | ForEach-Object {{ Invoke-WebRequest -UseBasicParsing $_ }}")
                }
            };
            return vec![format!("Entra must reach the instance. Test from outside of your network: {test}")];
        }
        "pulumi" => &[
            "Providers: `azure-oidc exec -- pulumi up` gives azure-native, azuread and azure (classic) tokens that are renewed; \
             they take ARM_OIDC_TOKEN too, which ends within the hour.",
        ],
        "bitbucket" => &["The subject holds the step's id: no credential matches two runs."],
        _ => &[],
    };
    places.chain(lines.iter().map(|line| (*line).to_owned())).collect()
}
