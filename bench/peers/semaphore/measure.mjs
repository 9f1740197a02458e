// Proves our claim and Semaphore v4's membership in turns, with the same snarkjs in the same process, and prints the milliseconds.
//
//     node measure.mjs < {"rounds": 7, "ours": {"input": {...}, "wasm": "claim.wasm", "zkey": "claim.zkey"}}
//
// Semaphore's tree has one leaf, so its path is empty: the circuit for 20 levels does the same work whatever the path is.
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { groth16 } from "snarkjs";

const DEPTH = 20;
const { rounds, ours } = JSON.parse(readFileSync(0, "utf8"));
const artifacts = dirname(createRequire(import.meta.url).resolve("@zk-kit/semaphore-artifacts/package.json"));
const semaphore = {
  input: {
    secret: "12345",
    merkleProofLength: 0,
    merkleProofIndex: 0,
    merkleProofSiblings: Array(DEPTH).fill(0),
    message: "1",
    scope: "2",
  },
  wasm: join(artifacts, `semaphore-${DEPTH}.wasm`),
  zkey: join(artifacts, `semaphore-${DEPTH}.zkey`),
};
const key = JSON.parse(readFileSync(join(artifacts, `semaphore-${DEPTH}.json`), "utf8"));

async function prove({ input, wasm, zkey }) {
  const began = performance.now();
  const proven = await groth16.fullProve(input, wasm, zkey);
  return { ms: performance.now() - began, proven };
}

const { proven } = await prove(semaphore);
if (!(await groth16.verify(key, proven.publicSignals, proven.proof))) throw new Error("Semaphore's key refuses its own proof");
await prove(ours);
const taken = { ours: [], semaphore: [] };
for (let round = 0; round < rounds; round += 1) {
  taken.ours.push((await prove(ours)).ms);
  taken.semaphore.push((await prove(semaphore)).ms);
}
const sizes = { ours: statSync(ours.zkey).size, semaphore: statSync(semaphore.zkey).size };
process.stdout.write(JSON.stringify({ taken, sizes }), () => process.exit(0));
