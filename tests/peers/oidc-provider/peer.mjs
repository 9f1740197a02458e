// An OpenID Provider, as others run it: oidc-provider on a loopback port. Whoever signs in does so at its own pages, which
// ask for a name; the accounts are the three below. The client comes as JSON in the first argument; the port is printed.
import { createServer } from "node:http";
import { Provider, interactionPolicy } from "oidc-provider";

const { client, port } = JSON.parse(process.argv[2]);
const people = {
  // The issuer vouches for her address.
  ana: { email: "ana.rio@example.org", email_verified: true, name: "Ana Río" },
  kito: { email: "kito@example.org", email_verified: true, name: "Kito" },
  // Somebody who typed in another person's address, which the issuer never proved.
  mallory: { email: "ana.rio@example.org", email_verified: false, name: "Ana Río" },
};
const issuer = `http://127.0.0.1:${port}`;
const policy = interactionPolicy.base();
const provider = new Provider(issuer, {
  clients: [client],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
  pkce: { required: () => true },
  cookies: { keys: ["a key of the peer's, for the time of a test"] },
  interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => (id in people ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
});

const page = (uid) => `<!doctype html><html lang="en"><title>Peer</title><h1>Peer</h1>
<form method="post" action="/interaction/${uid}"><label>Name <input name="login" autofocus></label>
<button name="what" value="go">Go on</button><button name="what" value="no">Cancel</button></form></html>`;

async function granted({ params, prompt, session }) {
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(" "));
  return { consent: { grantId: await grant.save() } };
}

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === "consent") {
    return provider.interactionFinished(request, response, await granted(details), { mergeWithLastSubmission: true });
  }
  if (request.method !== "POST") {
    response.writeHead(200, { "Content-Type": "text/html" });
    return response.end(page(details.uid));
  }
  let body = "";
  for await (const piece of request) body += piece;
  const form = new URLSearchParams(body);
  const result =
    form.get("what") === "no"
      ? { error: "access_denied", error_description: "cancelled" }
      : { login: { accountId: form.get("login") } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

createServer((request, response) => {
  const asked = request.url.startsWith("/interaction/") ? interact(request, response) : provider.callback()(request, response);
  Promise.resolve(asked).catch((error) => {
    response.writeHead(500, { "Content-Type": "text/plain" });
    response.end(String(error));
  });
}).listen(port, "127.0.0.1", () => console.log(issuer));
