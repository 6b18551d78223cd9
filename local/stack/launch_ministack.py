"""Starts ministack, with two things put right.

Nagle's algorithm is off in its Lambda Runtime API: it writes head and body of a response separately, so each warm
invocation of a Rust function would wait 40 ms for a delayed acknowledgement.

A condition over a list parameter, `!Equals [!Join ["", !Ref List], ""]`, is evaluated: ministack would compare the text of
the function, and no list were ever empty.
"""

import socketserver
import sys

socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack.services.cloudformation import engine  # noqa: E402

evaluate_conditions = engine._evaluate_conditions


def joined(node, params):
    """The node with each `Join` over a list parameter replaced by its text."""
    if isinstance(node, list):
        return [joined(one, params) for one in node]
    if not isinstance(node, dict):
        return node
    delimiter, items = node.get("Fn::Join", (None, None))
    if isinstance(items, dict) and items.get("Ref") in params:
        return delimiter.join(item.strip() for item in params[items["Ref"]]["Value"].split(","))
    return {key: joined(value, params) for key, value in node.items()}


def with_joined_lists(template, params):
    return evaluate_conditions({**template, "Conditions": joined(template.get("Conditions", {}), params)}, params)


for module in [engine, *(m for name, m in sys.modules.items() if name.startswith("ministack.services.cloudformation"))]:
    if getattr(module, "_evaluate_conditions", None) is evaluate_conditions:
        module._evaluate_conditions = with_joined_lists

from ministack.app import main  # noqa: E402

main()
