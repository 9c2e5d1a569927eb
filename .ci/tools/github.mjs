// Reads workflows with GitHub's own parser and language service, without a network.
//   node github.mjs FILE…     FILE is a workflow, or an action when it is named action.yml
// Prints `file:line:column: severity: message`. A warning counts: it is how the service says "no such output".
// Exit status: 0 nothing found, 1 something found.
import {readFileSync} from "node:fs";
import {register} from "node:module";
import {basename} from "node:path";
import {pathToFileURL} from "node:url";

// The packages lie in the folder of tools, not beside this file; and they import JSON without saying so, which node refuses.
const packages = pathToFileURL(`${process.env.TOOLS}/npm/`).href;
register("data:text/javascript," + encodeURIComponent(`
import {readFile} from "node:fs/promises";
export async function resolve(name, context, next) {
  return next(name, context.parentURL === ${JSON.stringify(import.meta.url)} ? {...context, parentURL: ${JSON.stringify(packages)}} : context);
}
export async function load(url, context, next) {
  if (!url.startsWith("file:") || !url.endsWith(".json")) return next(url, context);
  return {format: "module", shortCircuit: true, source: "export default " + await readFile(new URL(url), "utf8")};
}`));
const {validate} = await import("@actions/languageservice");
const {parseWorkflow, convertWorkflowTemplate} = await import("@actions/workflow-parser");
const {FeatureFlags} = await import("@actions/expressions/features");
const {TextDocument} = await import("vscode-languageserver-textdocument");

const featureFlags = new FeatureFlags({allowCaseFunction: true});
const severities = ["error", "error", "warning"];
let found = 0;
const report = (file, line, column, severity, message) => {
  found += 1;
  console.log(`${file}:${line}:${column}: ${severity}: ${message}`);
};

for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, "utf8");
  const name = basename(file);
  const isAction = /^action\.ya?ml$/.test(name);
  // The service tells a workflow from an action by its place, so each gets the place GitHub expects.
  const place = isAction ? `file:///repository/${name}` : `file:///repository/.github/workflows/${encodeURIComponent(name)}`;
  for (const finding of await validate(TextDocument.create(place, "yaml", 1, text), {featureFlags})) {
    const severity = severities[finding.severity ?? 1];
    const {line, character} = finding.range.start;
    if (severity) report(file, line + 1, character + 1, severity, finding.message);
  }
  if (isAction) continue;
  // The conversion is what GitHub runs: it finds what the service's reading of the text does not ask for.
  const {context, value} = parseWorkflow({name, content: text}, {info() {}, verbose() {}, error() {}});
  if (value) await convertWorkflowTemplate(context, value, undefined, {featureFlags});
  for (const error of context.errors.getErrors()) report(file, error.range?.start.line ?? 1, error.range?.start.column ?? 1, "error", error.message);
}
process.exit(found ? 1 : 0);
