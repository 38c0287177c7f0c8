/** In which order: best first, or by a number or date of the shop's. */

import { h, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { changed } from "./address.js";
import { fieldName } from "./filters.js";

export function sortChoice(choose) {
  const select = h("select", { hidden: true, "aria-label": t("sort") });
  let shown = new URLSearchParams();
  select.addEventListener("change", () => {
    choose(changed(shown, (copy) => (select.value ? copy.set("sort", select.value) : copy.delete("sort"))));
  });

  /** @param {boolean} isSearch  else the catalogue is shown, which has an order of its own */
  function update(params, facets, isSearch) {
    shown = params;
    const fields = facets.filter(({ type }) => type === "number" || type === "date").map(({ field }) => field);
    const orders = fields.flatMap((field) => [
      [field, t("sort.up", { field: fieldName(field) })],
      [`-${field}`, t("sort.down", { field: fieldName(field) })],
    ]);
    const options = [["", t(isSearch ? "sort.best" : "sort.none")], ...orders];
    replace(select, options.map(([value, text]) => h("option", { value }, text)));
    select.value = params.get("sort") ?? "";
    select.hidden = fields.length === 0;
  }

  return { element: select, update };
}
