"""Runs the `azure-oidc` program in a container. ID tokens and access tokens are secrets."""

from datetime import UTC, datetime
from typing import Annotated

import dagger
from dagger import Doc, ReturnType, dag, function, object_type

# The file for the program's output, because logs and traces show what a container prints.
_OUTPUT = "/azure-oidc-output"


@object_type
class AzureOidc:
    """An application in Entra, and the image to sign in with."""

    image: Annotated[str, Doc("Image whose entry point is azure-oidc, best named by its digest")]
    tenant_id: Annotated[str, Doc("Tenant: a GUID or a verified domain")]
    client_id: Annotated[str, Doc("Client id of the application or managed identity")]

    # Without `cache` the engine would return the token of an earlier call: cache keys ignore values of secrets.
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
        # Exit code 1 is the answer no.
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
        # A new value makes the engine run the container again instead of using its cache.
        container = container.with_env_variable("RUN_AT", datetime.now(UTC).isoformat())
        command = [*arguments, "--id-token-env", "ID_TOKEN"]
        return container.with_exec(command, use_entrypoint=True, redirect_stdout=_OUTPUT, expect=expect)
