/** The card of a bulk job: its progress, what failed and why, and a button to cancel it. */

import { del } from "../lib/api.js";
import { h, renderIcon, replace } from "../lib/dom.js";
import { confirm } from "../lib/dialog.js";
import { formatDate, formatNumber, t } from "../lib/i18n.js";
import { showError } from "../lib/notice.js";

export const isRunning = (job) => job.state === "queued" || job.state === "running";

/** @param {() => void} onChange  called after the job was cancelled */
export function renderJobCard(job, onChange) {
  const bar = h("progress", { max: job.total ?? Math.max(job.listed, 1), "aria-label": t("jobs.progress") });
  if (job.total !== null || !isRunning(job)) bar.value = job.total === 0 ? 1 : job.done;
  return h("li.card.job", { dataset: { job: job.id, state: job.state } },
    h("header.row", h("h3", formatSource(job)), h("span.chip", { class: job.state }, t(`jobs.state.${job.state}`)), job.phase && h("span.small.muted", t(`jobs.phase.${job.phase.replace(" ", "_")}`))),
    bar,
    h("p.number", { role: "status" }, formatCounts(job)),
    h("p.small.muted", formatTimes(job)),
    job.error && h("p.error", { role: "alert" }, job.error),
    job.problems.length > 0 && renderProblems(job),
    isRunning(job) && h("div.row", h("button.danger", { onclick: () => cancelJob(job, onChange) }, renderIcon("close"), t("jobs.cancel"))));
}

/** Updates a card in place; opened details stay open. */
export function updateJobCard(card, job, onChange) {
  const newCard = renderJobCard(job, onChange);
  if (card.querySelector("details[open]")) newCard.querySelector("details")?.setAttribute("open", "");
  const hadFocus = card.contains(document.activeElement) ? document.activeElement.tagName : "";
  const status = card.querySelector("[role=status]"); // kept, because a new element would be read out again
  const newStatus = newCard.querySelector("[role=status]");
  if (status.textContent !== newStatus.textContent) status.textContent = newStatus.textContent;
  newStatus.replaceWith(status);
  replace(card, ...newCard.childNodes);
  card.dataset.state = job.state;
  if (hadFocus) card.querySelector(hadFocus.toLowerCase())?.focus({ preventScroll: true });
}

/** Remembers the name of an uploaded feed in this tab; the app stores it under a name of its own. */
export function rememberFileName(job, fileName) {
  sessionStorage.setItem(`feed ${job.id}`, fileName);
}

function formatSource({ id, source }) {
  const fileName = sessionStorage.getItem(`feed ${id}`);
  if (fileName) return t("jobs.source.feed", { name: fileName });
  if (source.kind === "feed" && source.name.startsWith("posted/")) return t("jobs.source.uploaded");
  if (source.kind === "container") return source.name ? t("jobs.source.prefix", { name: source.name }) : t("jobs.source.all");
  return t(`jobs.source.${source.kind}`, { name: source.name });
}

function formatCounts(job) {
  const parts = [
    job.total === null ? t("jobs.listed", { count: job.listed }) : t("jobs.done", { done: job.done, total: job.total }),
    job.indexed && t("jobs.indexed", { count: job.indexed }),
    job.skipped && t("jobs.skipped", { count: job.skipped }),
    job.removed && t("jobs.removed", { count: job.removed }),
    job.failed && t("jobs.failed", { count: job.failed }),
  ];
  return parts.filter(Boolean).join(" · ");
}

function formatTimes(job) {
  const parts = [
    formatDate(job.started),
    job.images_per_second && t("jobs.rate", { rate: formatNumber(job.images_per_second, { maximumFractionDigits: 1 }) }),
    job.eta_s !== null && t("jobs.eta", { count: job.eta_s }),
    job.ended && t("jobs.ended", { at: formatDate(job.ended) }),
  ];
  return parts.filter(Boolean).join(" · ");
}

function renderProblems(job) {
  return h("details", h("summary", t("jobs.problems", { count: job.failed })),
    h("ul.problems", job.problems.map(({ what, reason }) => h("li", h("strong", what), ": ", reason))),
    job.failed > job.problems.length && h("p.small.muted", t("jobs.problems.first", { count: job.problems.length })));
}

async function cancelJob(job, onChange) {
  const isConfirmed = await confirm({ title: t("jobs.cancel.title"), text: t("jobs.cancel.text"), yes: t("jobs.cancel"), no: t("jobs.cancel.no") });
  if (!isConfirmed) return;
  await del(`jobs/${encodeURIComponent(job.id)}`).catch(showError);
  onChange();
}
