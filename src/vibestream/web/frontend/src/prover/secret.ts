// The listener's secret: 248 random bits that never leave this browser but as a code that its owner keeps.
import { poseidon2 } from "poseidon-lite/poseidon2";
import { bigint, bytesOf, joined, sha256, utf8 } from "./bytes";

const BYTES = 31;
const CHECK_BITS = 22n;
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Crockford's: none of them is taken for another when it is read from paper. */
const LENGTH = 54;
/** Of 248 bits and 22 of a digest, five a letter. */
const TAG_IDENTITY = 8462101n;

export function makeSecret(): bigint {
  return bigint(crypto.getRandomValues(new Uint8Array(BYTES)));
}

/** By what the server knows whoever holds a secret: Poseidon(8462101, secret), decimal. */
export function commitmentOf(secret: bigint): string {
  return poseidon2([TAG_IDENTITY, secret]).toString();
}

/** The code to be kept: groups of six letters, of which the last ones notice a letter that was misread. */
export async function codeOf(secret: bigint): Promise<string> {
  let rest = (secret << CHECK_BITS) | (await check(secret));
  let letters = "";
  for (let place = 0; place < LENGTH; place++) {
    letters = LETTERS[Number(rest & 31n)]! + letters;
    rest >>= 5n;
  }
  return letters.match(/.{6}/g)!.join("-");
}

/** The secret that a code stands for, however it is grouped; undefined when it is none. */
export async function secretOf(code: string): Promise<bigint | undefined> {
  const letters = code.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (letters.length !== LENGTH || [...letters].some((letter) => !LETTERS.includes(letter))) return undefined;
  const whole = [...letters].reduce((sum, letter) => (sum << 5n) | BigInt(LETTERS.indexOf(letter)), 0n);
  const secret = whole >> CHECK_BITS;
  return (whole & ((1n << CHECK_BITS) - 1n)) === (await check(secret)) ? secret : undefined;
}

async function check(secret: bigint): Promise<bigint> {
  const digest = await sha256(joined([utf8("vibestream-secret-v1"), bytesOf(secret, BYTES)]));
  return bigint(digest.slice(0, 3)) >> (24n - CHECK_BITS);
}
