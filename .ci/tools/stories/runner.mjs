// Loaded before gitlab-ci-local: starts its jobs as GitLab does. On its own a job waits for ever for one that is skipped, so no message about
// a failed pipeline is sent; and a job behind one that runs always is kept back by the failure before that.
// https://docs.gitlab.com/ci/yaml/#when: `on_failure` runs when a job in an earlier stage failed, and one that is skipped is over.
import {register} from "node:module";

const from = /static getStartCandidates\(([\w$]+),([\w$]+),([\w$]+),([\w$]+)\)\{let ([\w$]+)=\[\];for\(let [\w$]+ of\[\.\.\.new Set\(\3\)\]\).*?return \5\}/;
const to = `static getStartCandidates(all, stages, jobs, manual) {
  const known = new Map();
  const state = (job) => {
    if (job.finished) return !job.allowFailure && (job.preScriptsExitCode ?? 0) > 0 ? "failed" : "success";
    if (job.started) return "pending";
    if (!known.has(job)) known.set(job, due(job));
    const asked = known.get(job);
    return asked === "ready" ? "pending" : asked;
  };
  const due = (job) => {
    const before = job.needs ? this.getNeededToWaitFor(all, manual, job) :
      this.getPreviousToWaitFor(all, stages, job).filter((one) => one.when !== "never" && (one.when !== "manual" || manual.includes(one.name)));
    const states = before.map(state);
    if (states.includes("pending")) return "pending";
    const failed = states.includes("failed");
    if (job.when === "always") return "ready";
    if (job.when === "on_failure") return failed ? "ready" : "skipped";
    return failed || job.needs && states.includes("skipped") ? "skipped" : "ready";
  };
  return [...new Set(jobs)].filter((job) => !job.started && due(job) === "ready");
}`;
register("data:text/javascript," + encodeURIComponent(`
export async function load(url, context, next) {
  const module = await next(url, context);
  if (!url.includes("/gitlab-ci-local/")) return module;
  const source = module.source.toString();
  const changed = source.replace(${from}, () => ${JSON.stringify(to)});
  if (changed === source) throw new Error("gitlab-ci-local starts jobs in another place than before: see runner.mjs");
  return {...module, source: changed};
}`), import.meta.url);
