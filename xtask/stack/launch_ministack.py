"""Starts ministack, with five things put right.

Nagle's algorithm is off in its Lambda Runtime API: it writes head and body of a response separately, so each warm
invocation of a Rust function would wait 40 ms for a delayed acknowledgement.

PartiQL is authorized as AWS does it: (Batch)ExecuteStatement is no IAM action, each statement needs PartiQLSelect,
-Insert, -Update or -Delete on its table. ministack would ask for dynamodb:BatchExecuteStatement, which a least-privilege
policy cannot give.

A call on one OpenSearch domain is authorized on that domain: DescribeDomain has the name in its path, where ministack
does not look, and a policy on one domain, which AWS honours, would never match.

A schedule is authorized in its group, which DeleteSchedule has in its query: ministack would always say `default`.

A condition over a list parameter, `!Equals [!Join ["", !Ref List], ""]`, is evaluated: ministack would compare the text of
the function, and no list were ever empty.
"""

import json
import re
import socketserver
import sys

socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack.core import iam_actions  # noqa: E402

STATEMENT = re.compile(r'\s*(SELECT\b.*?\bFROM|INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"([^"]+)"', re.IGNORECASE | re.DOTALL)
transaction_checks = iam_actions.dynamodb_transaction_checks


def checks_of_statements(iam_action, body, region, account_id):
    """Action and table of each statement; none when one is not understood, which leaves the call denied."""
    if iam_action not in ("dynamodb:BatchExecuteStatement", "dynamodb:ExecuteStatement"):
        return transaction_checks(iam_action, body, region, account_id)
    request = json.loads(body or b"{}")
    found = [STATEMENT.match(one.get("Statement", "")) for one in request.get("Statements", [request])]
    if not all(found):
        return []
    tables = f"arn:aws:dynamodb:{region}:{account_id}:table/"
    return [(f"dynamodb:PartiQL{match[1].split()[0].capitalize()}", tables + match[2]) for match in found]


iam_actions.dynamodb_transaction_checks = checks_of_statements

resource_arn = iam_actions.extract_resource_arn


def with_domain_of_path(service, method, path, headers, body, query_params, region, account_id):
    arn = resource_arn(service, method, path, headers, body, query_params, region, account_id)
    _, _, domain = path.partition("/opensearch/domain/")
    if service == "opensearch" and arn == "*" and domain:
        return f"arn:aws:es:{region}:{account_id}:domain/{domain.split('/')[0]}"
    group = (query_params or {}).get("groupName")
    if service == "scheduler" and group:
        return arn.replace(":schedule/default/", f":schedule/{group[0] if isinstance(group, list) else group}/")
    return arn


iam_actions.extract_resource_arn = with_domain_of_path

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
