"""Predicts whether Entra accepts a token: `python check.py azure_oidc.wasm fics.json`, with ID_TOKEN set."""

import os
import sys
from pathlib import Path

from azure_oidc import AzureOidc

component, credentials = sys.argv[1:]
verdict = AzureOidc(component).check(os.environ["ID_TOKEN"], Path(credentials).read_text(encoding="utf-8"))
for finding in verdict.findings:
    print(f"{finding.severity}: {finding.message}")
sys.exit(0 if verdict.outcome == "match" else 1)
