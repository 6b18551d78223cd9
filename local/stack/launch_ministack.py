"""Starts ministack, with three things put right.

Nagle's algorithm is off in its Lambda Runtime API: it writes head and body of a response separately, so each warm
invocation of a Rust function would wait 40 ms for a delayed acknowledgement.

A condition over a list parameter, `!Equals [!Join ["", !Ref List], ""]`, is evaluated: ministack would compare the text of
the function, and no list were ever empty.

A JWT authorizer lets in what API Gateway lets in: it would not look at the algorithm that a token names, take one
without an end, and fail at a time that is no number.
("Control access to HTTP APIs with JWT authorizers in API Gateway")
"""

import base64
import json
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

from ministack.services import apigateway  # noqa: E402

validate_claims = apigateway._validate_jwt_authorizer


def part(text):
    """A part of a token as the object that it is."""
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def well_formed(token):
    """Whether the token names RS256, which is all that the keys of a pool are for, and its times are numbers."""
    try:
        header, claims = (part(text) for text in token.split(".")[:2])
    except (ValueError, TypeError):
        return False
    times = [claims[name] for name in ("exp", "nbf", "iat") if name in claims]
    numbers = all(isinstance(time, (int, float)) and not isinstance(time, bool) for time in times)
    return header.get("alg") == "RS256" and "exp" in claims and numbers


async def validate_token(route, authorizer, headers, query_params):
    token = apigateway._extract_token_from_identity_source(authorizer.get("identitySource", []), headers, query_params)
    if not token or not well_formed(token):
        return None, None, apigateway._jwt_unauthorized()
    return await validate_claims(route, authorizer, headers, query_params)


apigateway._validate_jwt_authorizer = validate_token

from ministack.app import main  # noqa: E402

main()
