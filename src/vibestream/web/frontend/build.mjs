// Bundles the islands, the styles, the fonts and the icon sprite into one folder of files named by their content, with a
// manifest that tells the server each file's name and integrity. Usage: node build.mjs OUT [--development]
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const [out, mode] = process.argv.slice(2);
const development = mode === "--development";

await mkdir(out, { recursive: true });
const { metafile } = await esbuild.build({
  entryPoints: { app: "src/app.ts", style: "styles/style.css" },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: !development,
  sourcemap: development ? "linked" : false,
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  metafile: true,
  logLevel: "warning",
});

// The service worker keeps its name: a browser asks for it again by it.
await esbuild.build({
  entryPoints: ["src/service-worker.ts"],
  outfile: join(out, "service-worker.js"),
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: !development,
  logLevel: "warning",
});

// The prover's thread is a script of its own, with a policy of its own, and without a module's imports. Functions in it are sent
// to its helpers as their text, so nothing that esbuild could hoist out of them may be: no lowering, no kept names.
const prover = await esbuild.build({
  entryPoints: { prover: "src/prover/worker.ts" },
  outdir: out,
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: !development,
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  metafile: true,
  logLevel: "warning",
});

const files = {};
for (const [path, output] of Object.entries(prover.metafile.outputs)) {
  if (output.entryPoint) files["prover.js"] = basename(path);
}
for (const [path, output] of Object.entries(metafile.outputs)) {
  const name = basename(path);
  if (output.entryPoint === "src/app.ts") files["app.js"] = name;
  if (output.entryPoint === "styles/style.css") files["style.css"] = name;
  if (/^(inter-latin-wght-normal|bricolage-grotesque-latin-opsz-normal)-/.test(name)) {
    files[name.replace(/-[^-]+\.woff2$/, ".woff2")] = name;
  }
}
files["icons.svg"] = await keep("icons.svg", await sprite());
for (const name of await readdir("images")) files[name] = await keep(name, await readFile(join("images", name)));

for (const file of await readdir(out)) {
  if (/\.(js|css|svg)$/.test(file)) await writeFile(join(out, `${file}.gz`), gzipSync(await readFile(join(out, file)), { level: 9 }));
}

const manifest = {};
for (const [name, file] of Object.entries(files)) {
  const content = await readFile(join(out, file));
  manifest[name] = { file, integrity: `sha384-${createHash("sha384").update(content).digest("base64")}` };
}
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, null, 2));

/** One file of <symbol>s, so that an icon costs a page forty bytes and the browser fetches the shapes once. */
async function sprite() {
  const symbols = [];
  for (const file of (await readdir("icons")).sort()) {
    const drawing = await readFile(join("icons", file), "utf8");
    const [, attributes, shapes] = drawing.match(/<svg([^>]*)>([\s\S]*)<\/svg>/);
    const kept = attributes.replace(/\s(?:xmlns|width|height)="[^"]*"/g, "");
    symbols.push(`<symbol id="${basename(file, ".svg")}"${kept}>${shapes.trim()}</symbol>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

/** Write a file that is not bundled under a name that its content decides. */
async function keep(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const file = name.replace(/(\.[^.]+)$/, `-${hash}$1`);
  await writeFile(join(out, file), content);
  return file;
}
