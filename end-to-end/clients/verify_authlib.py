"""Verifies tokens as a service with Authlib does: by the key set, and by the PEM alone.

Input and output are those of verify_pyjwt.py.
"""

import json
import sys
import urllib.request

from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError

asked = json.load(sys.stdin)
with urllib.request.urlopen(asked["jwks"]) as answer:
    key_set = JsonWebKey.import_key_set(json.load(answer))
rs256 = JsonWebToken(["RS256"])
required = {
    "iss": {"essential": True, "value": asked["issuer"]},
    "aud": {"essential": True, "value": asked["audience"]},
    "exp": {"essential": True},
    "sub": {"essential": True},
}


def verified(token, key):
    try:
        claims = rs256.decode(token, key, claims_options=required)
        claims.validate()
        return dict(claims)
    # Authlib tells a `kid` that the set lacks by a ValueError.
    except (JoseError, ValueError) as error:
        return type(error).__name__


json.dump(
    {
        name: {"jwks": verified(token, key_set), "pem": verified(token, asked["pem"])}
        for name, token in asked["tokens"].items()
    },
    sys.stdout,
)
