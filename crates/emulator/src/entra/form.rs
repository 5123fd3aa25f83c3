//! Checks method, content type and fields of a request (RFC 6749 §4.4.2, RFC 7523 §2.2).

use azure_oidc_core::check::decision::Refusal;

use crate::guid;
use crate::received::Received;

/// The only grant that is emulated.
const GRANT: &str = "client_credentials";
/// The only type of assertion (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Names that mean several tenants.
pub(crate) const SHARED_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// The fields that Entra evaluates. It ignores unknown ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) client_assertion: &'a str,
}

/// Refuses everything but a POST of a form.
pub(crate) fn posted(request: &Received) -> Result<&[(String, String)], Refusal> {
    if request.method != http::Method::POST {
        return Err(Refusal::new(900561).with("method", request.method.as_str()));
    }
    request.form.as_deref().ok_or_else(|| Refusal::new(9002313))
}

/// Finds the fields. Entra reports missing ones in this order.
pub(crate) fn fields(form: &[(String, String)]) -> Result<Fields<'_>, Refusal> {
    if form.iter().enumerate().any(|(at, (name, _))| form[..at].iter().any(|(earlier, _)| earlier == name)) {
        return Err(Refusal::new(9002313));
    }
    let field =
        |name: &str| form.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str());
    let needed = |name: &'static str| field(name).ok_or_else(|| Refusal::new(900144).with("parameter", name));

    let grant = needed("grant_type")?;
    if grant != GRANT {
        return Err(Refusal::new(70003).with("grant_type", grant));
    }
    let client_id = needed("client_id")?;
    if field("resource").is_some() {
        return Err(Refusal::new(901002));
    }
    let scope = needed("scope")?;
    let Some(client_assertion) = field("client_assertion") else {
        return Err(match field("client_secret") {
            Some(_) => Refusal::new(7000215).with("application", client_id),
            None => Refusal::new(7000218),
        });
    };
    if needed("client_assertion_type")? != ASSERTION_TYPE {
        return Err(Refusal::new(90013));
    }
    Ok(Fields { client_id, scope, client_assertion })
}

/// Refuses a tenant in a path that is neither a GUID nor a domain name.
pub(crate) fn tenant_syntax(tenant: &str) -> Result<(), Refusal> {
    if SHARED_TENANTS.contains(&tenant) {
        return Err(Refusal::new(9001023));
    }
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let domain = tenant.contains('.') && tenant.split('.').all(label);
    if domain || guid::is_guid(tenant) { Ok(()) } else { Err(Refusal::new(900023).with("tenant", tenant)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(changes: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
        let mut form: Vec<(String, String)> = [
            ("client_id", "c"),
            ("grant_type", GRANT),
            ("scope", "s/.default"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", "a.b.c"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        for (name, value) in changes {
            form.retain(|(key, _)| key != name);
            form.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
        }
        form
    }

    fn refusal(changes: &[(&str, Option<&str>)]) -> (u32, String) {
        let refusal = fields(&form(changes)).unwrap_err();
        (refusal.aadsts, refusal.message())
    }

    #[test]
    fn missing_fields_are_reported_in_this_order() {
        let mut gone = vec![
            ("grant_type", None),
            ("client_id", None),
            ("scope", None),
            ("client_assertion", None),
            ("client_assertion_type", None),
        ];
        let expected =
            [(900144, "'grant_type'"), (900144, "'client_id'"), (900144, "'scope'"), (7000218, "'client_assertion'")];
        for (code, name) in expected {
            let (actual, message) = refusal(&gone);
            assert_eq!(actual, code);
            assert!(message.contains(name), "{message}");
            gone.remove(0);
        }
        assert_eq!(refusal(&gone).0, 900144);
        assert!(fields(&form(&[])).is_ok());
    }

    #[test]
    fn a_field_that_is_empty_is_missing() {
        assert!(refusal(&[("scope", Some(""))]).1.contains("'scope'"));
    }

    #[test]
    fn unknown_fields_are_ignored_and_known_ones_come_once() {
        let mut twice = form(&[("x-client-SKU", Some("msal.js.node")), ("fmi_path", Some("x"))]);
        assert!(fields(&twice).is_ok());
        twice.push(("scope".into(), "other/.default".into()));
        assert_eq!(fields(&twice).unwrap_err().aadsts, 9002313);
    }

    #[test]
    fn other_grants_and_other_proofs_are_refused() {
        assert_eq!(
            refusal(&[("grant_type", Some("password"))]),
            (70003, "The app requested an unsupported grant type 'password'.".into())
        );
        assert_eq!(refusal(&[("client_assertion", None), ("client_secret", Some("x"))]).0, 7000215);
        assert_eq!(refusal(&[("client_assertion_type", Some("saml"))]).0, 90013);
        assert_eq!(refusal(&[("resource", Some("x"))]).0, 901002);
    }

    #[test]
    fn a_tenant_is_a_guid_or_a_domain() {
        for tenant in ["11111111-1111-4111-8111-111111111111", "contoso.example", "CONTOSO.onmicrosoft.com"] {
            assert!(tenant_syntax(tenant).is_ok(), "{tenant}");
        }
        for tenant in ["contoso", "", "a..b", "a b.c", "11111111-1111-4111-8111-11111111111g"] {
            assert_eq!(tenant_syntax(tenant).unwrap_err().aadsts, 900023, "{tenant}");
        }
        assert_eq!(tenant_syntax("common").unwrap_err().aadsts, 9001023);
    }
}
