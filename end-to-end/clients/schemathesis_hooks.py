"""Hooks of Schemathesis: the right caller of each operation, and the exceptions from its checks.

SIGNET_CALLERS has the callers as JSON: issuer, admin and user (public_id, email, password), client
(client_id, client_secret). Without callers, no request has a token.
"""

import base64
import json
import os

import requests
import schemathesis

CALLERS = json.loads(os.environ["SIGNET_CALLERS"])

# Schemathesis works with these accounts, so it must not end them. Other ones it may end.
KEPT = {CALLERS[who][name] for who, name in
        [("admin", "public_id"), ("user", "public_id"), ("client", "client_id")] if who in CALLERS}

# The operations that may end the token of a caller.
ENDING = {"changePassword", "logOut", "logOutEverywhere", "logUserOut", "revokeAllKeys", "revokeKey",
          "revokeSession", "endOwnSession"}


def log_in(who, audience):
    caller = CALLERS[who]
    form = {"email": caller["email"], "password": caller["password"], "audience": audience}
    answer = requests.post(f"{CALLERS['issuer']}/login", data=form, timeout=30)
    answer.raise_for_status()
    return "Bearer " + answer.json()["token"]


def client_secret():
    client = CALLERS["client"]
    pair = f"{client['client_id']}:{client['client_secret']}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def client_token():
    answer = requests.post(f"{CALLERS['issuer']}/oauth2/token", timeout=30,
                           headers={"authorization": client_secret()},
                           data={"grant_type": "client_credentials"})
    answer.raise_for_status()
    return "Bearer " + answer.json()["access_token"]


# The value of `Authorization` for each security scheme of the descriptions.
CREDENTIALS = {
    "admin": lambda: log_in("admin", CALLERS["issuer"]),
    "bearer": lambda: log_in("user", "api-service"),
    "client": client_token,
    "client_secret": client_secret,
    "session": lambda: log_in("user", "api-service"),
}
known = {}


def described(case):
    return case.operation.definition.raw


def body_names_a_client(case):
    return isinstance(case.body, dict) and {"client_id", "client_secret"} & case.body.keys()


@schemathesis.auth(refresh_interval=None)
class RightCaller:
    def get(self, case, context):
        ways = [name for way in described(case).get("security", []) for name in way]
        scheme = next((name for name in ways if name in CREDENTIALS), None)
        if scheme is None or "issuer" not in CALLERS:
            return None
        if scheme not in known:
            known[scheme] = CREDENTIALS[scheme]()
        return known[scheme]

    def set(self, case, data, context):
        case.headers["Authorization"] = data


@schemathesis.hook
def filter_case(context, case):
    """Skips requests that end an account with which Schemathesis works."""
    ids = (case.path_parameters or {}).values()
    return case.method == "GET" or not KEPT.intersection(map(str, ids))


@schemathesis.hook
def before_call(context, case, kwargs):
    # A client authenticates once, in the header or in the form.
    if body_names_a_client(case) and case.headers.get("Authorization", "").startswith("Basic "):
        del case.headers["Authorization"]
    # A long poll waits by design.
    query = case.query or {}
    if described(case)["operationId"] == "readFeed" and str(query.get("wait")) in map(str, range(26)):
        query["wait"] = 0
    # No invented password is the user's.
    if "user" in CALLERS and case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        user = CALLERS["user"]
        if described(case)["operationId"] == "changePassword":
            case.body["current_password"] = user["password"]
        if described(case)["operationId"] == "logIn" and "audience" not in case.body:
            case.body.update(email=user["email"], password=user["password"])


@schemathesis.hook
def after_call(context, case, response):
    if described(case)["operationId"] in ENDING:
        known.clear()
    if described(case)["operationId"] == "changePassword" and response.status_code == 204:
        CALLERS["user"]["password"] = case.body["new_password"]


def wrong_fields(response):
    return set(response.json().get("errors", {})) if response.status_code == 422 else set()


def only_wrong(response, fields):
    wrong = wrong_fields(response)
    return bool(wrong) and wrong <= fields


# An exception: the operations (None for each one), the status, a condition, the reason.
EXCEPTIONS = [
    ({"signUp", "createUser"}, 422, lambda case, answer: only_wrong(answer, {"email", "name", "password"}),
     "a password must not be common, a name not blank, an address deliverable: no schema says this"),
    ({"changePassword", "setUserPassword"}, 422,
     lambda case, answer: only_wrong(answer, {"new_password", "password"}),
     "a new password must not be common: no schema says this"),
    ({"logIn"}, 422, lambda case, answer: only_wrong(answer, {"audience", "email"}),
     "the audiences are a setting of the issuer; an address has no invisible characters"),
    ({"addClient"}, 422,
     lambda case, answer: only_wrong(answer, {"client_id", "audience", "audiences"}),
     "an id is not reserved and has not the form of a UUID; the audiences are a setting"),
    ({"issueToken", "revokeToken"}, 400, lambda case, answer: answer.json()["error"] != "invalid_request",
     "an unknown token, scope or audience is 400 (RFC 6749 §5.2)"),
    ({"list_users"}, 422, lambda case, answer: wrong_fields(answer) == {"after"},
     "only the service makes cursors; an invented one names no user"),
    ({"readFeed"}, 410, lambda case, answer: True,
     "a position that is no longer kept, or of another database, is 410"),
    ({"verify_request"}, 200, lambda case, answer: True,
     "a proxy asks with the method of its client, whatever that is"),
    ({"verify_request"}, 401, lambda case, answer: case.method != "GET",
     "the same without a good token"),
    (None, 413, lambda case, answer: True,
     "a body over 16 KiB is 413"),
    (None, 200, lambda case, answer: "x-schemathesis-unknown-property" in (case.query or {}),
     "unknown query parameters are ignored"),
]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the failures that an exception explains. The summary has their number."""
    operation = described(case)["operationId"]
    return not any(
        (operations is None or operation in operations)
        and response.status_code == status
        and condition(case, response)
        for operations, status, condition, _ in EXCEPTIONS
    )
