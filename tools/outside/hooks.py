"""What schemathesis is told about Deedbook beyond its OpenAPI document."""

import schemathesis

CONDITIONS = ("if", "then", "else")


def without_conditions(schema):
    """The generator can't draw from a schema with conditions. Without them it draws more: the
    server refuses what doesn't fit."""
    if isinstance(schema, dict):
        items = schema.items()
        return {name: without_conditions(part) for name, part in items if name not in CONDITIONS}
    if isinstance(schema, list):
        return [without_conditions(part) for part in schema]
    return schema


def drawn_from(part, old, new):
    """The same with references to `new` for those to `old`."""
    if isinstance(part, dict):
        return {name: drawn_from(value, old, new) for name, value in part.items()}
    if isinstance(part, list):
        return [drawn_from(value, old, new) for value in part]
    return new if part == old else part


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Requests are drawn from a wider schema; answers are held against the one that is served."""
    schemas = raw_schema["components"]["schemas"]
    old, new = (f"#/components/schemas/{name}" for name in ("ComponentDocument", "Drawn"))
    drawn = without_conditions(schemas["ComponentDocument"])
    schemas["Drawn"] = drawn_from(drawn, old, new)
    schemas["BatchRequest"] = drawn_from(schemas["BatchRequest"], old, new)
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                operation["requestBody"] = drawn_from(operation["requestBody"], old, new)


@schemathesis.hook
def before_call(context, case, kwargs):
    """A watch has no end unless it is asked for one; and a request to the control plane that claims
    nothing is refused without content, whatever else it asks."""
    query, path = case.query or {}, case.operation.path
    watches = ("/v1/watch", "/control/shards/watch")
    if path in watches and query.get("once") in (None, False, "false"):
        case.query = {**query, "once": "true"}
    if path.startswith("/control/"):
        case.headers = {**(case.headers or {}), "x-mesh-scope": "mesh.operate"}


@schemathesis.check
def no_fault(context, response, case):
    """No 5xx, but for one that is an answer: the revision that `atLeast` waits for didn't come."""
    if response.status_code < 500:
        return
    headers = {name.lower() for name in response.headers}
    waited = response.status_code == 503 and "retry-after" in headers
    if not (waited and "atLeast" in (case.query or {})):
        raise AssertionError(f"{response.status_code}: {response.text}")
