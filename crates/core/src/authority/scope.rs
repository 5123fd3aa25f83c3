//! Parses scopes, and the short names of resources.

use crate::cloud::{CLOUDS, Cloud};
use crate::fault::{Category, Fault};
use crate::guid::is_guid;

/// The scope of one access token: `{resource}/.default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The full scope, as sent.
    pub value: String,
    /// The short name of its resource in the cloud, if any.
    pub short: Option<&'static str>,
}

impl Scope {
    /// Parses a full scope or the short name of a resource of the cloud. `named` is the option or
    /// variable of the text.
    pub fn parse(text: &str, cloud: Option<&'static Cloud>, named: &str) -> Result<Self, Fault> {
        let wrong = |why: String| {
            Fault::new(
                Category::Usage,
                "scope-invalid",
                format!("The scope `{}` from {named} {why}", text.escape_debug()),
            )
        };
        if text.contains(char::is_whitespace) {
            return Err(wrong("contains white space".into())
                .hint("separate several scopes with a comma: each gets its own token"));
        }
        if let Some(resource) = text.strip_suffix("/.default").filter(|resource| !resource.is_empty()) {
            let short =
                cloud.and_then(|cloud| cloud.resources.iter().find(|(_, id)| *id == resource).map(|(short, _)| *short));
            return Ok(Self { value: text.to_owned(), short });
        }
        if text.contains(['/', ':', '.']) {
            return Err(wrong("does not end with `/.default`".into()).hint(match meant(text) {
                Some(scope) => format!("use `{scope}`"),
                None => {
                    "give the identifier of the resource, followed by `/.default`, and no name of a permission".into()
                }
            }));
        }
        let Some(cloud) = cloud else {
            return Err(wrong("is a short name, and the authority does not belong to a known cloud".into())
                .hint("name the cloud, `--cloud public`, or give the full scope, such as `https://management.azure.com/.default`"));
        };
        match cloud.resources.iter().find(|(short, _)| *short == text) {
            Some((short, id)) => Ok(Self { value: format!("{id}/.default"), short: Some(short) }),
            None => {
                let known: Vec<_> = cloud.resources.iter().map(|(short, _)| *short).collect();
                let fault = wrong(format!("is not known in the cloud `{}`", cloud.name));
                Err(match known.is_empty() {
                    true => fault.hint("give the full scope, ending with `/.default`"),
                    false => fault.hint(format!(
                        "use one of the short names {}, or a full scope that ends with `/.default`",
                        known.join(", ")
                    )),
                })
            }
        }
    }
}

/// The scope that was meant, where that is sure. Entra takes everything before the last `/` for the
/// resource, and identifiers of applications can have a path: of `api://team/app` nothing tells
/// whether `app` is a permission.
fn meant(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    if text.strip_suffix("/.default").is_some_and(|resource| !resource.is_empty()) {
        return Some(text.to_owned());
    }
    let (scheme, address) = text.split_once("://").unwrap_or(("https", text));
    let first = address.split('/').next().unwrap_or_default();
    let is_first = |id: &&str| {
        matches!(scheme, "http" | "https") && id.strip_prefix("https://").unwrap_or(id).eq_ignore_ascii_case(first)
    };
    if let Some(known) = resources().find(is_first) {
        return Some(format!("{known}/.default"));
    }
    // The identifier of an application can be its client id, which has no path.
    if is_guid(first) && first.len() < text.len() && text.starts_with(first) {
        return Some(format!("{first}/.default"));
    }
    (text.contains("://") && !address.is_empty() && first == address).then(|| format!("{text}/.default"))
}

/// The identifiers of Microsoft's resources, in every cloud.
fn resources() -> impl Iterator<Item = &'static str> {
    CLOUDS.iter().flat_map(|cloud| {
        let management = cloud.management.iter().filter_map(|scope| scope.strip_suffix("/.default"));
        cloud.resources.iter().map(|(_, id)| *id).chain(management)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::PUBLIC;

    #[test]
    fn short_scopes_depend_on_the_cloud() {
        let usgov = Cloud::by_name("usgov");
        assert_eq!(
            Scope::parse("arm", usgov, "--scope").unwrap().value,
            "https://management.usgovcloudapi.net/.default"
        );
        assert_eq!(Scope::parse("https://graph.microsoft.us/.default", usgov, "--scope").unwrap().short, Some("graph"));
        let own = Scope::parse("api://my-api/.default", usgov, "--scope").unwrap();
        assert_eq!((own.value.as_str(), own.short), ("api://my-api/.default", None));
    }

    #[test]
    fn a_scope_that_entra_would_refuse_is_refused_with_the_right_one() {
        let public = Some(PUBLIC);
        for (text, cloud, hint) in [
            ("https://management.azure.com", public, "`https://management.azure.com/.default`"),
            ("https://management.azure.com/", public, "`https://management.azure.com/.default`"),
            ("https://management.azure.com/.default/", public, "`https://management.azure.com/.default`"),
            ("https://management.azure.com/user_impersonation", public, "`https://management.azure.com/.default`"),
            ("https://management.azure.com/default", public, "`https://management.azure.com/.default`"),
            ("https://management.core.windows.net/x", public, "`https://management.core.windows.net/.default`"),
            ("https://graph.microsoft.com/User.Read", public, "`https://graph.microsoft.com/.default`"),
            ("https://graph.microsoft.com/v1.0/me", public, "`https://graph.microsoft.com/.default`"),
            ("https://graph.microsoft.us/User.Read", None, "`https://graph.microsoft.us/.default`"),
            ("http://vault.azure.net", public, "`https://vault.azure.net/.default`"),
            ("vault.azure.net", public, "`https://vault.azure.net/.default`"),
            (
                "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation",
                public,
                "`499b84ac-1321-427f-aa17-267ca6975798/.default`",
            ),
            ("11111111-2222-4333-8444-555555555555/access", public, "`11111111-2222-4333-8444-555555555555/.default`"),
            (
                "api://11111111-2222-4333-8444-555555555555",
                public,
                "`api://11111111-2222-4333-8444-555555555555/.default`",
            ),
            ("https://contoso.example", public, "`https://contoso.example/.default`"),
            ("arm graph", public, "comma"),
            ("blob", public, "arm, graph, storage"),
            ("arm", None, "full scope"),
            ("arm", Cloud::by_name("france"), "full scope"),
            ("/.default", public, "/.default"),
        ] {
            let fault = Scope::parse(text, cloud, "--scope").unwrap_err();
            assert!(fault.hints.iter().any(|line| line.contains(hint)), "{text}: {:?}", fault.hints);
        }
    }

    #[test]
    fn no_scope_is_proposed_where_a_permission_cannot_be_told_from_a_path() {
        for text in [
            "api://11111111-2222-4333-8444-555555555555/access_as_user",
            "api://management.azure.com/user_impersonation",
            "https://contoso.example/app",
            "User.Read",
            ".default",
            "https://",
        ] {
            let fault = Scope::parse(text, Some(PUBLIC), "--scope").unwrap_err();
            assert!(
                fault.hints.iter().all(|line| line.starts_with("give the identifier")),
                "{text}: {:?}",
                fault.hints
            );
        }
    }
}
