"""Verifies tokens as a service with PyJWT does: by the JWKS address, and by the PEM alone.

Reads a JSON object from standard input (jwks, pem, issuer, audience, tokens) and prints, for each
token and each way, the claims or the name of the error.
"""

import json
import sys

import jwt

asked = json.load(sys.stdin)
key_set = jwt.PyJWKClient(asked["jwks"])


def verified(token, key_of):
    try:
        return jwt.decode(
            token,
            key_of(token),
            algorithms=["RS256"],
            issuer=asked["issuer"],
            audience=asked["audience"],
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.PyJWTError as error:
        return type(error).__name__


json.dump(
    {
        name: {
            "jwks": verified(token, lambda t: key_set.get_signing_key_from_jwt(t).key),
            "pem": verified(token, lambda _: asked["pem"]),
        }
        for name, token in asked["tokens"].items()
    },
    sys.stdout,
)
