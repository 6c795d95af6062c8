/** Builds the page's script, style sheet, Monaco workers and LICENSES.txt into the folder above. */
import { writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { bundledLicenses } from "./licenses.mjs";

const { metafile } = await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: {
    graphiql: "entry.jsx",
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
  outdir: "../graphiql",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  jsx: "automatic",
  // The icon font travels inside the style sheet: one request less, and `font-src data:` is all it needs.
  loader: { ".ttf": "dataurl", ".graphql": "text" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

await writeFile(new URL("../graphiql/LICENSES.txt", import.meta.url), await bundledLicenses(metafile, import.meta.dirname));
