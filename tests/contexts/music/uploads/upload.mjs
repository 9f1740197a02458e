// Uploads one file with tus-js-client, as a program would, and prints what came of it.
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { createRequire } from "node:module";

const { Upload } = createRequire(process.cwd() + "/")("tus-js-client");
const told = JSON.parse(process.argv[2]);
let sent = 0;

const upload = new Upload(createReadStream(told.file), {
  endpoint: told.endpoint,
  uploadUrl: told.url ?? null,
  uploadSize: statSync(told.file).size,
  chunkSize: Infinity,
  retryDelays: [0, 200, 400, 800],
  metadata: { filename: basename(told.file), filetype: "audio/flac" },
  headers: { Cookie: told.cookie },
  ...told.options,
  onProgress: (bytes) => { sent = bytes; },
  onChunkComplete: (_size, accepted) => {
    if (told.stopAfter && accepted >= told.stopAfter) upload.abort().then(() => finish(accepted));
  },
  onError: (error) => { console.error(String(error)); process.exit(1); },
  onSuccess: () => finish(sent),
});
upload.start();

function finish(bytes) {
  process.stdout.write(JSON.stringify({ sent: bytes, url: upload.url }));
  process.exit(0);
}
