/** Who is calling: a function key, for this tab only, and the name that saved searches belong to. */

import { openDialog } from "./dialog.js";
import { h, renderField } from "./dom.js";
import { t } from "./i18n.js";

let openPrompt = null;

export const getKey = () => sessionStorage.getItem("key") ?? "";
export const getName = () => localStorage.getItem("name") ?? "";

/**
 * Asks for the key, once for all calls that were refused in the meantime.
 * @param {string} refused  the key that those calls were sent with, if any
 * @returns {Promise<boolean>} whether there is another key to try
 */
export async function askForKey(refused) {
  if (getKey() && getKey() !== refused) return true; // another call has asked already
  const key = await promptOnce({ title: t("key.title"), text: t(refused ? "key.refused" : "key.text"), label: t("key.label"), type: "password" });
  if (key) sessionStorage.setItem("key", key);
  return Boolean(key);
}

/** @returns {Promise<boolean>} whether the user has a name now */
export async function askForName() {
  const name = await promptOnce({ title: t("name.title"), text: t("name.text"), label: t("name.label"), type: "text", value: getName() });
  if (name) localStorage.setItem("name", name);
  return Boolean(name);
}

function promptOnce(options) {
  openPrompt ??= prompt(options).finally(() => { openPrompt = null; });
  return openPrompt;
}

async function prompt({ title, text, label, type, value = "" }) {
  const input = h("input", { type, value, required: true, autofocus: true, autocomplete: "off", spellcheck: "false", maxlength: 128 });
  const body = [h("p", text), renderField(label, input)];
  const answer = await openDialog({
    title,
    body,
    actions: [{ label: t("cancel"), value: null }, { label: t("continue"), value: true, primary: true }],
  });
  return answer ? input.value.trim() : "";
}
