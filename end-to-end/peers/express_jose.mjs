// A service on Express that verifies access tokens with jose, in two processes.
//
//   node express_jose.mjs '{"port": 1, "jwks": URL, "issuer": URL, "audience": NAME, "user": {…}}'

import cluster from "node:cluster";
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { port, jwks, issuer, audience, user } = JSON.parse(process.argv[2]);

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const keys = createRemoteJWKSet(new URL(jwks));
  const rules = { issuer, audience, algorithms: ["RS256"], typ: "at+jwt" };
  const users = new Map([[user.public_id, user]]);
  const app = express();
  app.disable("x-powered-by");

  app.get("/user/me", async (request, response) => {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    try {
      if (scheme !== "Bearer") throw new Error("no token");
      const { payload } = await jwtVerify(token, keys, rules);
      response.json(users.get(payload.sub));
    } catch {
      response.status(401).json({ message: "Token is invalid !!" });
    }
  });

  app.listen(port, "127.0.0.1");
}
