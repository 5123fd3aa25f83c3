//! A case: the change to a Harness step that would otherwise succeed, and the expected result.

use azure_oidc_emulator::Injection;
use azure_oidc_tests::{Job, Ran, Stage, schema, secrets};

/// A case. The default changes nothing and succeeds.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// For messages.
    pub(crate) name: &'static str,
    /// Variables that are added or replaced.
    pub(crate) set: &'static [(&'static str, &'static str)],
    /// Arguments.
    pub(crate) args: &'static [&'static str],
    /// The ID token. Unset: the valid one.
    pub(crate) id_token: fn(&Stage) -> String,
    /// The failure that is injected at the authority.
    pub(crate) injections: fn() -> Vec<Injection>,
    /// The exit code.
    pub(crate) exit: i32,
    /// The code of the fault.
    pub(crate) code: &'static str,
    /// Texts that standard error must contain.
    pub(crate) names: &'static [&'static str],
    /// The number of requests to the authority.
    pub(crate) requests: usize,
}

/// The step that succeeds. The cases change it.
pub(crate) const STEP: Case = Case {
    name: "",
    set: &[],
    args: &[],
    id_token: Stage::id_token,
    injections: Vec::new,
    exit: 0,
    code: "",
    names: &[],
    requests: 0,
};

const EARLIER: &str = "EARLIER=1\n";

impl Case {
    /// Runs the case with text and with JSON output.
    pub(crate) fn check(&self) {
        self.check_with(&Stage::new(), |job| job);
    }

    /// Runs the case with text and with JSON output, and with a changed job.
    pub(crate) fn check_with(&self, stage: &Stage, change: impl Fn(Job) -> Job) {
        let text = self.run(stage, &change);
        assert_eq!(text.stdout, "", "{}: a failure prints nothing to standard output", self.name);
        assert!(text.stderr.contains("error: "), "{}: {}", self.name, text.stderr);
        self.assert_names(&text.stderr);

        let json = self.run(stage, |job| change(job).args(&["--output", "json"]));
        schema::assert_valid("error", &json.json());
        let error = json.error();
        assert_eq!(error["code"], self.code, "{}: {error}", self.name);
        assert!(!json.stderr.contains("error: "), "{}: {}", self.name, json.stderr);
        let texts = format!("{} {} {}", error["message"], error["hint"], error["aadsts"]).replace("\\\"", "\"");
        self.assert_names(&texts);
    }

    fn run(&self, stage: &Stage, change: impl Fn(Job) -> Job) -> Ran {
        stage.emulator.clear_requests();
        stage.emulator.clear_injections();
        (self.injections)().into_iter().for_each(|injection| stage.inject(injection));
        stage.write("secrets", EARLIER);
        let id_token = (self.id_token)(stage);
        let job = self.set.iter().fold(stage.harness(&id_token), |job, (name, value)| job.env(name, value));
        let ran = change(job.args(self.args)).run();

        assert_eq!(ran.code, self.exit, "{}: {}", self.name, ran.printed());
        assert_eq!(stage.requests().len(), self.requests, "{}: {:?}", self.name, stage.requests());
        assert_eq!(stage.read("secrets"), EARLIER, "{}: the output file is untouched", self.name);
        secrets::assert_none_printed(&ran, &id_token);
        secrets::assert_none_written(stage.folder(), &[], &id_token);
        assert!(!ran.stderr.contains("panicked"), "{}: {}", self.name, ran.stderr);
        ran
    }

    fn assert_names(&self, output: &str) {
        for name in self.names {
            assert!(output.contains(name), "{}: `{name}` is missing: {output}", self.name);
        }
    }
}
