/**
 * The whole search as parameters of the address:
 * `q` words, `not` words to avoid, `like` ids of products, `v` pictures (as their embeddings), `w` the
 * pictures' weight, `sort`, `all` (weak matches too), `saved` and `name` (a saved search), `item` (the
 * product that is open), and filters by a letter for their type and the field: `f.colour=red`,
 * `b.in_stock=true`, `r.price=10..50`, `d.added=2026-01-01..`.
 */

const LETTERS = { keyword: "f", bool: "b", number: "r", date: "d" };
const FILTER = /^([fbrd])\.(.+)$/;

/** @typedef {{key: string, type: string, field: string, value: string}} Condition */

/** @returns {Condition[]} */
export function parseConditions(params) {
  return [...params].flatMap(([key, value]) => {
    const match = FILTER.exec(key);
    return match ? [{ key, type: match[1], field: match[2], value }] : [];
  });
}

export function buildFilterKey(type, field) {
  return `${LETTERS[type]}.${field}`;
}

/** Builds the API's filter, leaving out the conditions on `excludedField`. */
export function buildFilter(params, excludedField = "") {
  const filter = {};
  for (const { type, field, value } of parseConditions(params)) {
    if (field === excludedField) continue;
    if (type === "r" || type === "d") filter[field] = parseRange(type, value);
    else filter[field] = [...(filter[field] ?? []), type === "b" ? value === "true" : value];
  }
  return filter;
}

/** @returns {[string, string]} the ends of "10..50", empty where it is open */
export function splitRange(value) {
  const [low = "", high = ""] = value.split("..");
  return [low, high];
}

/** Applies a change to a copy. @param {URLSearchParams} params  @param {(copy: URLSearchParams) => void} change */
export function editCopy(params, change) {
  const copy = new URLSearchParams(params);
  change(copy);
  return copy;
}

/** Builds the API's filter as JSON, empty if there are no conditions. */
export function buildFilterJson(params, excludedField = "") {
  const filter = buildFilter(params, excludedField);
  return Object.keys(filter).length ? JSON.stringify(filter) : "";
}

export function removeFilters(params) {
  return editCopy(params, (copy) => parseConditions(params).forEach(({ key }) => copy.delete(key)));
}

/** Returns the parameters that decide the results, as text. */
export function buildSearchKey(params) {
  return editCopy(params, (copy) => copy.delete("item")).toString();
}

function parseRange(type, value) {
  const [low, high] = splitRange(value).map((end) => (end === "" || type === "d" ? end : Number(end)));
  return { ...(low !== "" && { gte: low }), ...(high !== "" && { lte: high }) };
}
