//! Grants for the commands that give credentials to other tools. The server that the tool names on
//! standard input decides what such a command may reach.

use azure_oidc_core::broker::{self, Broker};
use azure_oidc_core::exchange::registry::{REGISTRIES, Registry, USERNAME};
use azure_oidc_core::git::Asked;
use azure_oidc_core::plan::{GOOGLE_AUDIENCE, HandOver, STANDARD_INPUT, TokenPlan};
use azure_oidc_core::platform;
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::{self, KUBERNETES_EXEC_INFO};

use super::{Destination, Grants, endpoint};
use crate::{Command, DockerVerb, HelperOptions, IdTokenArgs, SignIn};

/// A tool that asks for a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Docker,
    Git,
}

impl Grants {
    /// What a command for another tool needs, before its input is known.
    pub(super) fn add_tool(&mut self, command: &Command, env: &dyn Env) {
        match command {
            Command::DockerCredential(args) => {
                if args.verb.reads_input() {
                    self.files.push(STANDARD_INPUT.to_owned());
                }
                self.variables.push(REGISTRIES.to_owned());
                if args.verb == DockerVerb::Get {
                    self.variables.push(USERNAME.to_owned());
                    self.asked = Some(Tool::Docker);
                    self.add_helper(&args.options, env);
                }
            }
            Command::KubernetesCredential(args) => {
                self.variables.push(KUBERNETES_EXEC_INFO.to_owned());
                self.add_helper(&args.options, env);
            }
            Command::GitCredential(args) if args.verb == "get" => {
                self.files.push(STANDARD_INPUT.to_owned());
                self.asked = Some(Tool::Git);
                self.add_helper(&args.options, env);
            }
            Command::IdToken(args) => self.add_id_token(args, env),
            _ => {}
        }
    }

    /// Grants the one server that the tool asks a credential for. If no credential is given for that
    /// server, it removes all destinations, sockets and programs. `read` returns the contents of one
    /// of the files.
    pub fn restrict_to_server(&mut self, env: &dyn Env, read: &dyn Fn(&str) -> Option<String>) {
        let Some(tool) = self.asked else { return };
        let input = read(STANDARD_INPUT).unwrap_or_default();
        let served = match tool {
            Tool::Docker => Registry::at(input.trim(), env.present(REGISTRIES).as_deref())
                .and_then(|registry| registry.address().ok())
                .map(|address| vec![Destination::of(&address, "the registry")]),
            Tool::Git => Asked::read(&input).is_served().then(Vec::new),
        };
        match served {
            Some(destinations) => self.destinations.extend(destinations),
            None => {
                self.destinations.clear();
                self.sockets.clear();
                self.program = None;
            }
        }
    }

    /// What a credential for another tool needs: an exchange, or the broker of `exec`.
    fn add_helper(&mut self, args: &HelperOptions, env: &dyn Env) {
        self.variables.extend(args.token.id_token_env.clone());
        self.variables.extend(broker::VARIABLES.map(str::to_owned));
        self.add_exchanges(&args.sign_in, &args.plan_inputs(), env);
        if let Some(broker) = Broker::find(env) {
            self.reach(&broker.url(""), "the broker", env);
        }
    }

    /// What the ID token of another relying party needs. Entra is not asked.
    fn add_id_token(&mut self, args: &IdTokenArgs, env: &dyn Env) {
        self.variables.extend(args.token.id_token_env.clone());
        self.variables.extend(settings::shown().map(str::to_owned));
        self.variables.push(GOOGLE_AUDIENCE.to_owned());
        if let HandOver::File(path) = &args.output {
            self.id_token_output = Some(path.clone());
        }
        let cloud = endpoint(&SignIn::default(), env).and_then(|endpoint| endpoint.cloud);
        match TokenPlan::resolve(&args.inputs(args.wanted_audience(env).as_deref()), cloud, env) {
            Ok(plan) => {
                self.show(&[plan.platform], env);
                self.add_token(plan.source, env);
            }
            Err(_) => self.show(platform::ALL, env),
        }
    }
}
