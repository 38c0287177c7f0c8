/** What stands where results would be, and what is to be said about those that are there. */

import { h, icon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { emptyState, errorState } from "../lib/notice.js";
import { go, href } from "../lib/router.js";
import { changed, conditions, unfiltered } from "./address.js";
import { requestOf } from "./request.js";
import { gridSize } from "./results.js";

const PLACES = 12;
const HOPELESS = [400, 404, 422];

/** Shapes of results to come. */
export function skeleton() {
  const places = Array.from({ length: PLACES }, () => h("li.product.coming", {}, h("span.plate"), h("span.line"), h("span.line.short")));
  return h("ul.grid", { "aria-hidden": "true", dataset: { size: gridSize() } }, places);
}

/** What cannot be searched for will not be another time: a way to begin anew, and none to try again. */
export function failed(error, retry) {
  if (!HOPELESS.includes(error.status)) return errorState(error, retry);
  if (error.errors.some(({ field }) => field === "vector")) error.message = t("search.vector");
  return errorState(error, null, h("a.button.primary", { href: href("search") }, t("search.new")));
}

/** Nothing was found: what may be done about it depends on what was asked. */
export function nothing(params) {
  const isFiltered = conditions(params).length > 0;
  const off = isFiltered && h("button", { type: "button", onclick: () => go("search", unfiltered(params)) }, t("filters.none"));
  if (requestOf(params) === null && !params.has("saved")) {
    if (isFiltered) return emptyState(t("nothing.title"), t("nothing.filtered"), off);
    return emptyState(t("nothing.yet"), t("nothing.yet.text"), h("a.button.primary", { href: href("upload") }, t("nothing.add")));
  }
  return emptyState(t("nothing.title"), t(isFiltered ? "nothing.filtered" : "nothing.text"), weaker(params, "button.primary"), off);
}

/** Matches that are too weak to be shown unasked; false where there are none of the kind. */
export function weaker(params, kind = "button") {
  if (requestOf(params) === null || params.has("all") || params.has("saved")) return false;
  return h(kind, { type: "button", onclick: () => go("search", changed(params, (copy) => copy.set("all", "1"))) }, t("nothing.weak"));
}

/** Less than was asked for, and warnings: never in silence. */
export function messages(page, again) {
  return [
    page.degraded && banner(t("degraded"), page.degraded_reason, h("button.quiet", { type: "button", onclick: again }, t("retry"))),
    (page.warnings ?? []).map((text) => banner("", text)),
  ];
}

function banner(lead, text, action = null) {
  return h("div.banner", {}, icon("warning"), h("div", {}, lead && h("strong", {}, `${lead} `), text), action);
}
