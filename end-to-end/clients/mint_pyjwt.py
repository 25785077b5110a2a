"""Mints tokens with PyJWT: what a program of the tutorial's kind would sign.

Reads a JSON object from standard input (key: a PEM private key; tokens: for each name, header and
claims) and prints the token of each name.
"""

import json
import sys

import jwt

asked = json.load(sys.stdin)
json.dump(
    {
        name: jwt.encode(
            token["claims"], asked["key"], algorithm="RS256", headers=token["header"]
        )
        for name, token in asked["tokens"].items()
    },
    sys.stdout,
)
