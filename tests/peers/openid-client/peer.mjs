// An app, as others write it: openid-client does the protocol, the test says what to do next, one JSON object a line.
import { createInterface } from "node:readline";
import * as client from "openid-client";

let config;
let asked;
let given;
let waiting;

const tokens = (from) => ({
  access: from.access_token,
  refresh: from.refresh_token,
  scope: from.scope,
  claims: from.claims(),
});

const steps = {
  // Learn everything from the issuer's own description.
  async discover({ issuer, id, secret }) {
    const how = secret ? client.ClientSecretBasic(secret) : client.None();
    config = await client.discovery(new URL(issuer), id, {}, how, { execute: [client.allowInsecureRequests] });
    return { issuer: config.serverMetadata().issuer, pkce: config.serverMetadata().supportsPKCE() };
  },
  async ask({ redirect, scope }) {
    asked = { verifier: client.randomPKCECodeVerifier(), state: client.randomState(), nonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirect,
      scope,
      code_challenge: await client.calculatePKCECodeChallenge(asked.verifier),
      code_challenge_method: "S256",
      state: asked.state,
      nonce: asked.nonce,
    });
    return { url: url.href };
  },
  // Checks state, iss (RFC 9207), the ID token's signature by our published keys, its aud, iss, exp, nonce and at_hash.
  async redeem({ callback }) {
    given = await client.authorizationCodeGrant(config, new URL(callback), {
      pkceCodeVerifier: asked.verifier,
      expectedState: asked.state,
      expectedNonce: asked.nonce,
      idTokenExpected: true,
    });
    return tokens(given);
  },
  // A device without a browser: learns what to show, then asks at the interval it was told until somebody has decided.
  async device({ scope }) {
    waiting = await client.initiateDeviceAuthorization(config, { scope });
    return waiting;
  },
  async poll() {
    return tokens(await client.pollDeviceAuthorizationGrant(config, waiting));
  },
  async userinfo({ access, sub }) {
    return await client.fetchUserInfo(config, access, sub);
  },
  async refresh({ token }) {
    return tokens(await client.refreshTokenGrant(config, token));
  },
  async introspect({ token }) {
    return await client.tokenIntrospection(config, token);
  },
  async revoke({ token }) {
    await client.tokenRevocation(config, token);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { step, ...details } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ ok: await steps[step](details) })}\n`);
  } catch (error) {
    const { name, code, message, error: refused, status } = error;
    process.stdout.write(`${JSON.stringify({ refused: { name, code, message, error: refused, status } })}\n`);
  }
}
