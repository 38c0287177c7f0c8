/** Who asks: a function key, for this tab only, and the name that saved searches belong to. */

import { dialog } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

let asking = null;

export const key = () => sessionStorage.getItem("key") ?? "";
export const name = () => localStorage.getItem("name") ?? "";

/**
 * Asks for the key, once for all calls that were refused meanwhile.
 * @param {string} refused  the key they were sent with, if any
 * @returns {Promise<boolean>} whether there is another key to try
 */
export async function askForKey(refused) {
  if (key() && key() !== refused) return true; // another call has asked already
  const given = await once(() =>
    ask({
      title: t("key.title"),
      text: refused ? t("key.refused") : t("key.text"),
      label: t("key.label"),
      type: "password",
    }),
  );
  if (given) sessionStorage.setItem("key", given);
  return Boolean(given);
}

/** @returns {Promise<boolean>} whether somebody has a name now */
export async function askForName() {
  const given = await once(() =>
    ask({ title: t("name.title"), text: t("name.text"), label: t("name.label"), type: "text", value: name() }),
  );
  if (given) localStorage.setItem("name", given);
  return Boolean(given);
}

function once(question) {
  asking ??= question().finally(() => { asking = null; });
  return asking;
}

async function ask({ title, text, label, type, value = "" }) {
  const input = h("input", { type, value, required: true, autofocus: true, autocomplete: "off", spellcheck: "false", maxlength: 128 });
  const body = [h("p", {}, text), h("label.field", {}, h("span", {}, label), input)];
  const answer = await dialog({
    title,
    body,
    actions: [{ label: t("cancel"), value: null }, { label: t("go_on"), value: true, primary: true }],
  });
  return answer ? input.value.trim() : "";
}
