"""The executable before the stand-in: passes a request on to it and its answer back. Run as: sandbox_program.py PORT.

It is started for every single call, so it imports next to nothing and speaks just enough HTTP.
"""

import os
import sys
from _socket import socket  # the module `socket` takes longer to load than all the rest

ANSWERED, UNKNOWN, REJECTED, UNAVAILABLE, TRY_AGAIN, UNAUTHORISED = 0, 1, 65, 69, 75, 77

_SECONDS = 20.0


def main() -> int:
    """Ask the stand-in; the answer is the exit code."""
    given = sys.stdin.buffer.read()
    connection = socket()
    connection.settimeout(_SECONDS)
    try:
        connection.connect(("127.0.0.1", int(sys.argv[1])))
    except OSError as error:
        sys.stderr.write(f"the stand-in cannot be reached: {error}\n")
        return UNAVAILABLE  # nothing was sent, so nothing was done
    connection.sendall(_head(len(given)) + given)
    head, _, body = b"".join(iter(lambda: connection.recv(65_536), b"")).partition(b"\r\n\r\n")
    connection.close()
    return _answered(head.decode("latin-1"), body)


def _head(length: int) -> bytes:
    lines = (
        f"POST /{os.environ['ISP_ADDONS_ACTION']} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {os.environ.get('SANDBOX_TOKEN', '')}",
        f"Isp-Addons-At: {os.environ['ISP_ADDONS_NOW']}",
        f"Content-Length: {length}",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _answered(head: str, body: bytes) -> int:
    """Pass the answer on, or say by the exit code what is known of the call."""
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if not first or int(headers.get("content-length", "-1")) != len(body):
        sys.stderr.write("the stand-in's answer broke off\n")
        return UNKNOWN
    status = int(first.split()[1])
    if status == 200:
        sys.stdout.buffer.write(body)
        return ANSWERED
    sys.stderr.buffer.write(body)
    if status == 429:
        sys.stdout.write(f'{{"retry_after_seconds": {headers["retry-after"]}}}\n')
    known = {401: UNAUTHORISED, 429: TRY_AGAIN, 503: UNAVAILABLE}
    return known.get(status, REJECTED if status < 500 else UNKNOWN)


if __name__ == "__main__":
    sys.exit(main())
