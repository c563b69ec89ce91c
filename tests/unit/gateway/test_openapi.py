"""The page for those who write a gateway says what the code does: every object, every example, the signature."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from isp_addons_gateway import signature, translate, wire
from isp_addons_gateway.sandbox_licences import REMEMBERED

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[3] / "docs" / "reference" / "gateway-openapi.yaml").read_text(encoding="utf-8")
)
MODELS: list[type[BaseModel]] = [
    wire.Write,
    wire.Done,
    wire.Pending,
    wire.NeedsOperator,
    wire.Rejected,
    wire.Standing,
    wire.Page,
    wire.Capabilities,
    wire.Refusal,
]
SAID = {"title", "description", "default", "examples"}


def plain(schema: Any) -> Any:
    """A schema without its words, a type that may be null written as one list of types."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {
        name: {each: plain(value) for each, value in part.items()} if name == "properties" else plain(part)
        for name, part in schema.items()
        if name not in SAID and not (name == "enum" and "const" in schema)
    }
    match bare.pop("anyOf", None):
        case None:
            pass
        case [{"type": str(kind), **rest}, {"type": "null"}]:
            bare |= {**rest, "type": [kind, "null"]}
        case other:
            bare["anyOf"] = other
    if "required" in bare:
        bare["required"] = sorted(bare["required"])
    return bare


def examples() -> list[Any]:
    found = []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            parts = {"request": operation.get("requestBody"), "200": operation["responses"]["200"]}
            for name, part in parts.items():
                for title, example in (
                    (part or {"content": {}})["content"].get("application/json", {}).get("examples", {}).items()
                ):
                    kind = operation["operationId"] if name == "200" else "write"
                    found.append(pytest.param(kind, example["value"], id=f"{method} {path} {name} {title}"))
    return found


KINDS: dict[str, TypeAdapter[Any]] = {
    "check": wire.CAPABILITIES,
    "list": wire.PAGE,
    "read": wire.STANDING,
    "do": wire.OUTCOME,
    "write": TypeAdapter(wire.Write),
}


def test_every_object_is_described_as_the_code_has_it() -> None:
    _, generated = models_json_schema([(model, "validation") for model in MODELS], ref_template="#/components/schemas/{model}")
    documented = {name: plain(schema) for name, schema in DOCUMENT["components"]["schemas"].items()}
    expected = {name: plain(schema) for name, schema in generated["$defs"].items()}
    assert documented.keys() == expected.keys()
    for name, schema in expected.items():
        assert documented[name] == schema, name


@pytest.mark.parametrize(("kind", "value"), examples())
def test_every_example_is_one(kind: str, value: Any) -> None:
    body = TypeAdapter(dict[str, Any]).dump_json(value)
    wire.parse(KINDS[kind], body)


def test_there_is_an_example_of_every_outcome() -> None:
    told = {param.values[1]["outcome"] for param in examples() if param.values[0] == "do"}
    assert told == {"done", "pending", "needs_operator", "rejected"}


def test_the_example_of_a_signature_is_right() -> None:
    example = DOCUMENT["x-signature-example"]
    body: bytes = example["body"].encode()
    signed = signature.sign(
        example["secret"],
        timestamp=example["timestamp"],
        method=example["method"],
        target=example["target"],
        body=body,
    )
    assert signed == example["signature"]
    write = wire.Write.model_validate_json(body)
    assert write.model_dump_json().encode() == body
    assert translate.idempotency_key(wire.Verb.CANCEL, write.licence) == write.idempotency_key


def test_the_verbs_the_headers_and_the_figures_are_those_of_the_code() -> None:
    operation = DOCUMENT["paths"]["/licences/{key}/{verb}"]["post"]
    (verb,) = (each for each in operation["parameters"] if each.get("name") == "verb")
    assert verb["schema"]["enum"] == [each.value for each in wire.Verb]
    described = [line.split("`")[1] for line in operation["description"].splitlines() if line.startswith("| `")]
    assert described == [each.value for each in wire.Verb]
    parameters = DOCUMENT["components"]["parameters"]
    assert parameters["Key"]["name"] == signature.KEY_ID
    assert parameters["Timestamp"]["name"] == signature.TIMESTAMP
    assert DOCUMENT["components"]["securitySchemes"]["signature"]["name"] == signature.SIGNATURE
    text = " ".join(DOCUMENT["info"]["description"].split())
    assert f"{signature.WINDOW.seconds} seconds" in text
    assert (REMEMBERED.total_seconds(), "less than an hour ago" in text) == (3600, True)
