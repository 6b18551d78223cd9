"""Starts ministack, with one thing put right.

Nagle's algorithm is off in its Lambda Runtime API: it writes head and body of a response separately, so each warm
invocation of a Rust function would wait 40 ms for a delayed acknowledgement.
"""

import socketserver

socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack.app import main  # noqa: E402

main()
