"""Every code that a program may meet is on the page of error codes."""

import ast
import re
from collections.abc import Iterator

from docs.pages import DOCS, ROOT
from isp_addons.domain.retry import FailureKind

PAGE = (DOCS / "reference" / "error-codes.md").read_text(encoding="utf-8")
DOCUMENTED = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
_PARSERS = ("parse_line", "parse_whole")  # raise bad_NAME
_PROBLEMS = ("Problem", "BadInput", "NotFound", "Refused", "TryAgain", "ConfigProblem")


def _codes() -> Iterator[str]:
    """What stands as ``code="..."`` in a call, as ``code = "..."`` in a class, and what the parsers make of a name."""
    for file in (ROOT / "isp_addons").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _of_call(node)
            elif isinstance(node, ast.ClassDef):
                yield from (
                    _text(each.value) for each in node.body if isinstance(each, ast.Assign) and _names(each) == ["code"]
                )


def _of_call(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func).rpartition(".")[2]
    for keyword in call.keywords:
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
            yield _text(keyword.value)
        elif keyword.arg == "name" and name in _PARSERS:
            yield f"bad_{_text(keyword.value).replace(' ', '_')}"


def _names(assign: ast.Assign) -> list[str]:
    return [each.id for each in assign.targets if isinstance(each, ast.Name)]


def _text(value: ast.expr) -> str:
    assert isinstance(value, ast.Constant), f"a code that cannot be read: {ast.unparse(value)}"
    return str(value.value)


def test_every_code_of_a_problem_is_documented() -> None:
    codes = set(_codes())

    assert {"unknown_account", "brake", "bad_term", "problem"} <= codes, "the search finds nothing any more"
    assert codes - DOCUMENTED == set()


def test_every_kind_of_failed_vendor_call_is_documented() -> None:
    assert {kind.value for kind in FailureKind} <= DOCUMENTED


def test_no_code_is_documented_that_does_not_exist() -> None:
    assert DOCUMENTED - set(_codes()) - {kind.value for kind in FailureKind} == set()


def test_a_class_of_problems_is_not_raised_with_a_code_made_at_run_time() -> None:
    made = [
        f"{file.name}:{node.lineno}: {ast.unparse(keyword.value)}"
        for file in (ROOT / "isp_addons").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _PROBLEMS
        for keyword in node.keywords
        if keyword.arg == "code" and not isinstance(keyword.value, ast.Constant)
    ]

    assert {each.partition(":")[0] for each in made} <= {"catalogue.py", "period.py", "text.py", "vendors.py"}  # found above
