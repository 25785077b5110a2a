"""The login tutorial's database, made by the libraries that it uses.

Reads a JSON object from standard input (database: a path; users: each with name, email, password
and the method of the hash) and prints the public_id of each user, by the address.
"""

import json
import sys
import uuid

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.security import generate_password_hash

asked = json.load(sys.stdin)
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{asked['database']}"
db = SQLAlchemy(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    public_id = db.Column(db.String(50), unique=True)
    name = db.Column(db.String(100))
    email = db.Column(db.String(70), unique=True)
    password = db.Column(db.String(80))


with app.app_context():
    db.create_all()
    for user in asked["users"]:
        hashed = generate_password_hash(user["password"], method=user["method"])
        db.session.add(
            User(
                public_id=str(uuid.uuid4()),
                name=user["name"],
                email=user["email"],
                password=hashed,
            )
        )
    db.session.commit()
    json.dump({user.email: user.public_id for user in User.query.all()}, sys.stdout)
