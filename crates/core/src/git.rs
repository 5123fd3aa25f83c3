//! What git asks a credential helper for: attribute lines `key=value`, up to an empty line.

/// A request for a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    protocol: String,
    /// With the port, if the URL has one.
    host: String,
    /// The user name in the URL.
    pub username: String,
    /// Whether git takes the scheme and the value of a header, as versions since 2.46 do.
    pub takes_authtype: bool,
}

impl Asked {
    /// Reads the lines. Attributes that do not matter here are skipped.
    pub fn read(text: &str) -> Self {
        let mut asked = Self::default();
        for line in text.lines().take_while(|line| !line.is_empty()) {
            match line.split_once('=') {
                Some(("protocol", value)) => asked.protocol = value.to_owned(),
                Some(("host", value)) => asked.host = value.to_ascii_lowercase(),
                Some(("username", value)) => asked.username = value.to_owned(),
                Some(("capability[]", "authtype")) => asked.takes_authtype = true,
                _ => {}
            }
        }
        asked
    }

    /// Whether the server is one of Azure DevOps: Azure Repos or the feeds of Azure Artifacts. The
    /// whole name is compared, and nothing is sent without TLS.
    pub fn is_served(&self) -> bool {
        let host = self.host.strip_suffix(":443").unwrap_or(&self.host);
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        self.protocol == "https"
            && (matches!(host, "dev.azure.com" | "pkgs.dev.azure.com")
                || host.strip_suffix(".visualstudio.com").is_some_and(is_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_azure_devops_are_known_by_their_whole_names() {
        let is_served = |protocol: &str, host: &str| {
            Asked::read(&format!("protocol={protocol}\nhost={host}\npath=x\n\nhost=evil.example\n")).is_served()
        };
        for host in [
            "dev.azure.com",
            "Dev.Azure.com:443",
            "pkgs.dev.azure.com",
            "contoso.visualstudio.com",
            "contoso.pkgs.visualstudio.com",
        ] {
            assert!(is_served("https", host), "{host}");
            assert!(!is_served("http", host), "{host}");
        }
        for host in [
            "",
            "ssh.dev.azure.com",
            "x.dev.azure.com",
            "dev.azure.com.evil.example",
            "dev.azure.com:8443",
            "visualstudio.com",
            ".visualstudio.com",
            "contoso.visualstudio.com.evil.example",
            "evil.example/.visualstudio.com",
            "evil.example@x.visualstudio.com",
            "github.com",
        ] {
            assert!(!is_served("https", host), "{host}");
        }
    }

    #[test]
    fn attributes_are_read_up_to_the_empty_line() {
        let asked = Asked::read("capability[]=authtype\ncapability[]=state\nusername=contoso\nunknown\n\nusername=x\n");
        assert_eq!((asked.username.as_str(), asked.takes_authtype), ("contoso", true));
        assert_eq!(Asked::read(""), Asked::default());
    }
}
