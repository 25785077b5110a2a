// A service with jose, as its documentation shows it: it verifies the token in each request by the
// JWKS address, with the default cooldown. It answers 200, or 401 with the error's code.
// Argument: JSON with jwks, issuer, audience and port.

import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { jwks, issuer, audience, port } = JSON.parse(process.argv[1]);
const options = { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] };
const keySet = createRemoteJWKSet(new URL(jwks));

createServer(async (request, response) => {
  const token = (request.headers.authorization ?? '').replace('Bearer ', '');
  try {
    await jwtVerify(token, keySet, options);
    response.writeHead(200).end();
  } catch (error) {
    response.writeHead(401).end(error.code ?? error.name);
  }
}).listen(port, '127.0.0.1');
