"""Mints tokens with Authlib. Input and output are those of mint_pyjwt.py."""

import json
import sys

from authlib.jose import JsonWebToken

asked = json.load(sys.stdin)
rs256 = JsonWebToken(["RS256"])
json.dump(
    {
        name: rs256.encode(token["header"], token["claims"], asked["key"]).decode()
        for name, token in asked["tokens"].items()
    },
    sys.stdout,
)
