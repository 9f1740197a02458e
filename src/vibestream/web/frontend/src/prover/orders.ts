// Spending from a wallet without a name: an order that its key signs, sent by nobody in particular.
import { callAnonymously } from "./anonymous";
import { hex } from "./bytes";
import type { Claim, Kept } from "./vault";
import { signByChain } from "./chain_order";
import { signed, walletOf } from "./wallet_key";

const CHAIN = "evm:";

export interface Destination {
  to: "artist" | "account";
  identifier: string;
}

/** Whether a wallet is an address of a chain, whose key is not ours. */
export function isOfChain(wallet: string): boolean {
  return wallet.startsWith(CHAIN);
}

/** Order an amount out of the wallet of a claim: signed by the key that is made of the secret, or by the wallet of the chain. */
export async function spend(claim: Claim, kept: Kept, where: Destination, minor: number): Promise<void> {
  const address = claim.wallet;
  const nonce = hex(crypto.getRandomValues(new Uint8Array(16)));
  const expires = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`;
  const lines = ["vibestream-wallet-order-v1", claim.deployment, address, `${where.to}:${where.identifier}`, minor, nonce, expires];
  const body = {
    deployment: claim.deployment,
    to: where.to,
    identifier: where.identifier,
    amount_vibe_minor: minor,
    nonce,
    expires_at: expires,
    signature: await signedFor(claim, kept, lines.map((line) => `${line}\n`).join("")),
  };
  await callAnonymously("POST", `/api/v1/claim-wallets/${address}/orders`, body);
}

async function signedFor(claim: Claim, kept: Kept, text: string): Promise<string> {
  if (isOfChain(claim.wallet)) return signByChain(claim.wallet.slice(CHAIN.length), text);
  const { key } = await walletOf(BigInt(kept.secret), claim.deployment, claim.epoch, claim.place);
  return signed(key, text);
}

/** What a wallet holds now. */
export async function held(address: string): Promise<number> {
  return (await callAnonymously<{ vibe_minor: number }>("GET", `/api/v1/claim-wallets/${address}`)).vibe_minor;
}

/** The identifier of an artist by their handle; undefined for one who has published nothing. */
export async function artistOf(handle: string): Promise<string | undefined> {
  const path = `/api/v1/artists/${encodeURIComponent(handle.trim().replace(/^@/, ""))}/releases?limit=1`;
  const found = await callAnonymously<{ items: { artist: { artist_id: string } }[] }>("GET", path);
  return found.items[0]?.artist.artist_id;
}
