"""The web application of one installation, and how it tells problems: RFC 9457, with the product's own codes."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from isp_addons import __version__
from isp_addons.bootstrap import App
from isp_addons.domain.problem import BadInput, ConfigProblem, NotFound, Problem, Refused, TryAgain

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[Problem], int], ...] = (
    (BadInput, 400),
    (NotFound, 404),
    (Refused, 409),
    (TryAgain, 503),
    (ConfigProblem, 503),
)
_BY_CODE = {"no_webhooks": 404, "unauthorised": 401, "too_large": 413, "too_slow": 408}
_CODES = {404: "not_found", 405: "method_not_allowed"}
_HEADERS = {
    408: {"Connection": "close"},  # what is left of the body is not read
    413: {"Connection": "close"},
    503: {"Retry-After": "10"},
}


def make_app(app: App) -> FastAPI:
    """The web application of *app*, whose configuration and database are looked at here: what is wrong is told at the start."""
    from isp_addons.web import webhooks

    _ = app.store, app.context, app.host.usable()
    web = FastAPI(
        title="isp-addons",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    web.state.app = app
    web.include_router(webhooks.router)
    web.add_exception_handler(Problem, _problem)
    web.add_exception_handler(HTTPException, _http)
    web.add_exception_handler(RequestValidationError, _invalid)
    web.add_exception_handler(Exception, _defect)
    return web


def status_of(problem: Problem) -> int:
    """The HTTP status that tells *problem*."""
    if problem.code in _BY_CODE:
        return _BY_CODE[problem.code]
    return next((status for kind, status in _STATUS if isinstance(problem, kind)), 500)


def answer(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as RFC 9457 writes it: ``code`` for programs, ``detail`` for people."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


def _problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    status = status_of(error)
    if isinstance(error, ConfigProblem):
        log.error("the configuration is wrong: %s", error.message)
        return answer(status, error.code, "This installation is not set up; its log says why.")
    return answer(status, error.code, error.message, _HEADERS.get(status))


def _http(request: Request, error: Exception) -> Response:
    """What the framework itself refuses, such as a path that is not there."""
    status = getattr(error, "status_code", 500)
    details: dict[int, str] = {
        404: "There is nothing at this address.",
        405: f"This address does not take {request.method}.",
    }
    code = _CODES.get(status, "bad_input")
    return answer(status, code, details.get(status, "The request cannot be read."), getattr(error, "headers", None))


def _invalid(_request: Request, error: Exception) -> Response:
    first: Mapping[str, Any] = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    where = ".".join(map(str, first.get("loc", ())))
    return answer(422, "bad_input", f"The request cannot be meant: {where}: {first.get('msg', '')}.")


def _defect(request: Request, _error: Exception) -> Response:
    """What should not happen: the server's log has the trace, the caller does not."""
    log.error("%s %r met a defect", request.method, request.url.path[:200])
    return answer(500, "problem", "Something went wrong here; the log says what.")
