// An issuer on oidc-provider: client credentials with JWT access tokens (RS256), in two processes.
//
//   node oidc_provider.mjs '{"port": 1, "key": PEM FILE, "client": ID, "secret": FILE, "resource": URL}'

import cluster from "node:cluster";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const { port, key, client, secret, resource } = JSON.parse(process.argv[2]);

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    jwks: { keys: [{ ...createPrivateKey(readFileSync(key)).export({ format: "jwk" }), alg: "RS256" }] },
    clients: [
      {
        client_id: client,
        client_secret: readFileSync(secret, "utf8"),
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        scope: "read",
      },
    ],
    scopes: ["read"],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: () => ({
          scope: "read",
          audience: resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: 1800,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
  provider.listen(port, "127.0.0.1");
}
