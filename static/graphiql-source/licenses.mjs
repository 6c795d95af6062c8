/** Gathers the licence texts of every package whose code or style is in a bundle. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

const LICENCE_FILE = /^(licen[cs]e|copying|copyrightnotice|notice|third-?party-?notices)/i;
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const INTRODUCTION = `The script, the workers and the style sheet in this folder contain code of the packages below.
The icon font in the style sheet is Codicon, by Microsoft, of the repository vscode-codicons:
its icons are under CC BY 4.0, https://creativecommons.org/licenses/by/4.0/legalcode
This file is written by source/build.mjs.`;

/** The text of LICENSES.txt for an esbuild metafile whose paths start in `root`. */
export async function bundledLicenses(metafile, root) {
  const found = await Promise.all(packageFolders(metafile).map((folder) => readPackage(path.join(root, folder))));
  const packages = [...new Map(found.map((one) => [one.title, one])).values()].sort(byTitle);
  return [INTRODUCTION, ...packages.map((one) => section(one, packages))].join("\n\n") + "\n";
}

/** Folders of the packages that left at least one byte in an output. */
function packageFolders(metafile) {
  const used = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([input]) => input.match(PACKAGE_FOLDER)?.[0])
      .filter(Boolean),
  );
  return [...new Set(used)];
}

async function readPackage(folder) {
  const { name, version, license, author, repository } = JSON.parse(
    await readFile(path.join(folder, "package.json"), "utf8"),
  );
  const files = (await readdir(folder)).filter((file) => LICENCE_FILE.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
  return {
    title: `${name} ${version}`,
    license,
    author: author?.name ?? author,
    repository: (repository?.url ?? repository)?.replace(/^git\+|\.git$/g, ""),
    texts: texts.map(tidy),
  };
}

function byTitle(one, other) {
  return one.title < other.title ? -1 : 1;
}

function section(one, packages) {
  const rule = "=".repeat(78);
  const heading = `${rule}\n${one.title}\nLicence: ${one.license}\n${rule}`;
  return [heading, ...(one.texts.length ? one.texts : [standIn(one, packages)])].join("\n\n");
}

/** For a package published without its licence file: where the same repository's text is, or whose work it is. */
function standIn(one, packages) {
  const sibling = packages.find(({ repository, texts }) => repository === one.repository && texts.length);
  if (sibling) return `Of the same repository, and under the same text, as ${sibling.title}.`;
  return `By ${one.author ?? `the contributors of ${one.repository}`}.`;
}

/** One kind of line end, and none of the blanks that end a line. */
function tidy(text) {
  return text.replace(/\r\n?/g, "\n").replace(/[ \t]+$/gm, "").trim();
}
