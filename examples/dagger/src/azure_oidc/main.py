"""The module: the `azure-oidc` program in a container, with tokens as secrets at both ends."""

from datetime import UTC, datetime
from typing import Annotated

import dagger
from dagger import Doc, ReturnType, dag, function, object_type

# Where the program's output goes: a file, because what a container prints is shown in logs and traces.
_OUTPUT = "/azure-oidc-output"


@object_type
class AzureOidc:
    """An application in Entra, and the image to sign in with."""

    image: Annotated[str, Doc("Image whose entry point is azure-oidc, best named by its digest")]
    tenant_id: Annotated[str, Doc("Tenant: a GUID or a verified domain")]
    client_id: Annotated[str, Doc("Client id of the application or managed identity")]

    # Without `cache` the engine would hand out the token of an earlier call: values of secrets are in no cache key.
    # The SDK takes the argument; its overloads do not list it.
    @function(cache="never")  # type: ignore[call-overload, misc]
    async def token(
        self,
        id_token: Annotated[dagger.Secret, Doc("The CI job's OIDC ID token")],
        scope: Annotated[str, Doc("What the token is for: arm, graph, or {resource}/.default")] = "arm",
    ) -> dagger.Secret:
        """Trade the ID token for an access token."""
        arguments = ["exchange", "--tenant-id", self.tenant_id, "--client-id", self.client_id]
        output = self._run(id_token, [*arguments, "--scope", scope, "--output", "text"], ReturnType.SUCCESS)
        access_token = await output.file(_OUTPUT).contents()
        return dag.set_secret(f"azure-access-token-{self.client_id}-{scope}", access_token.rstrip("\n"))

    @function(cache="never")  # type: ignore[call-overload, misc]
    async def check(
        self,
        id_token: Annotated[dagger.Secret, Doc("The CI job's OIDC ID token")],
        credentials: Annotated[dagger.File, Doc("What `az ad app federated-credential list` printed")],
    ) -> str:
        """Say whether Entra would accept the ID token for these credentials, and if not, why; in JSON."""
        arguments = ["check", "--credential", "/credentials.json", "--output", "json"]
        # 1 is an answer: no.
        output = self._run(id_token, arguments, ReturnType.ANY, credentials)
        return await output.file(_OUTPUT).contents()

    def _run(
        self,
        id_token: dagger.Secret,
        arguments: list[str],
        expect: ReturnType,
        credentials: dagger.File | None = None,
    ) -> dagger.Container:
        container = dag.container().from_(self.image).with_secret_variable("ID_TOKEN", id_token)
        if credentials is not None:
            container = container.with_mounted_file("/credentials.json", credentials)
        # For the same reason as above: a run is repeated only when something about it is new.
        container = container.with_env_variable("RUN_AT", datetime.now(UTC).isoformat())
        command = [*arguments, "--id-token-env", "ID_TOKEN"]
        return container.with_exec(command, use_entrypoint=True, redirect_stdout=_OUTPUT, expect=expect)
