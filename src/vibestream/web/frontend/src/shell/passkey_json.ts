// Web Authentication in JSON: the browser's own converters where it has them, and the same by hand where it has not.

interface Described {
  id: string;
  type: "public-key";
  transports?: AuthenticatorTransport[];
}

/** Options as the API gives them. */
export interface OptionsJson {
  challenge: string;
  user?: { id: string; name: string; displayName: string };
  excludeCredentials?: Described[];
  allowCredentials?: Described[];
  [more: string]: unknown;
}

/** Return what `navigator.credentials.create` takes. */
export function creationOptions(json: OptionsJson): PublicKeyCredentialCreationOptions {
  if (typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function")
    return PublicKeyCredential.parseCreationOptionsFromJSON(json as unknown as PublicKeyCredentialCreationOptionsJSON);
  const user = json.user && { ...json.user, id: decoded(json.user.id) };
  const excludeCredentials = (json.excludeCredentials ?? []).map(described);
  return { ...json, challenge: decoded(json.challenge), user, excludeCredentials } as unknown as PublicKeyCredentialCreationOptions;
}

/** Return what `navigator.credentials.get` takes. */
export function requestOptions(json: OptionsJson): PublicKeyCredentialRequestOptions {
  if (typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function")
    return PublicKeyCredential.parseRequestOptionsFromJSON(json as unknown as PublicKeyCredentialRequestOptionsJSON);
  const allowCredentials = (json.allowCredentials ?? []).map(described);
  return { ...json, challenge: decoded(json.challenge), allowCredentials } as unknown as PublicKeyCredentialRequestOptions;
}

/** Return an answer as the API takes it. */
export function answerJson(credential: PublicKeyCredential): unknown {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const told = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const response: Record<string, unknown> = { clientDataJSON: encoded(told.clientDataJSON) };
  if (told.attestationObject) {
    response["attestationObject"] = encoded(told.attestationObject);
    response["transports"] = told.getTransports?.() ?? [];
  } else {
    response["authenticatorData"] = encoded(told.authenticatorData);
    response["signature"] = encoded(told.signature);
    if (told.userHandle) response["userHandle"] = encoded(told.userHandle);
  }
  return { id: credential.id, rawId: encoded(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
}

function described(one: Described): PublicKeyCredentialDescriptor {
  return { ...one, id: decoded(one.id) };
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

function encoded(octets: ArrayBuffer): string {
  const text = String.fromCharCode(...new Uint8Array(octets));
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
