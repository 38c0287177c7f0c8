/** The Status view: health, catalogue contents, timings, indexing failures and recent jobs. */

import { fetchResponse, get, post } from "../lib/api.js";
import { h, renderIcon, replace } from "../lib/dom.js";
import { formatDate, formatNumber, t } from "../lib/i18n.js";
import { renderError, renderLoading, showError, showNotice } from "../lib/notice.js";
import { go, linkTo } from "../lib/router.js";
import { renderJobCard } from "./jobcard.js";

export const title = "nav.status";

const FAILURES = 20;

export function render(container, _params, signal) {
  const before = [createPart("status.health", loadHealth), createPart("status.contents", loadContents)];
  const timings = createPart("status.timings", loadTimings);
  const after = [createPart("status.failures", loadFailures), createPart("status.jobs", loadJobs)];
  const tiles = [...before, timings, ...after].map((part) => part.element);
  replace(container, h("div.stack.work", { dataset: { view: "status" } }, h("h1", t("nav.status")), h("div.tiles", tiles)));
  // measured last and alone, or it would include waiting for the others
  Promise.all([...before, ...after].map((part) => part.show(signal))).then(() => timings.show(signal));
}

/** Creates a section that shows what `load` returns; if one fails, the others still show. */
function createPart(name, load) {
  const id = name.replace(".", "-");
  const content = h("div.stack", renderLoading());
  const element = h("section.card.stack", { "aria-labelledby": id, dataset: { part: name } }, h("h2", { id }, t(name)), content);
  const show = async (signal) => {
    try {
      replace(content, await load(signal, () => show(signal)));
    } catch (error) {
      if (!signal.aborted) replace(content, renderError(error, () => { replace(content, renderLoading()); show(signal); }));
    }
  };
  return { element, show };
}

async function loadHealth(signal) {
  const health = await get("health", { deep: "true" }, { signal });
  return [h("p.row", renderIcon(health.status === "running" ? "check" : "warning"), t(`status.${health.status}`)),
    health.warnings?.map((text) => h("p.banner", renderIcon("warning"), text)),
    renderFacts(Object.entries(health.checks ?? {}).map(([name, state]) => [t(`status.check.${name}`), state === "ok" ? t("status.ok") : state])),
    h("p.small.muted", t("status.version", { version: health.version }))];
}

async function loadContents(signal) {
  const stats = await get("stats", {}, { signal });
  const lookups = stats.cache.hits + stats.cache.misses;
  const model = `${stats.model.name}, ${stats.model.precision}, ${t("status.dimensions", { count: stats.model.dimension })}`;
  return [renderFacts([
    [t("status.products"), formatCount(stats.products, "status.counts.unknown")],
    [t("status.images"), formatCount(stats.images, "status.counts.unknown")],
    [t("status.vectors"), formatCount(stats.vectors, "status.counts.unknown")],
    [t("status.events"), formatCount(stats.events_waiting, "status.events.unknown")],
    [t("status.model"), model],
    [t("status.collection"), stats.collection],
    [t("status.cache"), lookups ? t("status.cache.text", { share: Math.round((100 * stats.cache.hits) / lookups), count: stats.cache.entries }) : t("status.cache.empty")],
    [t("status.uptime"), t("status.minutes", { count: Math.max(1, Math.round(stats.uptime_s / 60)) })],
  ]), stats.model.warning && h("p.banner", renderIcon("warning"), stats.model.warning)];
}

/** @param {number | null} count  null if the service that counts is not responding */
function formatCount(count, unknown) {
  return count === null ? t(unknown) : formatNumber(count);
}

/** Times one search: the total as the browser sees it, and what the app reports. */
async function loadTimings(signal) {
  const start = performance.now();
  const response = await fetchResponse("POST", "search", { json: { query: t("status.query"), limit: 1, personal: false }, signal });
  await response.arrayBuffer(); // the total ends with the last byte
  const totalMs = performance.now() - start;
  const stages = [...(response.headers.get("server-timing") ?? "").matchAll(/(\w+)(?:;desc=[^;,]*)?;dur=([\d.]+)/g)].map(([, name, ms]) => [name, Number(ms)]);
  const appMs = stages.find(([name]) => name === "total")?.[1] ?? 0;
  const stageRows = stages.filter(([name]) => name !== "total").map(([name, ms]) => [t(`status.stage.${name}`), formatMs(ms)]);
  return [renderFacts([[t("status.total"), formatMs(totalMs)], [t("status.app"), formatMs(appMs)], ...stageRows]), h("p.small.muted", t("status.timings.text"))];
}

async function loadFailures(signal, reload) {
  const { failures, cursor } = await get("index-failures", { limit: FAILURES }, { signal });
  if (failures.length === 0) return h("p.row", renderIcon("check"), t("status.failures.none"));
  const retry = async (event) => {
    event.target.disabled = true;
    const query = { all: cursor ? "true" : "" }; // more than one page is retried by a job
    const outcome = await post("index-failures/retry", undefined, { query, signal }).catch((error) => { showError(error); return null; });
    if (outcome && cursor) showNotice(t("jobs.started"), { action: { label: t("status.jobs.all"), run: () => go("jobs") } });
    else if (outcome) showNotice(t("status.retried", { tried: outcome.tried, failed: outcome.failed }));
    reload();
  };
  return [h("ul.problems", failures.map((failure) => h("li", h("strong", failure.blob), ": ", failure.reason, h("span.small.muted", ` ${formatDate(failure.at)}`)))),
    cursor && h("p.small.muted", t("status.failures.more", { count: FAILURES })),
    h("div.row", h("button", { onclick: retry }, renderIcon("refresh"), t(cursor ? "status.retry.all" : "status.retry")))];
}

async function loadJobs(signal, reload) {
  const { jobs } = await get("jobs", {}, { signal });
  const allJobs = h("a", { href: linkTo("jobs") }, t("status.jobs.all"));
  if (jobs.length === 0) return [h("p.muted", t("jobs.none")), allJobs];
  return [h("ul.jobs", jobs.slice(0, 3).map((job) => renderJobCard(job, reload))), allJobs];
}

function renderFacts(rows) {
  return h("dl.facts", rows.map(([name, value]) => [h("dt", name), h("dd.number", value)]));
}

function formatMs(ms) {
  return t("milliseconds", { ms: formatNumber(ms, { maximumFractionDigits: ms < 10 ? 1 : 0 }) });
}
