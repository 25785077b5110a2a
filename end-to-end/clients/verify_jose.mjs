// Verifies tokens as a service with jose does: by the JWKS address, and by the PEM alone.
// Input (as the argument) and output are those of verify_pyjwt.py.

import { createRemoteJWKSet, importSPKI, jwtVerify } from 'jose';

const asked = JSON.parse(process.argv[2]);
const { issuer, audience } = asked;
const options = { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'], requiredClaims: ['sub', 'exp'] };
const keySet = createRemoteJWKSet(new URL(asked.jwks));
const pem = await importSPKI(asked.pem, 'RS256');

async function verified(token, key) {
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    return error.code ?? error.name;
  }
}

const answer = {};
for (const [name, token] of Object.entries(asked.tokens)) {
  answer[name] = { jwks: await verified(token, keySet), pem: await verified(token, pem) };
}
console.log(JSON.stringify(answer));
