/** The buttons Like and Hide, which change the preferences of the current user. */

import { del, get, put } from "../lib/api.js";
import { h, renderIcon, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { getName } from "../lib/identity.js";
import { showError, showNotice } from "../lib/notice.js";

const KINDS = { liked: "heart", hidden: "eye-off" };

export function renderPreferenceButtons(id) {
  const row = h("span.row");
  const buttons = Object.entries(KINDS).map(([mark, iconName]) => createButton(id, mark, iconName));
  replace(row, buttons.map((button) => button.element));
  if (getName()) {
    get("preferences", {}, { user: true }).then((preferences) => buttons.forEach((button) => button.set(preferences[button.mark].includes(id))), () => {});
  }
  return row;
}

function createButton(id, mark, iconName) {
  const label = h("span", t(`mark.${mark}`));
  const element = h("button", { "aria-pressed": "false", onclick: toggle }, renderIcon(iconName), label);
  const isSet = () => element.getAttribute("aria-pressed") === "true";
  const set = (value) => element.setAttribute("aria-pressed", String(value));

  async function toggle() {
    const turnOn = !isSet();
    set(turnOn);
    try {
      await (turnOn ? put : del)(`preferences/${mark}/${encodeURIComponent(id)}`, ...(turnOn ? [undefined, { user: true }] : [{ user: true }]));
      showNotice(t(`mark.${mark}.${turnOn ? "on" : "off"}`));
    } catch (error) {
      set(!turnOn);
      showError(error);
    }
  }
  return { element, mark, set };
}
