/** A bulk job as a card: how far it is, what failed and why, and the way to stop it. */

import { del } from "../lib/api.js";
import { h, icon, replace } from "../lib/dom.js";
import { dialog } from "../lib/dialog.js";
import { date, number, t } from "../lib/i18n.js";
import { notice } from "../lib/notice.js";

export const isRunning = (job) => job.state === "queued" || job.state === "running";

/** @param {() => void} changed  called after the job was cancelled */
export function jobCard(job, changed) {
  const bar = h("progress", { max: job.total ?? Math.max(job.listed, 1), "aria-label": t("jobs.progress") });
  if (job.total !== null || !isRunning(job)) bar.value = job.total === 0 ? 1 : job.done;
  return h("li.card.job", { dataset: { job: job.id, state: job.state } },
    h("header.row", {}, h("h3", {}, sourceOf(job)), h("span.chip", { class: job.state }, t(`jobs.state.${job.state}`)), job.phase && h("span.small.muted", {}, t(`jobs.phase.${job.phase.replace(" ", "_")}`))),
    bar,
    h("p.number", { role: "status" }, countsOf(job)),
    h("p.small.muted", {}, timesOf(job)),
    job.error && h("p.error", { role: "alert" }, job.error),
    job.problems.length > 0 && problems(job),
    isRunning(job) && h("div.row", {}, h("button.danger", { type: "button", onclick: () => cancel(job, changed) }, icon("close"), t("jobs.cancel"))));
}

/** The card again with its newest state; what was opened stays open. */
export function renewed(card, job, changed) {
  const fresh = jobCard(job, changed);
  if (card.querySelector("details[open]")) fresh.querySelector("details")?.setAttribute("open", "");
  const hadFocus = card.contains(document.activeElement) ? document.activeElement.tagName : "";
  const said = card.querySelector("[role=status]"); // kept: what is put in anew is read out anew
  const news = fresh.querySelector("[role=status]");
  if (said.textContent !== news.textContent) said.textContent = news.textContent;
  news.replaceWith(said);
  replace(card, ...fresh.childNodes);
  card.dataset.state = job.state;
  if (hadFocus) card.querySelector(hadFocus.toLowerCase())?.focus({ preventScroll: true });
}

/** The app keeps a sent feed under a name of its own; this tab knows what the file was called. */
export function remember(job, fileName) {
  sessionStorage.setItem(`feed ${job.id}`, fileName);
}

function sourceOf({ id, source }) {
  const fileName = sessionStorage.getItem(`feed ${id}`);
  if (fileName) return t("jobs.source.feed", { name: fileName });
  if (source.kind === "feed" && source.name.startsWith("posted/")) return t("jobs.source.sent");
  if (source.kind === "container") return source.name ? t("jobs.source.prefix", { name: source.name }) : t("jobs.source.all");
  return t(`jobs.source.${source.kind}`, { name: source.name });
}

function countsOf(job) {
  const parts = [
    job.total === null ? t("jobs.listed", { count: job.listed }) : t("jobs.done", { done: job.done, total: job.total }),
    job.indexed && t("jobs.indexed", { count: job.indexed }),
    job.skipped && t("jobs.skipped", { count: job.skipped }),
    job.removed && t("jobs.removed", { count: job.removed }),
    job.failed && t("jobs.failed", { count: job.failed }),
  ];
  return parts.filter(Boolean).join(" · ");
}

function timesOf(job) {
  const parts = [
    date(job.started),
    job.images_per_second && t("jobs.rate", { rate: number(job.images_per_second, { maximumFractionDigits: 1 }) }),
    job.eta_s !== null && t("jobs.eta", { count: job.eta_s }),
    job.ended && t("jobs.ended", { at: date(job.ended) }),
  ];
  return parts.filter(Boolean).join(" · ");
}

function problems(job) {
  return h("details", {}, h("summary", {}, t("jobs.problems", { count: job.failed })),
    h("ul.problems", {}, job.problems.map(({ what, reason }) => h("li", {}, h("strong", {}, what), ": ", reason))),
    job.failed > job.problems.length && h("p.small.muted", {}, t("jobs.problems.first", { count: job.problems.length })));
}

async function cancel(job, changed) {
  const sure = await dialog({
    title: t("jobs.cancel.title"),
    body: h("p", {}, t("jobs.cancel.text")),
    actions: [{ label: t("jobs.cancel.no"), value: null }, { label: t("jobs.cancel"), value: true, primary: true }],
  });
  if (!sure) return;
  await del(`jobs/${encodeURIComponent(job.id)}`).catch((error) => notice(error.message, { kind: "error" }));
  changed();
}
