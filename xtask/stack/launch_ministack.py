"""Starts ministack with Nagle's algorithm off in its Lambda Runtime API.

It writes head and body of a response separately; with Nagle on, each warm invocation of a Rust function waits 40 ms
for a delayed acknowledgement.
"""

import socketserver

socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack.app import main  # noqa: E402

main()
