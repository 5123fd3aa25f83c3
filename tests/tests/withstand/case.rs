//! A case: a step of Harness that would succeed but for what the case changes, and what must come of it.

use azure_oidc_emulator::Injection;
use azure_oidc_tests::{Job, Ran, Stage, schema, secrets};

/// What a case changes, and what must come of it. The default is the step that succeeds.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// For messages.
    pub(crate) name: &'static str,
    /// Variables in place of, or beside, those of the step.
    pub(crate) set: &'static [(&'static str, &'static str)],
    /// Arguments.
    pub(crate) args: &'static [&'static str],
    /// The ID token; the good one unless said.
    pub(crate) id_token: fn(&Stage) -> String,
    /// What goes wrong at the authority.
    pub(crate) injections: fn() -> Vec<Injection>,
    /// The exit code.
    pub(crate) exit: i32,
    /// The code of the fault.
    pub(crate) code: &'static str,
    /// What people must be told, among the rest.
    pub(crate) names: &'static [&'static str],
    /// How many requests the authority sees.
    pub(crate) requests: usize,
}

/// The step that succeeds, for the cases to differ from.
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
    /// Runs it in both forms.
    pub(crate) fn prove(&self) {
        self.prove_with(&Stage::new(), |job| job);
    }

    /// Runs it in both forms, with a job that is changed further.
    pub(crate) fn prove_with(&self, stage: &Stage, change: impl Fn(Job) -> Job) {
        let text = self.run(stage, &change);
        assert_eq!(text.stdout, "", "{}: standard output holds nothing but what was asked for", self.name);
        assert!(text.stderr.contains("error: "), "{}: {}", self.name, text.stderr);
        self.assert_told(&text.stderr);

        let json = self.run(stage, |job| change(job).args(&["--output", "json"]));
        schema::assert_valid("error", &json.json());
        let error = json.error();
        assert_eq!(error["code"], self.code, "{}: {error}", self.name);
        assert!(!json.stderr.contains("error: "), "{}: {}", self.name, json.stderr);
        let told = format!("{} {} {}", error["message"], error["hint"], error["aadsts"]).replace("\\\"", "\"");
        self.assert_told(&told);
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

    fn assert_told(&self, told: &str) {
        for name in self.names {
            assert!(told.contains(name), "{}: `{name}` is not named: {told}", self.name);
        }
    }
}
