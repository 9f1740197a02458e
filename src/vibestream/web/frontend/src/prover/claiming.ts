// From a day's receipts to proved claims that wait to be sent.
import { call } from "../api";
import { bigint, bytesOf, joined, sha256, utf8 } from "./bytes";
import { type Circuit, prove, type Options } from "./proving";
import { type Claim, claims, type Kept } from "./vault";
import { walletOf } from "./wallet_key";

export interface Receipt {
  commitment: string;
  song_id: string;
  is_summary: boolean;
  /** Of a receipt of all that was heard of one artist on the day. */
  artist_id: string | null;
  seconds: number;
  nonce: string;
  leaf_index: number;
  siblings: string[];
}

export interface OwnReceipts {
  epoch: { epoch: string; root: string; deployment: string };
  epoch_number: string;
  /** How many summaries of everybody's there are of each number of units. */
  tiers: Readonly<Record<string, number>>;
  anonymity_floor: number;
  receipts: Receipt[];
}

/** No secret of this browser is the one that the day's receipts are of. */
export class OtherSecret extends Error {}

const DAY_MS = 86_400_000;

export interface Wishes {
  /** Most seconds, drawn by chance, until a claim is sent. */
  mostDelayS: number;
  /** The listener said that it may be guessed whose a claim is that few are like. */
  acceptsRecognition: boolean;
  /** The address of a chain that is to be paid, as claims name it; undefined: a fresh wallet for each claim. */
  payee?: string | undefined;
}

/** Prove all summaries of a day that have no claim yet; each claim is kept as soon as it is proved. Returns how many. */
export async function proveDay(
  circuit: Circuit,
  known: readonly Kept[],
  epoch: string,
  { mostDelayS, acceptsRecognition, payee }: Wishes,
  options: Options,
): Promise<number> {
  const day = await call<OwnReceipts>("GET", `/api/v1/receipts/${epoch}`);
  const summaries = day.receipts.filter((one) => one.is_summary);
  let made = 0;
  for (const one of summaries) {
    const before = await claims.get(`${epoch}:${one.leaf_index}`);
    if (before && before.state !== "refused") continue;
    const kept = known.find((each) => each.commitment === one.commitment);
    if (!kept) throw new OtherSecret();
    const share = (part: number) => (made + part) / summaries.length;
    const claim = await proved(circuit, kept, day, one, { mostDelayS, payee }, {
      ...options,
      onStep: (step, part) => options.onStep(step, share(part)),
    });
    // Said only where it must be: said of a claim that many are like, it would tell that another of this listener's is not.
    if (acceptsRecognition && (day.tiers[one.seconds] ?? 0) < day.anonymity_floor) claim.body.accepts_recognition = true;
    await claims.put(claim);
    made += 1;
  }
  return made;
}

async function proved(
  circuit: Circuit,
  kept: Kept,
  { epoch, epoch_number }: OwnReceipts,
  one: Receipt,
  { mostDelayS, payee }: Pick<Wishes, "mostDelayS" | "payee">,
  options: Options,
): Promise<Claim> {
  const secret = BigInt(kept.secret);
  const address = payee ?? (await walletOf(secret, epoch.deployment, epoch.epoch, one.leaf_index)).address;
  const sendAt = Date.now() + random(mostDelayS * 1000);
  const expiresAt = expiryOf(sendAt);
  const input = {
    secret: kept.secret,
    songId: one.song_id,
    seconds: String(one.seconds),
    nonce: one.nonce,
    leafIndex: String(one.leaf_index),
    siblings: one.siblings,
    root: epoch.root,
    epoch: epoch_number,
    minSeconds: String(one.seconds),
    songDisclosure: one.song_id,
    payout: String(await payoutElement(epoch.deployment, epoch_number, address, expiresAt)),
  };
  const made = await prove(circuit, input, options);
  return {
    id: `${epoch.epoch}:${one.leaf_index}`,
    commitment: kept.commitment,
    epoch: epoch.epoch,
    place: one.leaf_index,
    units: one.seconds,
    deployment: epoch.deployment,
    wallet: address,
    state: "waiting",
    sendAt,
    body: {
      proof: made.proof,
      public_signals: made.publicSignals,
      epoch: epoch.epoch,
      wallet: address,
      expires_at: new Date(expiresAt * 1000).toISOString(),
    },
  };
}

/** Until when a claim may be paid: a midnight that it shares with all others of its day, so that it tells no moment. In seconds. */
export function expiryOf(sendAt: number): number {
  return (Math.floor(sendAt / DAY_MS) + 3) * (DAY_MS / 1000);
}

/** What binds a proof to its payout: see `payout_element` of the server, which computes it from the request. */
export async function payoutElement(deployment: string, epoch: string, wallet: string, expiresAt: number): Promise<bigint> {
  return boundElement(["vibestream-payout-v1", deployment, epoch, wallet, "VIBE", String(expiresAt)]);
}

/** The element that binds a proof to a list of texts, of which the first says what for: see `bound_element` of the server. */
export async function boundElement(texts: readonly string[]): Promise<bigint> {
  const parts = texts.map(utf8);
  const digest = await sha256(joined(parts.flatMap((part) => [bytesOf(BigInt(part.length), 4), part])));
  return bigint(digest.slice(0, 31));
}

/** A whole number from zero to a bound, each as likely. */
function random(most: number): number {
  const drawn = crypto.getRandomValues(new Uint32Array(1))[0]!;
  return Math.floor((drawn / 2 ** 32) * most);
}
