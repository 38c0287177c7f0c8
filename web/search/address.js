/**
 * The whole search as parameters of the address:
 * `q` words, `not` words against, `like` ids of products, `v` pictures (as their embeddings), `w` the
 * pictures' weight, `sort`, `all` (weak matches too), `saved` and `name` (a saved search), `item` (the
 * product that is open), and filters by a letter for their type and the field: `f.colour=red`,
 * `b.in_stock=true`, `r.price=10..50`, `d.added=2026-01-01..`.
 */

const LETTERS = { keyword: "f", bool: "b", number: "r", date: "d" };
const FILTER = /^([fbrd])\.(.+)$/;

/** @typedef {{key: string, type: string, field: string, value: string}} Condition */

/** @returns {Condition[]} */
export function conditions(params) {
  return [...params].flatMap(([key, value]) => {
    const found = FILTER.exec(key);
    return found ? [{ key, type: found[1], field: found[2], value }] : [];
  });
}

export function filterKey(type, field) {
  return `${LETTERS[type]}.${field}`;
}

/** The API's filter; `without` is a field whose own conditions do not count. */
export function filterOf(params, without = "") {
  const filter = {};
  for (const { type, field, value } of conditions(params)) {
    if (field === without) continue;
    if (type === "r" || type === "d") filter[field] = rangeOf(type, value);
    else filter[field] = [...(filter[field] ?? []), type === "b" ? value === "true" : value];
  }
  return filter;
}

/** @returns {[string, string]} the ends of "10..50", empty where it is open */
export function ends(value) {
  const [low = "", high = ""] = value.split("..");
  return [low, high];
}

/** @param {URLSearchParams} params  @param {(copy: URLSearchParams) => void} change */
export function changed(params, change) {
  const copy = new URLSearchParams(params);
  change(copy);
  return copy;
}

/** Without any filter. */
export function unfiltered(params) {
  return changed(params, (copy) => conditions(params).forEach(({ key }) => copy.delete(key)));
}

/** Without what does not change what is found. */
export function essence(params) {
  return changed(params, (copy) => copy.delete("item")).toString();
}

function rangeOf(type, value) {
  const [low, high] = ends(value).map((end) => (end === "" || type === "d" ? end : Number(end)));
  return { ...(low !== "" && { gte: low }), ...(high !== "" && { lte: high }) };
}
