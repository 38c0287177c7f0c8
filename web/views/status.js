/** How the app is: what it runs, holds and could not index, and how long it takes. */

import { fetched, get, post } from "../lib/api.js";
import { h, icon, replace } from "../lib/dom.js";
import { date, number, t } from "../lib/i18n.js";
import { errorState, loading, notice } from "../lib/notice.js";
import { go, href } from "../lib/router.js";
import { jobCard } from "./jobcard.js";

export const title = "nav.status";

const FAILURES = 20;

export function render(container, _params, signal) {
  const timed = part("status.timings", timings);
  const [first, second, ...rest] = [part("status.health", health), part("status.holds", holds), part("status.failures", failures), part("status.jobs", jobs)];
  const tiles = [first, second, timed, ...rest].map((each) => each.element);
  replace(container, h("div.stack.work", { dataset: { view: "status" } }, h("h1", {}, t("nav.status")), h("div.tiles", {}, tiles)));
  // timed last, and by itself: else it would measure the waiting for the others
  Promise.all([first, second, ...rest].map((each) => each.show(signal))).then(() => timed.show(signal));
}

/** A section that shows what `ask` comes to, each by itself: one that fails takes no other along. */
function part(name, ask) {
  const id = name.replace(".", "-");
  const place = h("div.stack", {}, loading());
  const element = h("section.card.stack", { "aria-labelledby": id, dataset: { part: name } }, h("h2", { id }, t(name)), place);
  const show = async (signal) => {
    try {
      replace(place, await ask(signal, () => show(signal)));
    } catch (error) {
      if (!signal.aborted) replace(place, errorState(error, () => { replace(place, loading()); show(signal); }));
    }
  };
  return { element, show };
}

async function health(signal) {
  const said = await get("health", { deep: "true" }, { signal });
  return [h("p.row", {}, icon(said.status === "running" ? "check" : "warning"), t(`status.${said.status}`)),
    said.warnings?.map((each) => h("p.banner", {}, icon("warning"), each)),
    facts(Object.entries(said.checks ?? {}).map(([name, state]) => [t(`status.check.${name}`), state === "ok" ? t("status.ok") : state])),
    h("p.small.muted", {}, t("status.version", { version: said.version }))];
}

async function holds(signal) {
  const said = await get("stats", {}, { signal });
  const looked = said.cache.hits + said.cache.misses;
  const model = `${said.model.name}, ${said.model.precision}, ${t("status.dimensions", { count: said.model.dimension })}`;
  return [facts([
    [t("status.products"), countText(said.products, "status.counts.unknown")],
    [t("status.images"), countText(said.images, "status.counts.unknown")],
    [t("status.vectors"), countText(said.vectors, "status.counts.unknown")],
    [t("status.events"), countText(said.events_waiting, "status.events.unknown")],
    [t("status.model"), model],
    [t("status.collection"), said.collection],
    [t("status.cache"), looked ? t("status.cache.says", { share: Math.round((100 * said.cache.hits) / looked), count: said.cache.entries }) : t("status.cache.empty")],
    [t("status.uptime"), t("status.minutes", { count: Math.max(1, Math.round(said.uptime_s / 60)) })],
  ]), said.model.warning && h("p.banner", {}, icon("warning"), said.model.warning)];
}

/** @param {number | null} count null: what counts it does not answer */
function countText(count, unknown) {
  return count === null ? t(unknown) : number(count);
}

/** One search, as it is just now: what the app says it took, and what the way here took. */
async function timings(signal) {
  const began = performance.now();
  const answer = await fetched("POST", "search", { json: { query: t("status.query"), limit: 1, personal: false }, signal });
  await answer.arrayBuffer(); // the way back ends with its last byte
  const whole = performance.now() - began;
  const stages = [...(answer.headers.get("server-timing") ?? "").matchAll(/(\w+)(?:;desc=[^;,]*)?;dur=([\d.]+)/g)].map(([, name, ms]) => [name, Number(ms)]);
  const app = stages.find(([name]) => name === "total")?.[1] ?? 0;
  const shown = stages.filter(([name]) => name !== "total").map(([name, ms]) => [t(`status.stage.${name}`), milliseconds(ms)]);
  return [facts([[t("status.round"), milliseconds(whole)], [t("status.app"), milliseconds(app)], ...shown]), h("p.small.muted", {}, t("status.timings.text"))];
}

async function failures(signal, again) {
  const { failures: found, cursor } = await get("index-failures", { limit: FAILURES }, { signal });
  if (found.length === 0) return h("p.row", {}, icon("check"), t("status.failures.none"));
  const retry = async (event) => {
    event.target.disabled = true;
    const query = { all: cursor ? "true" : "" }; // more than one page is a job's work
    const said = await post("index-failures/retry", undefined, { query, signal }).catch((error) => { notice(error.message, { kind: "error" }); return null; });
    if (said && cursor) notice(t("jobs.started"), { action: { label: t("status.jobs.all"), run: () => go("jobs") } });
    else if (said) notice(t("status.retried", { tried: said.tried, failed: said.failed }));
    again();
  };
  return [h("ul.problems", {}, found.map((each) => h("li", {}, h("strong", {}, each.blob), ": ", each.reason, h("span.small.muted", {}, ` ${date(each.at)}`)))),
    cursor && h("p.small.muted", {}, t("status.failures.more", { count: FAILURES })),
    h("div.row", {}, h("button", { type: "button", onclick: retry }, icon("refresh"), t(cursor ? "status.retry.all" : "status.retry")))];
}

async function jobs(signal, again) {
  const { jobs: found } = await get("jobs", {}, { signal });
  const all = h("a", { href: href("jobs") }, t("status.jobs.all"));
  if (found.length === 0) return [h("p.muted", {}, t("jobs.none")), all];
  return [h("ul.jobs", {}, found.slice(0, 3).map((job) => jobCard(job, again))), all];
}

function facts(rows) {
  return h("dl.facts", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd.number", {}, value)]));
}

function milliseconds(ms) {
  return t("says.took", { ms: number(ms, { maximumFractionDigits: ms < 10 ? 1 : 0 }) });
}
