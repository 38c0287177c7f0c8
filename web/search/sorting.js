/** The sort order: best match first, or by a number or date of the catalogue. */

import { h, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { editCopy } from "./address.js";
import { formatField } from "./filters.js";

export function createSortSelect(goTo) {
  const select = h("select", { hidden: true, "aria-label": t("sort"), onchange });
  let current = new URLSearchParams();

  function onchange() {
    goTo(editCopy(current, (copy) => (select.value ? copy.set("sort", select.value) : copy.delete("sort"))));
  }

  /** @param {boolean} isSearch  false for the catalogue, which has a default order */
  function update(params, facets, isSearch) {
    current = params;
    const fields = facets.filter(({ type }) => type === "number" || type === "date").map(({ field }) => field);
    const orders = fields.flatMap((field) => [
      [field, t("sort.up", { field: formatField(field) })],
      [`-${field}`, t("sort.down", { field: formatField(field) })],
    ]);
    const options = [["", t(isSearch ? "sort.best" : "sort.default")], ...orders];
    replace(select, options.map(([value, text]) => h("option", { value }, text)));
    select.value = params.get("sort") ?? "";
    select.hidden = fields.length === 0;
  }

  return { element: select, update };
}
