"""The OpenAPI document is complete: every route and model explains itself with examples."""

from typing import Any

import pytest
from fastapi import FastAPI

from central.api.errors import ErrorView
from central.readmodels import View

OPEN = {"POST /api/v1/sign-in", "POST /api/v1/invitation", "POST /api/v1/enrol"}
"""Whoever has nothing to show yet."""


def routes(app: FastAPI) -> list[tuple[str, dict[str, Any]]]:
    paths = app.openapi()["paths"]
    return [
        (f"{verb.upper()} {path}", route) for path, verbs in paths.items() for verb, route in verbs.items()
    ]


ROUTES = {
    "GET /api/v1/status",
    "GET /api/v1/gateways",
    "GET /api/v1/metrics",
    "GET /api/v1/groups",
    "GET /api/v1/groups/{group}",
    "PATCH /api/v1/groups/{group}",
    "POST /api/v1/groups",
    "GET /api/v1/patches",
    "POST /api/v1/patches",
    "DELETE /api/v1/patches/{id}",
    "POST /api/v1/broadcasts",
    "GET /api/v1/broadcasts",
    "GET /api/v1/broadcasts/{id}",
    "POST /api/v1/broadcasts/{id}/approve",
    "POST /api/v1/broadcasts/{id}/stop",
    "POST /api/v1/broadcasts/{id}/sign",
    "GET /api/v1/keys",
    "POST /api/v1/keys",
    "POST /api/v1/keys/{kid}/approve",
    "POST /api/v1/keys/{kid}/revoke",
    "GET /api/v1/triggers",
    "POST /api/v1/triggers/{id}/sign",
    "POST /api/v1/clips",
    "GET /api/v1/clips",
    "GET /api/v1/blob/{sha}",
    "GET /api/v1/recordings",
    "GET /api/v1/recordings/{id}",
    "GET /api/v1/recordings/{id}/audio",
    "POST /api/v1/recordings/{id}/want",
    "POST /api/v1/recordings/{id}/hold",
    "POST /api/v1/recordings/mix",
    "POST /api/v1/recordings/export",
    "POST /api/v1/recordings/verify",
    "GET /api/v1/recordings/seal",
    "GET /api/v1/recordings/holds",
    "POST /api/v1/recordings/holds/{id}/release",
    "HEAD /api/v1/up/{sha}",
    "PATCH /api/v1/up/{sha}",
    "GET /api/v1/sites",
    "GET /api/v1/calls",
    "POST /api/v1/calls",
    "GET /api/v1/calls/{id}",
    "DELETE /api/v1/calls/{id}",
    "POST /api/v1/calls/{id}/transfer",
    "POST /api/v1/calls/{id}/join",
    "GET /api/v1/lines",
    "GET /api/v1/lines/{line}",
    "GET /api/v1/texts",
    "POST /api/v1/orders",
    "GET /api/v1/orders",
    "GET /api/v1/orders/{id}",
    "GET /api/v1/events",
    "GET /api/v1/quarantine",
    "GET /api/v1/quarantine/{id}/raw",
    "POST /api/v1/sign-in",
    "POST /api/v1/invitation",
    "POST /api/v1/sign-out",
    "GET /api/v1/access",
    "GET /api/v1/people",
    "POST /api/v1/people",
    "GET /api/v1/people/{name}",
    "PATCH /api/v1/people/{name}",
    "DELETE /api/v1/people/{name}",
    "POST /api/v1/people/{name}/invitation",
    "POST /api/v1/people/{name}/unlock",
    "POST /api/v1/people/{name}/password",
    "GET /api/v1/sessions",
    "GET /api/v1/people/{name}/sessions",
    "DELETE /api/v1/people/{name}/sessions/{id}",
    "GET /api/v1/people/{name}/tokens",
    "POST /api/v1/people/{name}/tokens",
    "DELETE /api/v1/people/{name}/tokens/{id}",
    "GET /api/v1/journal",
    "POST /api/v1/journal/verify",
    "POST /api/v1/enrol",
    "GET /api/v1/enrol/{gateway}",
    "POST /api/v1/renew",
    "GET /api/v1/enrolments",
    "POST /api/v1/enrolments",
    "POST /api/v1/enrolments/{gateway}/approve",
    "POST /api/v1/enrolments/{gateway}/refuse",
    "GET /api/v1/bundles",
    "POST /api/v1/bundles",
    "DELETE /api/v1/bundles/{sha}",
    "GET /api/v1/rollouts",
    "POST /api/v1/rollouts",
    "GET /api/v1/rollouts/{id}",
    "POST /api/v1/rollouts/{id}/pause",
    "POST /api/v1/rollouts/{id}/resume",
    "POST /api/v1/rollouts/{id}/stop",
    "POST /api/v1/rollouts/{id}/leave-out",
    "GET /api/v1/phones",
    "POST /api/v1/phones",
    "GET /api/v1/phones/{number}",
    "POST /api/v1/phones/{number}/secret",
    "DELETE /api/v1/phones/{number}",
}


def test_the_api_has_the_routes_it_promises(app: FastAPI) -> None:
    assert {name for name, _ in routes(app)} == ROUTES


def test_every_route_explains_itself(app: FastAPI) -> None:
    for name, route in routes(app):
        assert route.get("summary") and route.get("description"), name
        assert bool(route.get("security")) == (name not in OPEN), name
        good = [status for status in route["responses"] if status.startswith("2")]
        assert good, name
        for status in good:
            contents = route["responses"][status].get("content", {})
            for content in contents.values():
                assert content.get("schema") or content.get("example"), (name, status)
        told = "headers" if "/up/" in name else "content"
        assert any(route["responses"][status].get(told) for status in good), name
        for parameter in route.get("parameters", []):
            assert parameter.get("description"), (name, parameter["name"])
            schema = parameter.get("schema", {})
            assert parameter.get("examples") or schema.get("examples"), (name, parameter["name"])


def test_every_route_tells_its_errors_in_the_one_shape(app: FastAPI) -> None:
    for name, route in routes(app):
        errors = {status for status in route["responses"] if status[0] in "45" and status != "416"}
        assert {"401", "403", "422"} <= errors, name
        if (
            "{" in name and "/up/" not in name and "/enrol/" not in name
        ):  # enrol: 403, whoever asks; up: an upload of which nothing has come is at its offset 0
            assert "404" in errors, name
        for status in errors:
            response = route["responses"][status]
            schema = response["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorView"}, (name, status)
            assert response["description"], (name, status)


def test_every_model_has_an_example_and_every_field_a_meaning(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    assert "TownView" in schemas and "BroadcastRequest" in schemas
    for name, schema in schemas.items():
        if "properties" not in schema:
            continue
        assert schema.get("description"), name
        for field, shape in schema["properties"].items():
            assert shape.get("description"), f"{name}.{field}"
            whole = schema.get("examples")
            nested = "$ref" in str(shape)
            assert whole or nested or "examples" in shape, f"{name}.{field} has no example"


@pytest.mark.parametrize("model", [*View.__subclasses__(), ErrorView])
def test_examples_of_fields_are_valid(model: type[View]) -> None:
    for name, field in model.model_fields.items():
        for example in field.examples or []:
            model.__pydantic_validator__.validate_assignment(model.model_construct(), name, example)
