/** What stands in place of results (loading, failed, empty), and the banners above them. */

import { h, renderIcon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { renderEmpty, renderError } from "../lib/notice.js";
import { go, linkTo } from "../lib/router.js";
import { editCopy, parseConditions, removeFilters } from "./address.js";
import { buildRequest } from "./request.js";
import { getGridSize } from "./results.js";

const PLACEHOLDERS = 12;
const NOT_RETRYABLE = [400, 404, 422];

export function renderSkeleton() {
  const placeholders = Array.from({ length: PLACEHOLDERS }, () => h("li.product.placeholder", h("span.plate"), h("span.line"), h("span.line.short")));
  return h("ul.grid", { "aria-hidden": "true", dataset: { size: getGridSize() } }, placeholders);
}

/** Renders a failed search. A request that is wrong stays wrong, so it gets a new search instead of a retry. */
export function renderFailure(error, retry) {
  if (!NOT_RETRYABLE.includes(error.status)) return renderError(error, retry);
  if (error.errors.some(({ field }) => field === "vector")) error.message = t("search.vector");
  return renderError(error, null, h("a.button.primary", { href: linkTo("search") }, t("search.new")));
}

/** Renders that there are no results; what helps depends on the search. */
export function renderNoResults(params) {
  const isFiltered = parseConditions(params).length > 0;
  const clearButton = isFiltered && h("button", { onclick: () => go("search", removeFilters(params)) }, t("filters.clear"));
  if (buildRequest(params) === null && !params.has("saved")) {
    if (isFiltered) return renderEmpty(t("empty.title"), t("empty.filtered"), clearButton);
    return renderEmpty(t("empty.catalogue"), t("empty.catalogue.text"), h("a.button.primary", { href: linkTo("upload") }, t("empty.add")));
  }
  return renderEmpty(t("empty.title"), t(isFiltered ? "empty.filtered" : "empty.text"), renderWeakMatches(params, "button.primary"), clearButton);
}

/** Renders the button that includes weak matches; false where it would change nothing. */
export function renderWeakMatches(params, tag = "button") {
  if (buildRequest(params) === null || params.has("all") || params.has("saved")) return false;
  return h(tag, { onclick: () => go("search", editCopy(params, (copy) => copy.set("all", "1"))) }, t("empty.weak"));
}

export function renderMessages(page, retry) {
  return [
    page.degraded && renderBanner(t("degraded"), page.degraded_reason, h("button.quiet", { onclick: retry }, t("retry"))),
    (page.warnings ?? []).map((text) => renderBanner("", text)),
  ];
}

function renderBanner(title, text, action = null) {
  return h("div.banner", renderIcon("warning"), h("div", title && h("strong", `${title} `), text), action);
}
