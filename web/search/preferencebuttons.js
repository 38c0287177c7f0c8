/** Like and hide: preferences of whoever has given a name here. */

import { del, get, put } from "../lib/api.js";
import { h, icon, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { name } from "../lib/identity.js";
import { notice } from "../lib/notice.js";

const KINDS = { liked: "heart", hidden: "eye-off" };

/** Two buttons that say what is set and change it. */
export function marks(id) {
  const row = h("span.row");
  const shown = Object.entries(KINDS).map(([mark, picture]) => button(id, mark, picture));
  replace(row, shown.map((each) => each.element));
  if (name()) {
    get("preferences", {}, { user: true }).then((kept) => shown.forEach((each) => each.set(kept[each.mark].includes(id))), () => {});
  }
  return row;
}

function button(id, mark, picture) {
  const words = h("span", {}, t(`mark.${mark}`));
  const element = h("button", { type: "button", "aria-pressed": "false", onclick: toggle }, icon(picture), words);
  const isSet = () => element.getAttribute("aria-pressed") === "true";
  const set = (value) => element.setAttribute("aria-pressed", String(value));

  async function toggle() {
    const wanted = !isSet();
    set(wanted);
    try {
      await (wanted ? put : del)(`preferences/${mark}/${encodeURIComponent(id)}`, ...(wanted ? [undefined, { user: true }] : [{ user: true }]));
      notice(t(`mark.${mark}.${wanted ? "on" : "off"}`));
    } catch (error) {
      set(!wanted);
      notice(error.message, { kind: "error" });
    }
  }
  return { element, mark, set };
}
