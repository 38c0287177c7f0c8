/** Modal dialogs on the browser's own <dialog>, which keeps the focus inside and restores it afterwards. */

import { h, renderIconButton } from "./dom.js";
import { t } from "./i18n.js";

let counter = 0;

/**
 * Opens a dialog with a form in it: Enter runs the primary action, Escape and the cross dismiss it.
 * @param {{title: string, body: any, actions: {label: string, value: any, primary?: boolean}[]}} options
 * @returns {Promise<any>} the value of the chosen action, or null if the dialog was dismissed
 */
export function openDialog({ title, body, actions }) {
  return new Promise((resolve) => {
    let answer = null;
    const buttons = actions.map((action) =>
      h(action.primary ? "button.primary" : "button", {
        type: action.primary ? "submit" : "button",
        onclick: action.primary ? null : () => { answer = action.value; element.close(); },
      }, action.label),
    );
    const form = h("form", {
      method: "dialog",
      onsubmit: () => { answer = actions.find((action) => action.primary)?.value ?? null; },
    }, body, h("div.actions", buttons));
    const element = openModal({ title, content: form, onclose: () => resolve(answer) });
  });
}

/** @returns {Promise<boolean | null>} true for the answer `yes` */
export function confirm({ title, text, yes, no = t("cancel") }) {
  return openDialog({ title, body: h("p", text), actions: [{ label: no, value: null }, { label: yes, value: true, primary: true }] });
}

/** Opens a dialog with any content, and removes it when it closes. */
export function openModal({ title, content, onclose = () => {}, kind = "" }) {
  const id = `dialog-${(counter += 1)}`;
  const element = h("dialog", {
    "aria-labelledby": id,
    class: kind,
    onclick: (event) => { if (event.target === element) element.close(); }, // a click on its backdrop
    onclose: () => { element.remove(); onclose(); },
  },
    h("header", h("h2", { id }, title), renderIconButton("close", t("close"), { onclick: () => element.close() })),
    content);
  document.body.append(element);
  element.showModal();
  return element;
}
