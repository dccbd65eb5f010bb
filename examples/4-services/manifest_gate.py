# === OmniNode:Metadata ===
# metadata_version: 0.3.0
# uuid: 04b39710-7d6d-44b4-8ce2-526f4075b43f
# name: manifest_gate
# version: 1.5.2
# meta_type: validator
# namespace: larkpost.validators.manifest_gate
# description: Stops a van whose manifest breaks the schema or the scales.
# author: Tomas Lind
# owner: operations
# entrypoint: python@manifest_gate.py
# runtime_language_hint: python>=3.11
# tags: [operations, gate]
# capabilities: [validate]
# dependencies: [{name: parcel_manifest, version_spec: ^1}, {name: address_book, version_spec: ^1}]
# === /OmniNode:Metadata ===

"""Reads a manifest from standard input; the exit code says whether the van may leave."""

import json
import sys

MAX_VAN_KG = 950.0


def faults(manifest: dict) -> list[str]:
    found = [
        f"parcel {number}: no receiver"
        for number, parcel in enumerate(manifest.get("parcels", []), start=1)
        if not parcel.get("receiver")
    ]
    load = sum(parcel.get("weight_kg", 0.0) for parcel in manifest.get("parcels", []))
    if load > MAX_VAN_KG:
        found.append(f"the load is {load:.0f} kg, {MAX_VAN_KG:.0f} are allowed")
    return found


if __name__ == "__main__":
    messages = faults(json.load(sys.stdin))
    print("\n".join(messages))
    sys.exit(1 if messages else 0)
