// Wallets without a name: an Ed25519 key for each claim, made out of the secret, so that whoever keeps the secret keeps them all.
// From outside no two of them have anything in common. Source: RFC 5869 (HKDF), RFC 8410 (a private key as PKCS 8).
import { bytesOf, fromHex, hex, utf8 } from "./bytes";

const PKCS8 = fromHex("302e020100300506032b657004220420");

export interface WalletKey {
  /** `ed25519:` and the public key, hexadecimal: what the server knows it by. */
  address: string;
  key: CryptoKey;
}

/** Whether this browser has what wallets are made with: a secure connection, and Ed25519. */
export async function ableToSign(): Promise<boolean> {
  if (typeof crypto.subtle === "undefined") return false;
  return crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).then(
    () => true,
    () => false,
  );
}

/** The wallet of one summary. The same summary has the same one for ever: a claim that is made again pays nobody else. */
export async function walletOf(secret: bigint, deployment: string, epoch: string, place: number): Promise<WalletKey> {
  const root = await crypto.subtle.importKey("raw", bytesOf(secret, 32), "HKDF", false, ["deriveBits"]);
  const info = utf8(`${deployment}|${epoch}|${place}`);
  const how = { name: "HKDF", hash: "SHA-256", salt: utf8("vibestream-wallet-v1"), info };
  const seed = new Uint8Array(await crypto.subtle.deriveBits(how, root, 256));
  const whole = new Uint8Array([...PKCS8, ...seed]);
  const readable = await crypto.subtle.importKey("pkcs8", whole, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", readable);
  const key = await crypto.subtle.importKey("pkcs8", whole, "Ed25519", false, ["sign"]);
  const text = atob(x!.replace(/-/g, "+").replace(/_/g, "/"));
  return { address: `ed25519:${hex(Uint8Array.from(text, (letter) => letter.charCodeAt(0)))}`, key };
}

export async function signed(key: CryptoKey, text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.sign("Ed25519", key, utf8(text))));
}
