// Addresses of an EVM chain with their checksum: a slip of the finger in one is money for nobody.
// Source: EIP-55; Keccak-256 by the Keccak reference, section 1.2 (padding 0x01, unlike SHA-3's 0x06).
import { utf8 } from "./bytes";

const RATE = 136;
const LANES = 25;
const ROUNDS = 24;
const MASK = 2n ** 64n - 1n;

/** Why a text is no address that anybody should be paid at. */
export type Fault = "form" | "checksum" | "zero";

/** An address with its checksum, and whether what was typed had one; or what is wrong with it. */
export function readAddress(typed: string): { address: string; checked: boolean } | { fault: Fault } {
  const text = typed.trim();
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return { fault: "form" };
  const digits = text.slice(2);
  if (/^0*$/.test(digits)) return { fault: "zero" };
  const address = withChecksum(digits.toLowerCase());
  const plain = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  if (!plain && address !== text) return { fault: "checksum" };
  return { address, checked: !plain };
}

function withChecksum(digits: string): string {
  const hash = keccak256(utf8(digits));
  const written = [...digits].map((digit, at) => {
    const nibble = at % 2 ? hash[at >> 1]! & 15 : hash[at >> 1]! >> 4;
    return nibble >= 8 ? digit.toUpperCase() : digit;
  });
  return `0x${written.join("")}`;
}

/** Keccak-256 of less than a block, which an address is. */
function keccak256(data: Uint8Array): Uint8Array {
  const block = new Uint8Array(RATE);
  block.set(data);
  block[data.length]! ^= 0x01;
  block[RATE - 1]! ^= 0x80;
  const state = Array<bigint>(LANES).fill(0n);
  const view = new DataView(block.buffer);
  for (let lane = 0; lane < RATE / 8; lane += 1) state[lane] = view.getBigUint64(8 * lane, true);
  permute(state);
  const out = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 4; lane += 1) out.setBigUint64(8 * lane, state[lane]!, true);
  return new Uint8Array(out.buffer);
}

function permute(a: bigint[]): void {
  let register = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const column = [0, 1, 2, 3, 4].map((x) => a[x]! ^ a[x + 5]! ^ a[x + 10]! ^ a[x + 15]! ^ a[x + 20]!);
    for (let at = 0; at < LANES; at += 1) a[at]! ^= column[(at + 4) % 5]! ^ turned(column[(at + 1) % 5]!, 1);
    let [x, y, moved] = [1, 0, a[1]!];
    for (let step = 0; step < 24; step += 1) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const at = x + 5 * y;
      [moved, a[at]] = [a[at]!, turned(moved, (((step + 1) * (step + 2)) / 2) % 64)];
    }
    for (let row = 0; row < LANES; row += 5) {
      const old = a.slice(row, row + 5);
      for (let at = 0; at < 5; at += 1) a[row + at] = old[at]! ^ (~old[(at + 1) % 5]! & MASK & old[(at + 2) % 5]!);
    }
    for (let bit = 0; bit < 7; bit += 1) {
      if (register & 1) a[0]! ^= 1n << BigInt(2 ** bit - 1);
      register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1;
    }
  }
}

function turned(lane: bigint, by: number): bigint {
  return by === 0 ? lane : ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK;
}
