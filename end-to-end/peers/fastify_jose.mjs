// A service on Fastify that verifies access tokens with jose, in two processes.
//
//   node fastify_jose.mjs '{"port": 1, "jwks": URL, "issuer": URL, "audience": NAME, "user": {…}}'

import cluster from "node:cluster";
import fastify from "fastify";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { port, jwks, issuer, audience, user } = JSON.parse(process.argv[2]);

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const keys = createRemoteJWKSet(new URL(jwks));
  const rules = { issuer, audience, algorithms: ["RS256"], typ: "at+jwt" };
  const users = new Map([[user.public_id, user]]);
  const text = { type: "string" };
  const schema = {
    response: { 200: { type: "object", properties: { public_id: text, name: text, email: text } } },
  };
  const app = fastify();
  app.decorateRequest("claims", null);

  async function authenticate(request, reply) {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    try {
      if (scheme !== "Bearer") throw new Error("no token");
      request.claims = (await jwtVerify(token, keys, rules)).payload;
    } catch {
      return reply.code(401).send({ message: "Token is invalid !!" });
    }
  }

  app.get("/user/me", { schema, onRequest: authenticate }, async (request) =>
    users.get(request.claims.sub),
  );

  await app.listen({ port, host: "127.0.0.1" });
}
