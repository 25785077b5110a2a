"""A service of the login tutorial's kind, which keeps its own user table and has of the issuer only
the PEM of its public key.

    service.py DATABASE PEM PORT

/user checks tokens with the one line that changes; /before checks them as the tutorial does.
"""

import sys
from functools import wraps
from pathlib import Path

import jwt
from flask import Flask, jsonify, request
from flask_sqlalchemy import SQLAlchemy

database, pem, port = sys.argv[1:]
app = Flask(__name__)
app.config["SECRET_KEY"] = Path(pem).read_text()
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{database}"
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    public_id = db.Column(db.String(50), unique=True)
    name = db.Column(db.String(100))


def as_before(token):
    return jwt.decode(token, app.config["SECRET_KEY"], algorithms=["RS256"])


def with_the_changed_line(token):
    return jwt.decode(token, app.config["SECRET_KEY"], algorithms=["RS256"], audience="api-service")


def token_required(decode):
    def decorator(view):
        @wraps(view)
        def decorated(*args, **kwargs):
            token = request.headers.get("x-access-token")
            if not token:
                return jsonify({"message": "Token is missing !!"}), 401
            try:
                data = decode(token)
                current_user = User.query.filter_by(public_id=data["public_id"]).one()
            except Exception:
                return jsonify({"message": "Token is invalid !!"}), 401
            return view(current_user, *args, **kwargs)

        return decorated

    return decorator


@app.route("/user")
@token_required(with_the_changed_line)
def user(current_user):
    return jsonify({"public_id": current_user.public_id, "name": current_user.name})


@app.route("/before")
@token_required(as_before)
def before(current_user):
    return jsonify({"public_id": current_user.public_id, "name": current_user.name})


app.run(host="127.0.0.1", port=int(port))
