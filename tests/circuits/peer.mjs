// snarkjs as a peer: answers a list of tasks from standard input with a list of answers, in one process.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { circuits, tasks } = JSON.parse(readFileSync(0, "utf8"));
const snarkjs = createRequire(circuits + "/package.json")("snarkjs");

// snarkjs reads its logger without looking whether it has one, when a witness is refused.
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const doing = {
  // A witness, or the sentence with which the circuit's own program refuses.
  calculate: async ({ input, wasm, witness }) => {
    try {
      await snarkjs.wtns.calculate(input, wasm, witness);
      return null;
    } catch (error) {
      return String(error);
    }
  },
  check: ({ r1cs, witness }) => snarkjs.wtns.check(r1cs, witness, quiet),
  prove: ({ input, wasm, zkey }) => snarkjs.groth16.fullProve(input, wasm, zkey),
  verify: ({ key, proof, publicSignals }) => snarkjs.groth16.verify(key, publicSignals, proof),
};

const answers = [];
for (const { task, ...rest } of tasks) answers.push(await doing[task](rest));
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
