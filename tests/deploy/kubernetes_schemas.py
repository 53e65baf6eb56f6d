"""The gate's look at deploy/kubernetes with Kubernetes' own schemas: `python -m tests.deploy.kubernetes_schemas`.
Never here: what the manifests should say (test_containers.py)."""

from __future__ import annotations

import sys
from typing import Final

import yaml

from tests.architecture.ground import ROOT, named

VERSIONS: Final = ("1.28", "1.33")
"""The oldest that the manifests name, and a recent one."""


def main() -> int:
    """Print a line for each document and version that is wrong."""
    import kubernetes_validate  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415 - only the gate installs it

    checked, wrong = 0, 0
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            for version in VERSIONS:
                checked += 1
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                except Exception as error:  # noqa: BLE001 - its errors have no common class
                    wrong += 1
                    print(f"{named(path)}: {document['kind']} for {version}: {error}")  # noqa: T201  # for the person who runs it
    print(f"{checked} documents times versions looked at, {wrong} wrong")  # noqa: T201  # for the person who runs it
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
