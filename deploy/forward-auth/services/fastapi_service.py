"""A service of FastAPI behind a proxy that asks the guard: python fastapi_service.py PORT"""

import sys
from typing import Annotated
from urllib.parse import unquote

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException

app = FastAPI()


def caller(
    x_auth_subject: Annotated[str, Header()] = "",
    x_auth_roles: Annotated[str, Header()] = "",
    x_auth_name: Annotated[str, Header()] = "",
):
    if not x_auth_subject:
        raise HTTPException(500, "The proxy did not ask the guard")
    roles = [role for role in x_auth_roles.split(",") if role]
    return {"subject": unquote(x_auth_subject), "roles": roles, "name": unquote(x_auth_name)}


@app.get("/orders")
def orders(who: Annotated[dict, Depends(caller)]):
    return {"caller": who, "orders": []}


if __name__ == "__main__":
    # Only the proxy reaches this address.
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]))
