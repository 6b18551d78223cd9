"""What schemathesis asks of us while it tries the API: see openapi.rs."""

import os
import time

import requests
import schemathesis

# How often a request that was answered 503 is sent again. A stack on a busy machine may not answer in time; only what
# is answered so again and again is the API's.
AGAIN = 5

# Whether to wait until a deletion is done, as a client does before it asks for more.
PATIENT = os.environ.get("PATIENT") == "1"


def send(request):
    with requests.Session() as session:
        return session.send(request, timeout=30)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether the failure is one of the API, and not of the machine."""
    if response.status_code != 503:
        return True
    for _ in range(AGAIN):
        time.sleep(1)
        if send(response.request).status_code != 503:
            return False
    return True


@schemathesis.hook
def after_call(context, case, response):
    """Follows the `Location` of what is accepted."""
    if not PATIENT or response.status_code != 202 or "location" not in response.headers:
        return
    location = response.headers["location"][0]
    base = response.request.url.split("/v1/")[0]
    headers = {"Authorization": response.request.headers["Authorization"]}
    for _ in range(100):
        url = base + "/v1/" + location.split("/v1/")[1]
        deletion = send(requests.Request("GET", url, headers=headers).prepare())
        if deletion.status_code != 200 or deletion.json()["done"]:
            return
        time.sleep(0.1)
