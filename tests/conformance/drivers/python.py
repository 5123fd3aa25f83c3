"""Answers questions to the typed functions of the module in examples/python: one a line on stdin, one answer a line on stdout, both JSON."""

import json
import sys
from importlib.metadata import version

folder, component = sys.argv[1:]
sys.path.insert(0, folder)

from azure_oidc import AzureOidc, Fault  # noqa: E402

oidc = AzureOidc(component)
print(json.dumps({"sha256": oidc.sha256, "version": f"wasmtime {version('wasmtime')}"}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    interface = "exchange" if asked["function"] == "exchange" else "claims"
    try:
        answer = {"ok": oidc.call(interface, asked["function"], *asked["arguments"])}
    except Fault as fault:
        answer = {"err": fault.record}
    print(json.dumps(answer), flush=True)
