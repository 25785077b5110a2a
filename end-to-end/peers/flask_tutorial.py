"""The well-known login tutorial in one file, with RS256: sign up, log in, a decorator that checks the token.

    PEER_DATABASE=FILE PEER_KEY=PEM PEER_PUBLIC_KEY=PEM gunicorn --preload -w 2 flask_tutorial:app
"""

import os
import uuid
from datetime import datetime, timedelta, timezone
from functools import wraps
from pathlib import Path

import jwt
from flask import Flask, jsonify, make_response, request
from flask_sqlalchemy import SQLAlchemy
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.config["SECRET_KEY"] = Path(os.environ["PEER_KEY"]).read_text()
app.config["PUBLIC_KEY"] = Path(os.environ["PEER_PUBLIC_KEY"]).read_text()
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ['PEER_DATABASE']}"
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    public_id = db.Column(db.String(50), unique=True)
    name = db.Column(db.String(100))
    email = db.Column(db.String(70), unique=True)
    password = db.Column(db.String(80))


with app.app_context():
    db.create_all()
    # The workers are forks of this process and must not share its connection.
    db.engine.dispose()


def token_required(view):
    @wraps(view)
    def decorated(*args, **kwargs):
        token = request.headers.get("x-access-token")
        if not token:
            return jsonify({"message": "Token is missing !!"}), 401
        try:
            data = jwt.decode(token, app.config["PUBLIC_KEY"], algorithms=["RS256"])
            current_user = User.query.filter_by(public_id=data["public_id"]).one()
        except Exception:
            return jsonify({"message": "Token is invalid !!"}), 401
        return view(current_user, *args, **kwargs)

    return decorated


@app.route("/user", methods=["GET"])
@token_required
def get_all_users(current_user):
    users = [{"public_id": u.public_id, "name": u.name, "email": u.email} for u in User.query.all()]
    return jsonify({"users": users})


@app.route("/login", methods=["POST"])
def login():
    auth = request.form
    user = User.query.filter_by(email=auth.get("email")).first()
    if not user or not check_password_hash(user.password, auth.get("password")):
        return make_response("Could not verify", 401, {"WWW-Authenticate": "Basic"})
    expires = datetime.now(timezone.utc) + timedelta(minutes=30)
    claims = {"public_id": user.public_id, "exp": expires}
    token = jwt.encode(claims, app.config["SECRET_KEY"], algorithm="RS256")
    return make_response(jsonify({"token": token}), 201)


@app.route("/signup", methods=["POST"])
def signup():
    data = request.form
    if User.query.filter_by(email=data.get("email")).first():
        return make_response("User already exists. Please Log in.", 202)
    user = User(
        public_id=str(uuid.uuid4()),
        name=data.get("name"),
        email=data.get("email"),
        password=generate_password_hash(data.get("password")),
    )
    db.session.add(user)
    db.session.commit()
    return make_response("Successfully registered.", 201)
