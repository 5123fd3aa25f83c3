//! Parses scopes, and the short names of resources.

use crate::cloud::Cloud;
use crate::fault::{Category, Fault};

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
            return Err(wrong("does not end with `/.default`".into())
                .hint(format!("use `{}/.default`", text.trim_end_matches('/'))));
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
            ("https://graph.microsoft.com/User.Read", public, "/.default`"),
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
}
