"""Asks azure-identity for an access token. Reads one JSON object from stdin, prints one to stdout."""

import json
import sys

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential, WorkloadIdentityCredential

wish = json.load(sys.stdin)
common = {"authority": wish["authority"], "disable_instance_discovery": True, "retry_total": 0}
if "token_file" in wish:
    credential = WorkloadIdentityCredential(
        tenant_id=wish["tenant"], client_id=wish["client"], token_file_path=wish["token_file"], **common
    )
else:
    credential = ClientAssertionCredential(wish["tenant"], wish["client"], lambda: wish["token"], **common)
try:
    token = credential.get_token(wish["scope"])
    print(json.dumps({"token": token.token, "expires_on": token.expires_on}))
except ClientAuthenticationError as error:
    print(json.dumps({"refused": str(error)}))
