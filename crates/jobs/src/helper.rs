//! Gets the access token for another tool, at the moment at which the tool asks: from the broker of
//! `exec` where one runs, else by an exchange.

use azure_oidc_core::authority::Tenant;
use azure_oidc_core::broker::{self, Broker};
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::plan::{Limits, TokenSource};
use azure_oidc_core::{Category, Fault, Secret};

use crate::exchange::{Request, SignIn, Step, fitting};
use crate::{Context, Deadline, id_token};

/// A call of a tool. Its one scope is in the request.
pub(crate) struct Call<'a> {
    request: &'a Request<'a>,
    step: Step,
    deadline: Deadline,
    context: Context<'a>,
}

/// An access token for a tool.
pub(crate) struct Granted {
    pub(crate) token: Secret,
    /// In seconds since 1970.
    pub(crate) expires_on: i64,
}

impl<'a> Call<'a> {
    /// Reads the options and the environment.
    pub(crate) fn new(request: &'a Request<'a>, context: Context<'a>) -> Result<Self, Fault> {
        let deadline = Deadline::after(request.limits.timeout, context.ports.clock);
        Ok(Self { request, step: Step::new(request, context).map_err(fitting)?, deadline, context })
    }

    /// The tenant that is signed in to.
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.step.settings.tenant
    }

    /// Its cloud, if the authority belongs to one.
    pub(crate) fn cloud(&self) -> Option<&'static Cloud> {
        self.step.settings.endpoint.cloud
    }

    /// How long to go on.
    pub(crate) fn limits(&self) -> Limits {
        Limits { timeout: self.deadline.left(self.context.ports.clock), ..self.request.limits }
    }

    /// The access token. Warnings are not told: a tool calls often, and shows failures only.
    pub(crate) fn access_token(&self) -> Result<Granted, Fault> {
        if let Some(answer) = self.ask_broker() {
            return answer;
        }
        let obtained = id_token::obtain(&self.step.plan, self.deadline, self.context).map_err(fitting)?;
        let mut notices = Vec::new();
        self.step.check(self.request, &obtained, self.context, &mut notices).map_err(fitting)?;
        let (token, _) = self.step.trade(self.request, &obtained, self.limits(), self.context).map_err(fitting)?;
        Ok(Granted { token: token.access_token, expires_on: token.expires_on })
    }

    /// What the broker answers. None where none runs that signs in as this call says, or it cannot
    /// answer.
    fn ask_broker(&self) -> Option<Result<Granted, Fault>> {
        let Request { sign_in, plan, .. } = self.request;
        let SignIn { tenant_id: None, client_id: None, cloud: None, authority_host: None } = sign_in else {
            return None;
        };
        if plan.token.source != TokenSource::Platform || plan.token.audience.is_some() {
            return None;
        }
        let ports = self.context.ports;
        let broker = Broker::find(ports.env)?;
        ports.secrets.learn(broker.secret().reveal());
        let settings = &self.step.settings;
        let request = broker.request(settings.scopes.first()?, settings.client_id.as_str());
        let response = ports.http.send(&[request], self.deadline.left(ports.clock)).pop()?.ok()?;
        Some(broker::answer(&response)?.map(|(token, expires_on)| {
            ports.secrets.learn(token.reveal());
            Granted { token, expires_on }
        }))
    }
}

/// A fault of the input that a tool gave.
pub(crate) fn unreadable(input: &str, why: &str) -> Fault {
    Fault::new(Category::Usage, "input-unreadable", format!("{input} {why}"))
}
