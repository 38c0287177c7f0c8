/** The filter panel, with the catalogue's fields and counts, and the chips that remove filters. */

import { get } from "../lib/api.js";
import { h, renderIcon, replace } from "../lib/dom.js";
import { formatNumber, hasMessage, t } from "../lib/i18n.js";
import { buildFilterJson, buildFilterKey, editCopy, parseConditions, removeFilters, splitRange } from "./address.js";

const FOLD_AFTER = 7; // values that a field shows before it is expanded
const MAX_VALUES = 100;

export function formatField(field) {
  if (hasMessage(`field.${field}`)) return t(`field.${field}`);
  const words = field.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function formatValue(value) {
  if (value === true || value === "true") return t("yes");
  if (value === false || value === "false") return t("no");
  return typeof value === "number" ? formatNumber(value) : String(value);
}

/**
 * Loads the facets. Each is counted without its own conditions, so that one sees what else could be selected.
 * @returns {Promise<{products: number, facets: any[]}>}
 */
export async function loadFacets(params, signal) {
  const fields = [...new Set(parseConditions(params).map(({ field }) => field))];
  const requests = [fetchFacets(params, "", "", signal), ...fields.map((field) => fetchFacets(params, field, field, signal))];
  const [all, ...ownFacets] = await Promise.all(requests);
  const facets = all.facets.map((facet) => ownFacets.flatMap((response) => response.facets).find(({ field }) => field === facet.field) ?? facet);
  return { products: all.products, facets };
}

function fetchFacets(params, field, excludedField, signal) {
  return get("facets", { field, limit: MAX_VALUES, filter: buildFilterJson(params, excludedField) }, { signal });
}

/** @param {(params: URLSearchParams) => void} goTo  runs the search with the new filters */
export function createFilterPanel(goTo) {
  const body = h("div.facets");
  const count = h("span.count");
  const wideScreen = matchMedia("(min-width: 56rem)");
  const element = h("details.filters", { open: wideScreen.matches }, h("summary", renderIcon("filter"), t("filters"), count), body);
  const expanded = new Set();
  wideScreen.addEventListener("change", () => { element.open = wideScreen.matches; });

  function update(params, facets) {
    element.hidden = facets.length === 0;
    const active = parseConditions(params).length;
    count.textContent = active ? formatNumber(active) : "";
    const focusedId = document.activeElement?.id;
    replace(body, facets.map((facet) => renderFacet(facet, params, { goTo, expanded, rerender: () => update(params, facets) })));
    if (focusedId) body.querySelector(`#${CSS.escape(focusedId)}`)?.focus();
  }

  return { element, update };
}

export function renderFilterChips(params, goTo) {
  const active = parseConditions(params);
  const chips = active.map(({ key, type, field, value }) => {
    const text = `${formatField(field)}: ${type === "r" || type === "d" ? formatRange(value) : formatValue(value)}`;
    const removeFilter = () => goTo(editCopy(params, (copy) => copy.delete(key, value)));
    return h("button.chip", { "aria-label": t("filters.remove", { filter: text }), onclick: removeFilter }, text, renderIcon("close"));
  });
  if (active.length > 1) chips.push(h("button.quiet", { onclick: () => goTo(removeFilters(params)) }, t("filters.clear")));
  return chips;
}

function formatRange(value) {
  const [low, high] = splitRange(value);
  if (low && high) return `${low} – ${high}`;
  return low ? `≥ ${low}` : `≤ ${high}`;
}

function renderFacet(facet, params, handlers) {
  const isRange = facet.type === "number" || facet.type === "date";
  const content = isRange ? renderRange(facet, params, handlers.goTo) : renderCheckboxes(facet, params, handlers);
  return content && h("fieldset", h("legend", formatField(facet.field)), content);
}

function renderCheckboxes(facet, params, { goTo, expanded, rerender }) {
  const key = buildFilterKey(facet.type, facet.field);
  const checkedValues = params.getAll(key);
  const missingValues = checkedValues.filter((value) => !facet.values.some((item) => String(item.value) === value));
  const values = [...facet.values, ...missingValues.map((value) => ({ value, count: 0 }))];
  if (values.length === 0) return null;
  const isFolded = values.length > FOLD_AFTER + 2 && !expanded.has(facet.field);
  const rows = values.filter((item, index) => !isFolded || index < FOLD_AFTER || checkedValues.includes(String(item.value)));
  return [
    rows.map((item) => renderCheckbox(key, item, params, goTo)),
    isFolded && h("button.quiet.small", { onclick: () => { expanded.add(facet.field); rerender(); } }, t("filters.more", { count: values.length - rows.length })),
  ];
}

function renderCheckbox(key, { value, count }, params, goTo) {
  const text = String(value);
  const input = h("input", {
    type: "checkbox",
    id: `${key}=${text}`,
    checked: params.getAll(key).includes(text),
    onchange: () => goTo(editCopy(params, (copy) => (input.checked ? copy.append(key, text) : copy.delete(key, text)))),
  });
  return h("label.tick", input, h("span", formatValue(value)), h("span.muted.number.small", formatNumber(count)));
}

function renderRange(facet, params, goTo) {
  if (facet.min === undefined) return null;
  const key = buildFilterKey(facet.type, facet.field);
  const bounds = splitRange(params.get(key) ?? "");
  const inputs = [facet.min, facet.max].map((end, index) => h("input", {
    type: facet.type === "date" ? "date" : "number",
    id: `${key}${index}`,
    step: "any",
    value: bounds[index],
    placeholder: facet.type === "date" ? "" : formatNumber(index ? Math.ceil(end) : Math.floor(end), { useGrouping: false }),
    "aria-label": t(index ? "filters.to" : "filters.from", { field: formatField(facet.field) }),
    onchange: apply,
  }));
  function apply() {
    const value = inputs.map((input) => input.value).join("..");
    goTo(editCopy(params, (copy) => (value === ".." ? copy.delete(key) : copy.set(key, value))));
  }
  return h("div.range", inputs[0], h("span", { "aria-hidden": "true" }, "–"), inputs[1]);
}
