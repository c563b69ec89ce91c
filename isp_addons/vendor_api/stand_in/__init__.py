"""What every vendor's stand-in server is built on: real HTTP on 127.0.0.1, the product's clock, faults, a log, own doors.

A stand-in lives in a plugin's ``sandbox.py`` and takes the vendor's place in trials, tests and the conformance kit:

1. Keep the vendor's state in plain objects of your own; compute what follows from the moment instead of storing it.
2. Subclass `StandIn`; pass *port*, *latency* and *tls* on, and add your own settings (a login, a limit).
3. ``route(request, now)`` says what a request is: ``Call(request, now, "licence/suspend", "L-1")``. A call that the vendor
   would turn away before doing anything (no such path 404, wrong login 401, too fast 429) has its answer in ``refused``.
   What you have parsed on the way goes into ``told``.
4. ``serve(call)`` does it and answers with a `Reply`. A refusal that comes with HTTP 200 names its code in ``outcome``.
   A list has ``half``, which renders it with half of its rows and the announced total unchanged, for the fault ``partial``.
5. ``licences(now)`` tells all that stands there as `Standing`, also what has ended; ``clear()`` forgets it; ``options()`` are
   the settings of a vendor section that reaches this stand-in. The conformance kit works with these three.
6. If wanted: ``control(...)`` for doors of your own under ``/sandbox/``; ``failure(call, status)`` for an error's body;
   ``perform(hook, licence)`` where the vendor works by operator tasks: what the operator does at the vendor's console.
7. Make it in the plugin's ``sandbox(**settings)``.

``route``, ``serve``, ``licences``, ``clear`` and ``control`` run one at a time, under ``self.lock``: never wait there.
Say in the docstring what comes from the vendor's documentation, and what is assumed.

Every request lives at the moment that its header ``Isp-Addons-At`` names, else now. The doors, JSON, without login:

- ``GET /sandbox/calls?since=N&limit=M``: calls after number N with outcome and fault, and the counts of each action
- ``GET``, ``POST``, ``DELETE /sandbox/faults``: see them, set one, clear them; see `Fault` and `FaultKind`; to set:
  ``{"kind": "timeout_after", "times": 1, "action": "licence/order", "object": "L-1", "seconds": 0.5}``
- ``GET /sandbox/licences``: what ``licences`` tells
- ``POST /sandbox/reset``: forget state, faults and calls
"""

from isp_addons.vendor_api.stand_in.calls import CallLog, LoggedCall
from isp_addons.vendor_api.stand_in.doors import NotThere
from isp_addons.vendor_api.stand_in.faults import Fault, FaultKind, Faults
from isp_addons.vendor_api.stand_in.http import Reply, Request
from isp_addons.vendor_api.stand_in.server import Call, StandIn, Standing

__all__ = [
    "Call",
    "CallLog",
    "Fault",
    "FaultKind",
    "Faults",
    "LoggedCall",
    "NotThere",
    "Reply",
    "Request",
    "StandIn",
    "Standing",
]
