/** Messages to the user: toasts, and what stands in for content that is empty, loading or failed. */

import { h, renderIcon } from "./dom.js";
import { t } from "./i18n.js";

const NOTICE_MS = 7_000;
const SLOW_MS = 3_000;

const TITLES = { 0: "error.title.offline", 401: "error.title.key" };

const region = h("div.notices", { role: "status", "aria-live": "polite" });

/**
 * Shows a message at the edge of the page for a few seconds.
 * @param {string} text
 * @param {{kind?: "info" | "error", action?: {label: string, run: () => void}}} [options]
 */
export function showNotice(text, { kind = "info", action } = {}) {
  (document.querySelector("dialog[open]") ?? document.body).append(region); // screen readers ignore what is behind a dialog
  const box = h("div.notice", { class: kind }, h("span", text));
  if (action) box.append(h("button.quiet", { onclick: () => { box.remove(); action.run(); } }, action.label));
  region.append(box);
  setTimeout(() => box.remove(), NOTICE_MS);
}

/** @param {any} error  an error or its message */
export function showError(error) {
  showNotice(error.message ?? error, { kind: "error" });
}

/**
 * Renders what went wrong in place of the content, with a way out.
 * @param {(() => void) | null} retry  @param {...any} actions  buttons and links beside it, or instead of it
 */
export function renderError(error, retry, ...actions) {
  return h("div.state", { role: "alert" }, renderIcon("warning"),
    h("h2", t(TITLES[error.status] ?? "error.title")),
    h("p", error.message || t("error.unknown", { status: "" })),
    error.errors?.length > 1 && h("ul", error.errors.map((problem) => h("li", `${problem.field}: ${problem.message}`))),
    h("div.row", retry && h("button.primary", { onclick: retry }, t("retry")), actions));
}

export function renderEmpty(title, text, ...actions) {
  return h("div.state", renderIcon("search"), h("h2", title), h("p", text), h("div.row", actions));
}

/** Calls back after a few seconds if `isWaiting()` is still true. */
export function callIfSlow(callback, signal, isWaiting) {
  const timer = setTimeout(() => { if (isWaiting()) callback(); }, SLOW_MS);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/** Renders a spinner; after a few seconds it says why it may take longer. */
export function renderLoading() {
  const text = h("p.muted", t("loading"));
  const slow = setTimeout(() => { text.textContent = t("loading.slow"); }, SLOW_MS);
  const box = h("div.state.loading", { role: "status" }, h("span.spinner"), text);
  new MutationObserver((_, observer) => {
    if (!box.isConnected) { clearTimeout(slow); observer.disconnect(); }
  }).observe(document.body, { childList: true, subtree: true });
  return box;
}
