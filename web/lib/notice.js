/** What happened, said where it is seen and heard: toasts, and what stands in a view's place. */

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

const SHOWN_MS = 7_000;
const SLOW_MS = 3_000;

const TITLES = { 0: "error.title.offline", 401: "error.title.key" };

const region = h("div.notices", { role: "status", "aria-live": "polite" });

/**
 * A message at the edge of the page, for a while.
 * @param {string} text
 * @param {{kind?: "info" | "error", action?: {label: string, run: () => void}}} [options]
 */
export function notice(text, { kind = "info", action } = {}) {
  (document.querySelector("dialog[open]") ?? document.body).append(region); // what is behind a dialog is not heard
  const box = h("div.notice", { class: kind }, h("span", {}, text));
  if (action) box.append(h("button.quiet", { type: "button", onclick: () => { box.remove(); action.run(); } }, action.label));
  region.append(box);
  setTimeout(() => box.remove(), SHOWN_MS);
}

/**
 * In place of what could not be had: what went wrong, and the way out.
 * @param {(() => void) | null} retry  @param {...any} actions  buttons and links beside it, or instead
 */
export function errorState(error, retry, ...actions) {
  return h("div.state", { role: "alert" }, icon("warning"),
    h("h2", {}, t(TITLES[error.status] ?? "error.title")),
    h("p", {}, error.message || t("error.unknown", { status: "" })),
    error.errors?.length > 1 && h("ul", {}, error.errors.map((each) => h("li", {}, `${each.field}: ${each.message}`))),
    h("div.row", {}, retry && h("button.primary", { type: "button", onclick: retry }, t("retry")), actions));
}

export function emptyState(title, text, ...actions) {
  return h("div.state", {}, icon("search"), h("h2", {}, title), h("p", {}, text), h("div.row", {}, actions));
}

/** Says that it takes longer than usual, if `isStill` waiting by then. */
export function slowly(say, signal, isStill) {
  const timer = setTimeout(() => { if (isStill()) say(); }, SLOW_MS);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/** Something turns; after a while it says why that may be. */
export function loading() {
  const words = h("p.muted", {}, t("loading"));
  const slow = setTimeout(() => { words.textContent = t("loading.slow"); }, SLOW_MS);
  const box = h("div.state.loading", { role: "status" }, h("span.spinner"), words);
  new MutationObserver((_, watching) => {
    if (!box.isConnected) { clearTimeout(slow); watching.disconnect(); }
  }).observe(document.body, { childList: true, subtree: true });
  return box;
}
