/** Filters from what there is to filter by, with counts; and the chips that take them off again. */

import { get } from "../lib/api.js";
import { h, icon, replace } from "../lib/dom.js";
import { has, number, t } from "../lib/i18n.js";
import { changed, conditions, ends, filterKey, filterOf, unfiltered } from "./address.js";

const SHOWN = 7; // values of a field, before all are asked for
const VALUES = 100;

/** The name of a field of the shop's own metadata, for people. */
export function fieldName(field) {
  if (has(`field.${field}`)) return t(`field.${field}`);
  const words = field.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A value of it, for people. */
export function valueName(value) {
  if (value === true || value === "true") return t("yes");
  if (value === false || value === "false") return t("no");
  return typeof value === "number" ? number(value) : String(value);
}

/**
 * Facets with counts, each as if its own conditions were not there: so one sees what else could be ticked.
 * @returns {Promise<{products: number, facets: any[]}>}
 */
export async function facetsFor(params, signal) {
  const active = [...new Set(conditions(params).map(({ field }) => field))];
  const asked = [ask(params, "", "", signal), ...active.map((field) => ask(params, field, field, signal))];
  const [all, ...own] = await Promise.all(asked);
  const facets = all.facets.map((facet) => own.flatMap((each) => each.facets).find(({ field }) => field === facet.field) ?? facet);
  return { products: all.products, facets };
}

function ask(params, field, without, signal) {
  const filter = filterOf(params, without);
  return get("facets", { field, limit: VALUES, filter: Object.keys(filter).length ? JSON.stringify(filter) : "" }, { signal });
}

/**
 * @param {(params: URLSearchParams) => void} choose  goes to the search with other filters
 */
export function filterPanel(choose) {
  const body = h("div.facets");
  const count = h("span.count");
  const wide = matchMedia("(min-width: 56rem)");
  const element = h("details.filters", { open: wide.matches }, h("summary", {}, icon("filter"), t("filters"), count), body);
  const unfolded = new Set();
  wide.addEventListener("change", () => { element.open = wide.matches; });

  function update(params, facets) {
    element.hidden = facets.length === 0;
    const active = conditions(params).length;
    count.textContent = active ? number(active) : "";
    const focused = document.activeElement?.id;
    replace(body, facets.map((facet) => group(facet, params, { choose, unfolded, again: () => update(params, facets) })));
    if (focused && body.querySelector(`#${CSS.escape(focused)}`)) body.querySelector(`#${CSS.escape(focused)}`).focus();
  }

  return { element, update };
}

/** The filters that are on, each with a cross. */
export function filterChips(params, choose) {
  const active = conditions(params);
  const chips = active.map(({ key, type, field, value }) => {
    const text = `${fieldName(field)}: ${type === "r" || type === "d" ? rangeName(value) : valueName(value)}`;
    const off = () => choose(changed(params, (copy) => copy.delete(key, value)));
    return h("button.chip", { type: "button", "aria-label": t("filters.off", { filter: text }), onclick: off }, text, icon("close"));
  });
  if (active.length > 1) chips.push(h("button.quiet", { type: "button", onclick: () => choose(unfiltered(params)) }, t("filters.none")));
  return chips;
}

function rangeName(value) {
  const [low, high] = ends(value);
  if (low && high) return `${low} – ${high}`;
  return low ? `≥ ${low}` : `≤ ${high}`;
}

function group(facet, params, on) {
  const isRange = facet.type === "number" || facet.type === "date";
  const content = isRange ? range(facet, params, on.choose) : boxes(facet, params, on);
  return content && h("fieldset", {}, h("legend", {}, fieldName(facet.field)), content);
}

function boxes(facet, params, { choose, unfolded, again }) {
  const key = filterKey(facet.type, facet.field);
  const ticked = params.getAll(key);
  const gone = ticked.filter((value) => !facet.values.some((each) => String(each.value) === value));
  const values = [...facet.values, ...gone.map((value) => ({ value, count: 0 }))];
  if (values.length === 0) return null;
  const isFolded = values.length > SHOWN + 2 && !unfolded.has(facet.field);
  const rows = values.filter((each, place) => !isFolded || place < SHOWN || ticked.includes(String(each.value)));
  return [
    rows.map((each) => box(key, each, params, choose)),
    isFolded && h("button.quiet.small", { type: "button", onclick: () => { unfolded.add(facet.field); again(); } }, t("filters.more", { count: values.length - rows.length })),
  ];
}

function box(key, { value, count }, params, choose) {
  const text = String(value);
  const tick = h("input", {
    type: "checkbox",
    id: `${key}=${text}`,
    checked: params.getAll(key).includes(text),
    onchange: () => choose(changed(params, (copy) => (tick.checked ? copy.append(key, text) : copy.delete(key, text)))),
  });
  return h("label.tick", {}, tick, h("span", {}, valueName(value)), h("span.muted.number.small", {}, number(count)));
}

function range(facet, params, choose) {
  if (facet.min === undefined) return null;
  const key = filterKey(facet.type, facet.field);
  const given = ends(params.get(key) ?? "");
  const inputs = [facet.min, facet.max].map((end, place) => h("input", {
    type: facet.type === "date" ? "date" : "number",
    id: `${key}${place}`,
    step: "any",
    value: given[place],
    placeholder: facet.type === "date" ? "" : number(place ? Math.ceil(end) : Math.floor(end), { useGrouping: false }),
    "aria-label": t(place ? "filters.to" : "filters.from", { field: fieldName(facet.field) }),
    onchange: apply,
  }));
  function apply() {
    const value = inputs.map((input) => input.value).join("..");
    choose(changed(params, (copy) => (value === ".." ? copy.delete(key) : copy.set(key, value))));
  }
  return h("div.range", {}, inputs[0], h("span", { "aria-hidden": "true" }, "–"), inputs[1]);
}
