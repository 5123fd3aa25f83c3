//! The cases (`cases.json`): one question in the form of each interface, and the answer that every
//! interface must give.

use azure_oidc_tests::conformance::{Call, Given, Minted};
use azure_oidc_tests::{APPLICATION, Stage, TENANT};
use serde::Deserialize;
use serde_json::Value;

use crate::summary::Summary;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suite {
    pub(crate) cases: Vec<Case>,
}

/// One question. `{token}`, `{stdin}`, `{jwks}`, `{tenant}`, `{client}` and `{authority}` are filled in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The rule.
    pub(crate) name: String,
    /// An ID token for the emulator to make. The command line finds it in the variable `T`.
    #[serde(default)]
    token: Option<Minted>,
    #[serde(default)]
    stdin: Value,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    typed: Option<Call>,
    #[serde(default)]
    http: Option<Post>,
    pub(crate) expect: Expect,
}

/// A request to the service.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Post {
    pub(crate) path: String,
    pub(crate) body: Value,
    #[serde(default)]
    pub(crate) bearer: Option<String>,
}

/// What every interface must answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The verdict; `*` stands for any.
    verdict: String,
    /// A code among the codes of the answer.
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    aadsts: Option<String>,
    /// Words that one of the hints or remedies has.
    #[serde(default)]
    advice: Option<String>,
}

/// A case with everything filled in.
pub(crate) struct Asked {
    pub(crate) token: Option<String>,
    pub(crate) stdin: String,
    pub(crate) command: Vec<String>,
    pub(crate) typed: Option<Call>,
    pub(crate) http: Option<Post>,
}

impl Suite {
    pub(crate) fn read() -> Self {
        serde_json::from_str(include_str!("cases.json")).expect("cases.json has the form of its types")
    }
}

impl Case {
    /// Makes the token and fills everything in.
    pub(crate) fn asked(&self, stage: &Stage, authority: &str) -> Asked {
        let jwks = stage.get(&format!("{}/.well-known/jwks", stage.issuer("local")));
        let places =
            [("{jwks}", jwks.as_str()), ("{tenant}", TENANT), ("{client}", APPLICATION), ("{authority}", authority)];
        let given = Given::new(stage, self.token.as_ref(), &self.stdin, &places);
        let http = self.http.clone().map(|post| Post {
            body: given.value(post.body),
            bearer: post.bearer.as_deref().map(|bearer| given.text(bearer)),
            ..post
        });
        Asked {
            command: self.command.iter().map(|word| given.text(word)).collect(),
            typed: self.typed.as_ref().map(|call| given.call(call)),
            http,
            token: given.token,
            stdin: given.stdin,
        }
    }
}

impl Expect {
    /// How an answer differs from it.
    pub(crate) fn differs(&self, answer: &Summary) -> Option<String> {
        if self.verdict != "*" && self.verdict != answer.verdict {
            return Some(format!("the verdict is {} and not {}: {answer:?}", answer.verdict, self.verdict));
        }
        let has =
            |wanted: &Option<String>, found: &[String]| wanted.as_ref().is_none_or(|wanted| found.contains(wanted));
        if !has(&self.code, &answer.codes) || !has(&self.aadsts, &answer.aadsts) {
            return Some(format!("{:?} or {:?} is not there: {answer:?}", self.code, self.aadsts));
        }
        let advice = self.advice.as_ref().filter(|words| !answer.advice.iter().any(|text| text.contains(*words)));
        advice.map(|words| format!("no hint or remedy says {words:?}: {answer:?}"))
    }
}
