// A service that guards itself with jose and its defaults, and knows of the issuer what its key set
// and its tokens say. The settings are the last argument, as JSON.

import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { jwks, issuer, audience, port } = JSON.parse(process.argv.at(-1));
const options = { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] };
const keySet = createRemoteJWKSet(new URL(jwks));

const server = createServer(async (request, response) => {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  try {
    await jwtVerify(token, keySet, options);
    response.writeHead(200);
  } catch (error) {
    const why = error.code ?? error.name;
    response.writeHead(401, { 'www-authenticate': `Bearer error="invalid_token", error_description="${why}"` });
  }
  response.end();
});
server.listen(port, '127.0.0.1');
