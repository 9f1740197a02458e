// One step of a ceremony by snarkjs: a task from standard input, its answer on standard output, how far it is on standard
// error, a line each. What is drawn here lives in this process only and is gone with it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { circuits, step, files, name, entropy, beacon, power } = JSON.parse(readFileSync(0, "utf8"));
const snarkjs = createRequire(circuits + "/package.json")("snarkjs");

const said = [];
let last = "";
const tell = (message) => {
  const what = String(message).split(/:|\n/)[0].trim();
  if (what !== last) process.stderr.write((last = what) + "\n");
};
const logger = {
  debug: tell,
  info: (message) => void said.push(String(message)),
  warn: (message) => void said.push("warning: " + message),
  error: (message) => void said.push("refused: " + message),
};

const { r1cs, powers, prepared, key, made } = files;
const steps = {
  async begin_powers() {
    const curve = await snarkjs.curves.getCurveFromName("bn128");
    await snarkjs.powersOfTau.newAccumulator(curve, power, made, logger);
  },
  contribute_powers: () => snarkjs.powersOfTau.contribute(powers, made, name, entropy, logger),
  end_powers: () => snarkjs.powersOfTau.beacon(powers, made, name, beacon.value, beacon.exponent, logger),
  prepare: () => snarkjs.powersOfTau.preparePhase2(powers, made, logger),
  verify_powers: () => snarkjs.powersOfTau.verify(powers, logger),
  begin_key: () => snarkjs.zKey.newZKey(r1cs, prepared, made, logger),
  contribute_key: () => snarkjs.zKey.contribute(key, made, name, entropy, logger),
  end_key: () => snarkjs.zKey.beacon(key, made, name, beacon.value, beacon.exponent, logger),
  verify_key: () => snarkjs.zKey.verifyFromR1cs(r1cs, prepared, key, logger),
  verifying_key: () => snarkjs.zKey.exportVerificationKey(key, logger),
};

// The curve's worker threads never end by themselves.
const answer = (await steps[step]()) ?? null;
const text = JSON.stringify({ answer: answer instanceof Uint8Array ? null : answer, said });
process.stdout.write(text, () => process.exit(0));
