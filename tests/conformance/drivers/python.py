"""Calls the typed functions of the module in examples/python: one call in each line of stdin, one answer in each line of stdout, as JSON."""

import json
import os
import sys
from contextlib import ExitStack
from importlib.metadata import version

folder, component = sys.argv[1:]
sys.path.insert(0, folder)

from azure_oidc import AzureOidc, Fault  # noqa: E402
from relay import Relay  # noqa: E402

oidc = AzureOidc(component)
print(json.dumps({"sha256": oidc.sha256, "version": f"wasmtime {version('wasmtime')}"}), flush=True)
for line in sys.stdin:
    call = json.loads(line)
    interface = "exchange" if call["function"] == "exchange" else "claims"
    with ExitStack() as open_relays:
        if interface == "exchange" and str(call["arguments"][0].get("authority_host")).startswith("https://"):
            relay = Relay(call["arguments"][0]["authority_host"], cafile=os.environ["CA_FILE"])
            call["arguments"][0]["authority_host"] = open_relays.enter_context(relay).url
        try:
            answer = {"ok": oidc.call(interface, call["function"], *call["arguments"])}
        except Fault as fault:
            answer = {"err": fault.record}
    print(json.dumps(answer), flush=True)
