//! The address and the bearer token with which Terraform's and Pulumi's providers request an ID
//! token: `ARM_OIDC_REQUEST_URL` and `ARM_OIDC_REQUEST_TOKEN`.

use super::{Source, answer, azure_devops, id_token_missing};
use crate::fault::Fault;
use crate::ports::{Env, Method};

/// The variable with the address.
pub const URL: &str = "ARM_OIDC_REQUEST_URL";
/// The variable with the bearer token.
pub const BEARER: &str = "ARM_OIDC_REQUEST_TOKEN";
/// The service connection for which Azure DevOps is asked.
pub(super) const CONNECTION: [&str; 3] = [
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
];

const AUDIENCE: &str = "audience";

/// The request, if both variables are set and the address is on this machine, as inside `exec`. There
/// the variables of the platform's own token are removed.
pub(crate) fn of_this_machine(env: &dyn Env, usual: &str, wanted: Option<&str>) -> Option<Source> {
    let url = env.present(URL)?;
    let host = url.strip_prefix("http://")?.split('/').next()?;
    let is_here = matches!(host.rsplit_once(':')?.0, "127.0.0.1" | "localhost");
    source(env, usual, wanted).ok().flatten().filter(|_| is_here)
}

/// Whether both variables are set.
pub(crate) fn is_set(env: &dyn Env) -> bool {
    [URL, BEARER].iter().all(|name| env.present(name).is_some())
}

/// The request, if one of the variables is set; a fault if only one is. Azure DevOps is asked in its
/// own way, every other service as GitHub's. An `audience` in the address stays, unless the user
/// wants another one.
pub(super) fn source(env: &dyn Env, usual: &str, wanted: Option<&str>) -> Result<Option<Source>, Fault> {
    let (url, bearer) = match (env.present(URL), env.present(BEARER)) {
        (None, None) => return Ok(None),
        (Some(url), Some(bearer)) => (url, bearer),
        (Some(_), None) => return Err(incomplete(URL, BEARER)),
        (None, Some(_)) => return Err(incomplete(BEARER, URL)),
    };
    let url = answer::service_url(URL, &url, answer::is_loopback)?;
    let bearer = answer::header_value(BEARER, bearer)?;
    let connection = CONNECTION.iter().find_map(|name| env.present(name));
    if connection.is_some() || url.contains("/_apis/distributedtask/") {
        return Ok(Some(azure_devops::token_request(url, &bearer, connection.as_deref())));
    }
    let url = match (wanted, has_audience(&url)) {
        (None, true) => url,
        (None, false) => answer::with_query(url, &[(AUDIENCE, usual)]),
        (Some(wanted), _) => answer::with_query(without_audience(&url), &[(AUDIENCE, wanted)]),
    };
    let headers = vec![("authorization", format!("Bearer {bearer}")), ("accept", "application/json".to_owned())];
    Ok(Some(Source::Request {
        request: answer::request(Method::Get, url, headers, Vec::new()),
        socket: None,
        read: |response| answer::token(response, "The token service in `ARM_OIDC_REQUEST_URL`", "value"),
        attempts: 3,
    }))
}

fn incomplete(set: &str, unset: &str) -> Fault {
    id_token_missing(format!("`{set}` is set and `{unset}` is not; a token is requested with both"))
        .hint("set both, as Terraform's providers need them, or name the token: `--id-token-env NAME`, `--id-token-file PATH`")
}

fn is_audience(parameter: &str) -> bool {
    parameter.split('=').next() == Some(AUDIENCE)
}

fn has_audience(url: &str) -> bool {
    url.split_once('?').is_some_and(|(_, query)| query.split('&').any(is_audience))
}

fn without_audience(url: &str) -> String {
    let Some((address, query)) = url.split_once('?') else { return url.to_owned() };
    let kept: Vec<_> = query.split('&').filter(|parameter| !is_audience(parameter)).collect();
    if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::describe;
    use super::*;
    use crate::ports::fixed::Variables;

    fn shown(env: &[(&str, &str)], wanted: Option<&str>) -> Result<Option<String>, Fault> {
        let env = Variables(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        Ok(source(&env, "api://usual", wanted)?.map(|source| describe(&source)))
    }

    #[test]
    fn a_token_is_requested_as_terraform_requests_it() {
        let bearer = (BEARER, "b");
        for (url, wanted, request) in [
            ("https://x/t?api-version=2.0", None, "GET https://x/t?api-version=2.0&audience=api%3A%2F%2Fusual"),
            ("https://x/t", None, "GET https://x/t?audience=api%3A%2F%2Fusual"),
            ("https://x/t?audience=own", None, "GET https://x/t?audience=own"),
            ("https://x/t?audience=own&a=b", Some("other"), "GET https://x/t?a=b&audience=other"),
            ("https://x/t?audience=own", Some("other"), "GET https://x/t?audience=other"),
            ("http://127.0.0.1:9/t", Some("other"), "GET http://127.0.0.1:9/t?audience=other"),
            (
                "https://dev.azure.com/o/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken",
                None,
                "POST https://dev.azure.com/o/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken?api-version=7.1",
            ),
        ] {
            assert_eq!(shown(&[(URL, url), bearer], wanted).unwrap().unwrap(), request);
        }
        for name in CONNECTION {
            let request = shown(&[(URL, "https://x/t"), bearer, (name, "id")], None).unwrap().unwrap();
            assert_eq!(request, "POST https://x/t?api-version=7.1&serviceConnectionId=id");
        }
    }

    #[test]
    fn a_pair_on_this_machine_is_known_by_its_address() {
        let found = |url: &str| {
            let env = Variables::from([(URL, url), (BEARER, "b")]);
            of_this_machine(&env, "api://usual", None).is_some()
        };
        assert!(found("http://127.0.0.1:4000/x?audience=a") && found("http://localhost:4000/x"));
        for other in ["https://127.0.0.1:4000/x", "http://127.0.0.1.evil.example:1/x", "https://ci.example/x", "x"] {
            assert!(!found(other), "{other}");
        }
        assert!(of_this_machine(&Variables::from([(URL, "http://127.0.0.1:4000/x")]), "", None).is_none());
    }

    #[test]
    fn half_a_pair_is_named_and_no_pair_is_none() {
        assert_eq!(shown(&[], None).unwrap(), None);
        for (set, unset) in [(URL, BEARER), (BEARER, URL)] {
            let fault = shown(&[(set, "https://x")], None).unwrap_err();
            assert!(fault.message.contains(&format!("`{set}` is set and `{unset}` is not")), "{}", fault.message);
        }
        let plain = shown(&[(URL, "http://ci.example/t"), (BEARER, "b")], None).unwrap_err();
        assert_eq!(plain.code, "id-token-service-invalid");
    }
}
